"""Starts all sinks on one event loop: from the command line, or in a thread for tests."""

import asyncio
import secrets
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deploy.local.ports import HOST
from deploy.local.sinks import ntfy, slack, smtp, teams, webhook
from deploy.local.sinks.faults import Faults
from deploy.local.sinks.pagerduty import PagerDuty
from deploy.local.sinks.record import Record
from deploy.local.sinks.workspace import Workspace

# Environment variables; deploy/rules.yml refers to them.
SLACK_TOKEN, SLACK_HOOK, WEBHOOK_SECRET = "DEMO_SLACK_TOKEN", "DEMO_SLACK_HOOK", "DEMO_WEBHOOK_SECRET"


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Settings:
    """Ports (0: a free one) and secrets of the sinks. `interval`: seconds between two Slack messages to a channel."""

    slack_port: int = 0
    smtp_port: int = 0
    webhook_port: int = 0
    slack_token: str = field(default_factory=_secret, repr=False)
    slack_hook: str = field(default_factory=_secret, repr=False)
    webhook_secret: str = field(default_factory=_secret, repr=False)
    teams_key: str = field(default_factory=_secret, repr=False)
    pagerduty_key: str = field(default_factory=_secret, repr=False)
    interval: float = 1.0


@dataclass(frozen=True)
class Sinks:
    """Running sinks: where they listen and what they got."""

    settings: Settings
    record: Record
    workspace: Workspace
    pagerduty: PagerDuty
    slack_port: int
    smtp_port: int
    webhook_port: int
    others_port: int

    @property
    def slack_api(self) -> str:
        return f"http://{HOST}:{self.slack_port}/api/"

    @property
    def slack_webhook(self) -> str:
        return f"http://{HOST}:{self.slack_port}/services/{self.settings.slack_hook}"

    @property
    def webhook(self) -> str:
        return f"http://{HOST}:{self.webhook_port}/alerts"

    @property
    def others(self) -> str:
        """Teams, PagerDuty and ntfy share a port."""
        return f"http://{HOST}:{self.others_port}"

    @property
    def teams(self) -> str:
        return f"{self.others}/workflows/{self.settings.teams_key}"

    @property
    def environ(self) -> dict[str, str]:
        """The settings with which alerting and its worker send here, by the rules of deploy/rules.yml."""
        return {
            "ALERT_ALLOWED_HOSTS": f"{HOST}:{self.slack_port},{HOST}:{self.webhook_port}",
            "DEMO_SLACK_API_URL": self.slack_api,
            "DEMO_SLACK_WEBHOOK_URL": self.slack_webhook,
            "DEMO_WEBHOOK_URL": self.webhook,
            "DEMO_SMTP_HOST": HOST,
            "DEMO_SMTP_PORT": str(self.smtp_port),
            SLACK_TOKEN: self.settings.slack_token,
            WEBHOOK_SECRET: self.settings.webhook_secret,
        }


async def start(settings: Settings, record: Record, faults: Faults, stack: AsyncExitStack) -> Sinks:
    """Listen; `stack` ends it."""
    workspace = Workspace(settings.interval)
    slack_app = slack.application(slack.Slack(workspace, record, faults, settings.slack_token, settings.slack_hook))
    pagerduty = PagerDuty(record, faults, settings.pagerduty_key)
    others = web.Application(client_max_size=2**20)
    others.add_routes([*teams.routes(record, faults, settings.teams_key), *pagerduty.routes()])
    others.add_routes(ntfy.routes(record, faults))
    webhook_app = webhook.application(webhook.Webhook(record, faults, settings.webhook_secret))
    slack_port = await _serve(slack_app, settings.slack_port, stack)
    webhook_port = await _serve(webhook_app, settings.webhook_port, stack)
    others_port = await _serve(others, 0, stack)
    mail = await smtp.listen(smtp.Mailbox(record, faults), HOST, settings.smtp_port)
    stack.callback(mail.close)
    smtp_port = mail.sockets[0].getsockname()[1]
    return Sinks(settings, record, workspace, pagerduty, slack_port, smtp_port, webhook_port, others_port)


@contextmanager
def running(
    settings: Settings | None = None, record: Record | None = None, faults: Faults | None = None
) -> Iterator[Sinks]:
    """Sinks in a thread of their own, for tests."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="sinks")
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    try:
        yield run(start(settings or Settings(), record or Record(), faults or Faults(), stack))
    finally:
        run(stack.aclose())
        run(_cancel_rest())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _serve(app: web.Application, port: int, stack: AsyncExitStack) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()
    return int(runner.addresses[0][1])


async def _cancel_rest() -> None:
    """End SMTP conversations that are still open."""
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
