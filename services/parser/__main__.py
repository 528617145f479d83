"""Run the parser, or read pages with it.

  python -m services.parser                articles.fetched -> articles.parsed: a page's bytes become an article
  python -m services.parser once           batch mode: pages on stdin, articles on stdout, no Kafka

examples
  python -m services.parser once --jobs 4 < pages.jsonl > articles.jsonl
  echo '{"id": "1", "html": "<html><body><h1>Blast</h1><p>Two people ...</p></body></html>"}' \\
      | python -m services.parser once

A line of `once` is {"id", "url", "content_type", "body": the page's bytes in base64}, or "html": its text instead.
"""

import argparse
import logging
import sys
from functools import partial

from services.parser.service import Limits, answer, handle
from services.parser.settings import PAGE_BYTES, PARSE_SECONDS, ParserSettings
from shared.batch import add_jobs_option, run_stdio
from shared.contracts import ARTICLES_FETCHED, ARTICLES_PARSED
from shared.run import main_stateless
from shared.settings import load
from shared.stage import Stage


def main() -> int:
    arguments = _parser().parse_args()
    # They report each page that holds no article; that is counted here, as an outcome.
    for library in ("trafilatura", "htmldate", "readability"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    status: int = arguments.run(arguments)
    return status


def _run(_: argparse.Namespace) -> int:
    settings = load(ParserSettings)
    limits = Limits(settings.parser_page_bytes, settings.parser_seconds)
    stage = Stage("parser", ARTICLES_FETCHED, (ARTICLES_PARSED,), partial(handle, limits=limits))
    return main_stateless(stage, settings)


def _once(arguments: argparse.Namespace) -> int:
    return run_stdio(partial(answer, limits=Limits(PAGE_BYTES, PARSE_SECONDS)), arguments.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.parser", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=_run)
    once = parser.add_subparsers(metavar="COMMAND").add_parser("once", help="batch mode")
    add_jobs_option(once)
    once.set_defaults(run=_once)
    return parser


if __name__ == "__main__":
    sys.exit(main())
