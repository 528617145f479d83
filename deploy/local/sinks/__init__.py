"""Receivers for demo and tests, on loopback: Slack, SMTP, webhooks; for tests also Teams, PagerDuty and ntfy.

They keep what they got (`record.py`), show it in the terminal (`terminal.py`) and can misbehave (`faults.py`).
`python -m deploy.local.sinks --help` runs them; `server.running` runs them inside a test.
"""
