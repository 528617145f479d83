"""Receivers for demo and tests: a Slack-compatible endpoint, an SMTP server and a webhook receiver, all on loopback.

They keep what they got (`record.py`), show it in the terminal (`terminal.py`) and can misbehave (`faults.py`).
`python -m deploy.local.sinks --help` runs them; `server.running` runs them inside a test.
"""
