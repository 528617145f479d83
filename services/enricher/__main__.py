"""Run the enricher, or read articles with it.

  python -m services.enricher extract      articles.parsed -> articles.enriched: kind, attacks, places, actors
  python -m services.enricher link         articles.enriched -> events.changed: one attack, one event
  python -m services.enricher reprocess    a range of time through today's extractor: what would change
  python -m services.enricher sources      how reliable sources have been; give one a letter
  python -m services.enricher once         batch mode: articles on stdin, what they say on stdout, no Kafka, no database
  python -m services.enricher explain      show a person what was read out of an article, and from which words

examples
  python -m services.enricher once --jobs 4 < articles.jsonl > predictions.jsonl
  python -m services.enricher once --published-at 2024-04-05 < article.txt
  python -m services.enricher explain article.txt --html > article.html
  python -m services.enricher sources --grade "Meridian Wire=A" --grade "Daily Rumour="
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from services.enricher import batch_link, explain, linker, model, reprocess, service
from services.enricher.settings import ExtractSettings
from services.enricher.store import sources
from services.enricher.store.epochs import Range
from shared import batch
from shared.clock import wall
from shared.codes import Reliability
from shared.contracts import ARTICLES_ENRICHED, ARTICLES_PARSED
from shared.database.session import make_engine
from shared.run import main_stateful, main_stateless
from shared.settings import DatabaseSettings, DatabaseUrl, load
from shared.stage import Stage


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.command == "reprocess" and arguments.promote is None and not (arguments.since and arguments.until):
        parser.error("reprocess needs --since and --until, or --promote EPOCH")
    status: int = arguments.run(arguments)
    return status


def _extract(arguments: argparse.Namespace) -> int:
    settings = load(ExtractSettings)
    weights = model.load(settings.tocsin_kind_model)
    service.warm_up(weights)  # before it is ready: the first article must not wait for the word lists
    handle = partial(service.handle, model=weights)
    return main_stateless(Stage("extract", ARTICLES_PARSED, (ARTICLES_ENRICHED,), handle), settings)


def _once(arguments: argparse.Namespace) -> int:
    # A reader of its own: at exit Python must not wait for the lock of `sys.stdin`, which a reading thread holds.
    lines = _articles(open(0, "rb", closefd=False), arguments.published_at)  # noqa: SIM115
    weights = model.load(arguments.kind_model)
    if arguments.link:
        read, link = batch_link.steps(weights)
        return batch.run_stdio(read, arguments.jobs, then=link, lines_in=lines)
    answer = partial(service.answer, model=weights, every_place=not arguments.candidates_only)
    return batch.run_stdio(answer, arguments.jobs, lines_in=lines)


def _link(arguments: argparse.Namespace) -> int:
    return main_stateful(linker.stage(), load(DatabaseSettings), linker.on_published)


def _reprocess(arguments: argparse.Namespace) -> int:
    engine = make_engine(load(DatabaseUrl).database_url, "reprocess")
    if arguments.promote is not None:
        try:
            found = reprocess.promote(engine, arguments.promote, wall())
        except LookupError as error:
            print(f"services.enricher reprocess: {error}", file=sys.stderr)
            return 1
    else:
        span = Range(arguments.since, arguments.until)
        epoch, found = reprocess.run(engine, model.load(arguments.kind_model), span)
        print(f"shadow epoch {epoch}; put it in place by --promote {epoch}" if epoch else "nothing was linked")
    print("\n".join(reprocess.describe(found)))
    return 0


def _sources(arguments: argparse.Namespace) -> int:
    with make_engine(load(DatabaseUrl).database_url, "sources").begin() as connection:
        for source, letter in arguments.grade:
            sources.set_grade(connection, source, letter)
        print("letter  held  failed  source")
        for row in sources.records(connection):
            letter = f"{row['graded']}, set" if row["graded"] else row["reliability"]
            print(f"{letter:6}  {row['held']:4}  {row['failed']:6}  {row['source']}")
    return 0


def _grade(text: str) -> tuple[str, Reliability | None]:
    source, _, letter = text.rpartition("=")
    if not source or letter not in ("", *Reliability):
        raise argparse.ArgumentTypeError(f"write SOURCE=LETTER with a letter from A to F, or SOURCE=, not {text!r}")
    return source, Reliability(letter) if letter else None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _explain(arguments: argparse.Namespace) -> int:
    data = sys.stdin.buffer.read() if arguments.article == "-" else Path(arguments.article).read_bytes()
    for line in _articles(data.splitlines(keepends=True), arguments.published_at):
        record = json.loads(line)
        answer = service.answer(record, model.load(arguments.kind_model))
        show = explain.html if arguments.html else partial(explain.terminal, colour=sys.stdout.isatty())
        print(show(record, answer))
    return 0


def _articles(stream: Iterable[bytes], published: date | None) -> Iterator[bytes]:
    """Lines of JSON as they come; where the first line is none, the whole stream is the text of one article."""
    lines = iter(stream)
    first = next(lines, b"")
    if _opens_json(first):
        return chain([first], lines)
    text = (first + b"".join(lines)).decode(errors="replace")
    if not text.strip():
        return iter(())
    article = {"id": "stdin", "title": None, "published_at": published.isoformat() if published else None, "text": text}
    return iter([json.dumps(article).encode()])


def _opens_json(line: bytes) -> bool:
    """A first line that is broken JSON is still a line of JSON: it gets its error, not a reading as prose."""
    return line.lstrip(b"\xef\xbb\xbf \t").startswith(b"{")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    extract = commands.add_parser("extract", help="run the extract stage")
    extract.set_defaults(run=_extract)
    link = commands.add_parser("link", help="run the link stage")
    link.set_defaults(run=_link)
    once = commands.add_parser(
        "once",
        help="batch mode",
        description="Articles on stdin, one JSON object a line (or one plain text), what they say on stdout.",
    )
    batch.add_jobs_option(once)
    once.add_argument(
        "--candidates-only",
        action="store_true",
        help="name no places and actors in articles dropped at the gate (fast)",
    )
    once.add_argument(
        "--link",
        action="store_true",
        help="also link: event_id, change and the event's toll (lines in order of arrival)",
    )
    once.set_defaults(run=_once)
    again = commands.add_parser(
        "reprocess",
        help="run stored articles through today's extractor and see what would change",
        description="Link a range of time in a shadow epoch beside the live events and report what would change; "
        "promote it later. Alerts nobody. Where: DATABASE_URL.",
    )
    span = "message time, ISO 8601, UTC where no zone is given"
    again.add_argument("--since", type=_moment, metavar="TIME", help=f"from here ({span})")
    again.add_argument("--until", type=_moment, metavar="TIME", help="to here, not included")
    again.add_argument("--promote", type=int, metavar="EPOCH", help="put this shadow epoch in place instead")
    again.set_defaults(run=_reprocess)
    rated = commands.add_parser(
        "sources",
        help="how reliable sources have been; give one a letter",
        description="Sources with the Admiralty letter that follows from their events that people confirmed (held) and "
        "rejected (failed), or that a person set. Reports linked from then on carry it. Where: DATABASE_URL.",
    )
    rated.add_argument(
        "--grade",
        type=_grade,
        action="append",
        default=[],
        metavar="SOURCE=LETTER",
        help="set a letter, A to F; SOURCE= leaves it to the record again. An agency's stories go by the agency's name",
    )
    rated.set_defaults(run=_sources)
    shown = commands.add_parser("explain", help="show a person what was read out of an article")
    shown.add_argument("article", help="file with an article, as text or JSON; - is stdin")
    shown.add_argument("--html", action="store_true", help="print a page instead of coloured text")
    shown.set_defaults(run=_explain)
    for command in (once, shown):
        command.add_argument(
            "--published-at",
            type=date.fromisoformat,
            metavar="DAY",
            help="day on which a plain text appeared (ISO 8601)",
        )
    for command in (once, shown, again):
        command.add_argument(
            "--kind-model", type=Path, default=model.KIND, metavar="FILE", help="weights of the kind classifier"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
