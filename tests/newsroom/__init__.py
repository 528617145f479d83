"""The newsroom: a small archive of news and a loopback site that serves it as feeds and pages. See README.md here."""
