"""Tocsin, all of it, on this machine: python -m deploy.local.demo."""

import argparse
import sys
import time
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.pipeline import Pipeline, pipeline
from deploy.local.signals import end_like_ctrl_c
from deploy.local.supervisor import Supervisor, say

ARCHIVE = Path(__file__).parents[2] / "tests" / "newsroom" / "archive.jsonl"
LOOK_SECONDS = 0.5
DESCRIPTION = """
Starts PostgreSQL, Valkey, Kafka and every service on free loopback ports, with a newsroom that serves an archive of
articles and with receivers for Slack, e-mail and webhooks. Each alert is shown as it arrives. Ctrl-C ends everything.
"""
EXAMPLES = """
examples:
  make demo
  python -m deploy.local.demo --speed 2              two articles a second
  python -m deploy.local.demo --news FILE.jsonl      your own articles, one JSON object a line
  BROKER=light API_PORT=8000 make demo               without Java; the API on a port of your choice
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C."""
    options = parser().parse_args(arguments)
    if not options.news.is_file():
        sys.exit(f"demo: --news {options.news}: no such file")
    end_like_ctrl_c()
    started = time.monotonic()
    try:
        with pipeline(options.news, speed=options.speed, sink_options=("--show", options.show)) as running:
            say(welcome(running, time.monotonic() - started))
            watch(running.supervisor)
    except StackError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        say("\nstopped, nothing is left running")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    command = argparse.ArgumentParser(
        prog="python -m deploy.local.demo",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--news", type=Path, default=ARCHIVE, metavar="FILE", help="articles, plain or .gz")
    command.add_argument(
        "--speed",
        default="waves:3",
        help="articles a second, all, or waves:N: N when those before were read (default waves:3)",
    )
    command.add_argument(
        "--show", default="slack", metavar="SINKS", help="slack, slack_webhook, email, webhook, none (default slack)"
    )
    return command


def welcome(running: Pipeline, seconds: float) -> str:
    """Return what to try next."""
    key = api_key(running.parts.database_url)
    return f"""
Tocsin runs, after {seconds:.1f} s. Alerts follow; Ctrl-C ends everything.
  newsroom   {running.newsroom}
  API        curl -H 'Authorization: Bearer {key}' {running.api}/v1/events
  logs       {running.supervisor.folder}
"""


def api_key(database_url: str) -> str:
    """Make an API key that may read."""
    from services.api import keys  # imported here, when everything runs
    from shared.database.session import make_engine

    engine = make_engine(database_url, "demo")
    with engine.begin() as connection:
        key = keys.create(connection, "demo", "read")
    engine.dispose()
    return key


def watch(supervisor: Supervisor) -> None:
    """Tell of every service that dies, for ever; the others go on."""
    told: set[str] = set()
    while True:
        for name, code in supervisor.died().items():
            if name not in told:
                told.add(name)
                say(f"{name} ended with {code}; the others go on. Its last words:\n{supervisor.last_words(name)}")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
