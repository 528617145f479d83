"""Serve a file of articles as a news site: python -m tests.newsroom [--news FILE]."""

import argparse
import asyncio
import sys
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.ports import wanted_port
from deploy.local.signals import run_until_told
from tests.newsroom import pace
from tests.newsroom.server import HOST, application, start
from tests.newsroom.site import Site
from tests.newsroom.stories import ARCHIVE, read_stories

EXAMPLES = """
examples:
  python -m tests.newsroom                                 the shipped archive, everything out at once
  python -m tests.newsroom --speed 2 --port 8090           two articles a second, on a port of your choice
  python -m tests.newsroom --news FILE.jsonl.gz --speed waves:50
                                                           fifty at a time, the next fifty when those were read
  python -m tests.newsroom --speed held                    nothing until: curl -X POST ADDRESS/-/release?count=1
  curl ADDRESS/-/feeds                                     the feed list, to give to the fetcher
"""


def main(arguments: list[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    try:
        if options.port:
            wanted_port("--port", str(options.port))
        run_until_told(serve(options))
    except (StackError, OSError, ValueError) as error:
        sys.exit(f"newsroom: {error}")


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m tests.newsroom",
        description=f"Serves a JSON-lines file of articles on http://{HOST} as feeds (RSS, Atom, JSON Feed: one for "
        "each outlet) and as HTML pages with what usually stands around an article.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--news", type=Path, default=ARCHIVE, metavar="FILE", help="articles, plain or .gz")
    command.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    command.add_argument(
        "--speed", type=_pace, default="all", help="all, held, waves:SIZE, or a number of articles a second"
    )
    command.add_argument("--window", type=int, help="how many stories a feed lists (default: all that are out)")
    command.add_argument("--hostile", action="store_true", help="also serve /hostile/: pages for fault tests")
    return command


async def serve(options: argparse.Namespace) -> None:
    site = Site(read_stories(options.news), options.window)
    runner, base = await start(application(site, options.speed, options.hostile), options.port)
    print(f"newsroom: {base}, {len(site.outlets)} outlets, {len(site.stories)} stories", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _pace(text: str) -> pace.Pace:
    if text == "all":
        return pace.at_once
    if text == "held":
        return pace.held
    kind, _, number = text.rpartition(":")
    try:
        if kind == "waves" and int(number) > 0:
            return pace.in_waves(int(number))
        if not kind and float(number) > 0:
            return pace.per_second(float(number))
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not all, held, waves:SIZE or a number of articles a second")


if __name__ == "__main__":
    main()
