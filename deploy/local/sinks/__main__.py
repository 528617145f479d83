"""Run the sinks: python -m deploy.local.sinks."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import aiohttp

from deploy.local.errors import StackError
from deploy.local.ports import wanted_port
from deploy.local.signals import run_until_told
from deploy.local.sinks import faults
from deploy.local.sinks.record import Received, Record
from deploy.local.sinks.server import SLACK_HOOK, SLACK_TOKEN, WEBHOOK_SECRET, Settings, start
from deploy.local.sinks.terminal import block

SHOWN = ("slack", "slack_webhook", "email", "webhook")
DESCRIPTION = """
Receivers of alerts on 127.0.0.1: a Slack-compatible endpoint (/api/chat.postMessage and its kin, /services/KEY for the
incoming webhook), an SMTP server and a webhook receiver that checks signatures. Each alert is shown as it arrives.

Secrets are read from the environment: DEMO_SLACK_TOKEN (the bot's bearer token), DEMO_SLACK_HOOK (last part of the
incoming webhook's address), DEMO_WEBHOOK_SECRET (signs webhooks).
"""
EXAMPLES = """
examples:
  export DEMO_SLACK_TOKEN=xoxb-1 DEMO_SLACK_HOOK=h00k DEMO_WEBHOOK_SECRET=s3cret
  python -m deploy.local.sinks --slack-port 8081 --smtp-port 8025 --webhook-port 8082 --record got.jsonl
  python -m deploy.local.sinks --no-rate-limit --faults lost=0.05,busy=0.1,error=0.02 --seed 7
"""


def main(arguments: list[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    try:
        run_until_told(serve(options, _settings(options, os.environ)))
    except (StackError, OSError) as error:
        sys.exit(f"sinks: {error}")


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m deploy.local.sinks",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for sink in ("slack", "smtp", "webhook"):
        command.add_argument(f"--{sink}-port", type=int, default=0, help="port to listen on (default: a free one)")
    command.add_argument("--record", type=Path, metavar="FILE", help="append a JSON line for each message received")
    command.add_argument("--no-rate-limit", action="store_true", help="let Slack take more than 1 message/s/channel")
    command.add_argument(
        "--show", type=_sinks, default=SHOWN, help=f"which to print, comma between them, or none: {','.join(SHOWN)}"
    )
    command.add_argument("--newsroom", metavar="ADDRESS", help="ask this newsroom when an article came out")
    command.add_argument(
        "--faults", type=_faults, default={}, metavar="NAME=CHANCE,...", help="misbehave: lost, busy, error, hang"
    )
    command.add_argument("--seed", type=int, default=0, help="of the faults' dice (default 0)")
    return command


async def serve(options: argparse.Namespace, settings: Settings) -> None:
    shown: set[asyncio.Task[None]] = set()

    def listen(message: Received) -> None:
        if message.sink in options.show:
            task = asyncio.create_task(show(message, options.newsroom))
            shown.add(task)
            task.add_done_callback(shown.discard)

    async with AsyncExitStack() as stack:
        record = Record(options.record, listen)
        stack.callback(record.close)
        sinks = await start(settings, record, faults.Faults(options.faults, options.seed), stack)
        print(
            f"sinks: slack {sinks.slack_api}, smtp {sinks.smtp_port}, webhook {sinks.webhook}",
            file=sys.stderr,
            flush=True,
        )
        await asyncio.Event().wait()


async def show(message: Received, newsroom: str | None) -> None:
    out_at = await _out_at(message, newsroom) if newsroom else None
    print(block(message, out_at, colour=sys.stdout.isatty()), flush=True)


async def _out_at(message: Received, newsroom: str) -> datetime | None:
    """When the article that caused the message came out on the newsroom's site; None where that cannot be learnt."""
    address = f"{newsroom.rstrip('/')}/-/out/{message.labels.get('article_id')}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http,
            http.get(address) as response,
        ):
            return datetime.fromisoformat(await response.text()) if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError):
        return None


def _settings(options: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    if missing := [name for name in (SLACK_TOKEN, SLACK_HOOK, WEBHOOK_SECRET) if not environ.get(name)]:
        raise StackError(f"{', '.join(missing)} must be set: the secrets that alerting sends with")
    return Settings(
        slack_port=_port("--slack-port", options.slack_port),
        smtp_port=_port("--smtp-port", options.smtp_port),
        webhook_port=_port("--webhook-port", options.webhook_port),
        slack_token=environ[SLACK_TOKEN],
        slack_hook=environ[SLACK_HOOK],
        webhook_secret=environ[WEBHOOK_SECRET],
        interval=0.0 if options.no_rate_limit else 1.0,
    )


def _port(option: str, port: int) -> int:
    return wanted_port(option, str(port)) if port else 0


def _sinks(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name and name != "none")
    if unknown := set(names) - set(SHOWN):
        raise argparse.ArgumentTypeError(f"no such sink: {', '.join(sorted(unknown))}; there are {', '.join(SHOWN)}")
    return names


def _faults(text: str) -> dict[faults.Fault, float]:
    try:
        chances = faults.parse(text)
        faults.Faults(chances)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return chances


if __name__ == "__main__":
    main()
