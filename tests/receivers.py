"""Receivers of alerts for tests: the local sinks, and the environment in which destinations refer to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from deploy.local.ports import HOST
from deploy.local.sinks.faults import Fault, Faults
from deploy.local.sinks.server import Settings, Sinks, running


@contextmanager
def receivers(interval: float = 0.0, faults: Faults | None = None) -> Iterator[tuple[Sinks, dict[str, str]]]:
    """Running sinks and the environment for `tests.alerts.destination`. `interval`: Slack's, 0 for no limit."""
    with running(Settings(interval=interval), faults=faults) as sinks:
        yield sinks, environment(sinks)


def environment(sinks: Sinks) -> dict[str, str]:
    return {
        "TEST_SLACK_API_URL": sinks.slack_api,
        "TEST_SLACK_TOKEN": sinks.settings.slack_token,
        "TEST_SLACK_WEBHOOK_URL": sinks.slack_webhook,
        "TEST_WEBHOOK_URL": sinks.webhook,
        "TEST_WEBHOOK_SECRET": sinks.settings.webhook_secret,
        "TEST_SMTP_PORT": str(sinks.smtp_port),
        "TEST_TEAMS_URL": sinks.teams,
        "TEST_PAGERDUTY_URL": sinks.others,
        "TEST_PAGERDUTY_KEY": sinks.settings.pagerduty_key,
        "TEST_APPRISE_URL": f"ntfy://{HOST}:{sinks.others_port}/desk",
        "ALERT_ALLOWED_HOSTS": ",".join(
            f"{HOST}:{port}" for port in (sinks.slack_port, sinks.webhook_port, sinks.others_port)
        ),
    }


def scripted(*draws: str | None) -> Faults:
    """What goes wrong with the next messages, one after the other; then nothing does."""
    return _Scripted(list(draws))


class _Scripted(Faults):
    def __init__(self, draws: list[str | None]) -> None:
        super().__init__()
        self._draws = draws

    def _draw(self, dice: Random) -> Fault | None:
        name = self._draws.pop(0) if self._draws else None
        return Fault(name) if name else None
