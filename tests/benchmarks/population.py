"""Fill a database with a made-up world of events, reports and articles: what benchmarks search and link in.

    python -m tests.benchmarks.population --events 50000 --database-url postgresql://...
    python -m tests.benchmarks.population --events 1000000 --keep FOLDER     a server of its own; prints its URL, waits

The same arguments give the same rows. Rows are loaded by COPY with secondary indexes dropped and made again after, as
a superuser, so give it a database that nobody uses. `events`, `reports` and `articles` are filled whole; `revisions`
and `ledger`, which are only read by event, for the newest 20,000 events.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from pydantic_core import to_json
from tqdm import tqdm

from deploy.local import postgres
from shared.database.session import migrate
from tests.benchmarks.world import Attack, World

BATCH = 2_000  # events
WITH_HISTORY = 20_000  # events, the newest


def _names(text: str) -> list[str]:
    return text.split()


_EVENTS = _names(
    "id revision status alertable country admin1 locality lat lon place_precision date_start date_end attack_types "
    "perpetrators killed injured independent_sources score first_reported_at last_reported_at snapshot created_at "
    "updated_at"
)
_ARTICLES = _names(
    "id version url source wire title text language published_at message_time fetched_at kind score fingerprint "
    "extraction stored_at"
)
_REPORTS = _names("id article_id frame_index event_id record link_score link_factors message_time linked_at")
_REVISIONS = _names("event_id revision change material alertable body message_time")
_LEDGER = _names("event_id report_id field value source owner wire said_at span sentence extractor")


def populate(
    database_url: str, events: int, reports_per_event: int = 5, *, fingerprints: bool = False, seed: int = 1
) -> None:
    """Fill a migrated, empty database; `fingerprints` gives each article and report its 128 MinHash values."""
    attacks = World(seed).attacks(events, reports_per_event, fingerprints, seed)
    with psycopg.connect(_plain(database_url)) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        connection.execute("SET synchronous_commit = off")
        loading: Future[None] | None = None  # the server takes one batch in while the next is made up
        with (
            _without_indexes(connection),
            ThreadPoolExecutor(1) as loader,
            tqdm(total=events, unit=" events", disable=None) as bar,
        ):
            made = 0
            while batch := list(islice(attacks, BATCH)):
                made += len(batch)
                rows = list(_rows(batch, made > events - WITH_HISTORY))
                if loading:
                    loading.result()
                loading = loader.submit(_load, connection, rows)
                bar.update(len(batch))
            if loading:
                loading.result()
        connection.execute(
            "INSERT INTO event_perpetrators SELECT DISTINCT unnest(perpetrators), id FROM events ORDER BY 1, 2"
        )  # which a trigger does elsewhere
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")


Table = tuple[str, list[str], str]  # name, columns, rows in COPY's text format


def _rows(batch: list[Attack], history: bool) -> Iterator[Table]:
    told = [(attack, report) for attack in batch for report in attack.reports]
    yield _table("events", _EVENTS, map(_event, batch))
    yield _table("articles", _ARTICLES, (_article(report) for _, report in told))
    yield _table("reports", _REPORTS, (_report(attack, report) for attack, report in told))
    if history:
        yield _table("revisions", _REVISIONS, map(_revision, batch))
        yield _table("ledger", _LEDGER, (entry for attack, report in told for entry in _ledger(attack, report)))


def _table(name: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> Table:
    return name, columns, "".join("\t".join(map(_field, row)) + "\n" for row in rows)


def _load(connection: psycopg.Connection, tables: Iterable[Table]) -> None:
    for name, columns, rows in tables:
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.write(rows)
    connection.commit()


def _event(attack: Attack) -> Iterable[Any]:
    row = attack.row
    stamps = (row["first_reported_at"], row["last_reported_at"])
    return (attack.id, *(row[name] for name in _EVENTS[1:-2]), *stamps)


def _article(report: dict[str, Any]) -> Iterable[Any]:
    extraction = {name: report[name] for name in ("kind", "score", "extractor")} | {"frames": [report["frame"]]}
    said = report["published_at"]
    text = f"{report['sentence']} {report['title']}"
    same = (report["url"], report["source"], report["wire"], report["title"], text, report["language"])
    kind = (report["kind"], report["score"], report["fingerprint"])
    return (report["article_id"], "1", *same, said, said, said, *kind, extraction, said)


def _report(attack: Attack, report: dict[str, Any]) -> Iterable[Any]:
    first = report is attack.reports[0]
    said = report["message_time"]
    factors: dict[str, float] = {} if first else {"place_same": 1.0}
    score = None if first else 0.9
    return (report["report_id"], report["article_id"], 0, attack.id, report, score, factors, said, said)


def _revision(attack: Attack) -> Iterable[Any]:
    row = attack.row
    body = {
        "event_id": str(attack.id),
        "revision": 1,
        "change": "created",
        "material": True,
        "reasons": [],
        "alertable": row["alertable"],
        "snapshot": row["snapshot"],
    }
    return (attack.id, 1, "created", True, row["alertable"], body, row["first_reported_at"])


def _ledger(attack: Attack, report: dict[str, Any]) -> Iterator[Iterable[Any]]:
    said = (report["source"], report["owner"], report["wire"], report["published_at"])
    for name in ("attack_types", "date", "place", "killed", "injured"):
        if (value := report["frame"][name]) is not None:
            told = (report["report_id"], name, _Json(value), *said, None, report["sentence"], report["extractor"])
            yield (attack.id, *told)


class _Json:
    """A value for a JSON column that is not an object."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _field(value: Any) -> str:
    """A value in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, (dict, _Json)):
        value = to_json(value.value if isinstance(value, _Json) else value).decode()
    elif isinstance(value, list):
        value = "{" + ",".join(f'"{item}"' if isinstance(item, str) else str(item) for item in value) + "}"
    elif isinstance(value, bool):
        return "t" if value else "f"
    else:
        value = str(value)
    escaped: str = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return escaped


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Drop the indexes that no constraint stands on; make them again at the end."""
    found = connection.execute(
        """SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relname IN ('events', 'reports', 'articles', 'ledger') AND t.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid)"""
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    connection.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in tqdm(found, desc="indexes", disable=None):
        connection.execute(sql.SQL(cast(LiteralString, definition)))


def _plain(database_url: str) -> str:
    return database_url.replace("+psycopg", "")


@contextmanager
def server(folder: Path | None = None) -> Iterator[tuple[str, bool]]:
    """A PostgreSQL server with its data in `folder` (none: a throwaway one): its URL, and whether it is new."""
    with tempfile.TemporaryDirectory() as scratch:
        data = folder or Path(scratch)
        data.mkdir(parents=True, exist_ok=True)
        Path(scratch).chmod(0o755)
        new = not (data / "postgres").exists()
        with postgres.start(data) as url:
            migrate(url)
            yield url, new


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=50_000, metavar="N", help="how many events (default 50,000)")
    parser.add_argument("--reports-per-event", type=int, default=5, metavar="N", help="on average (default 5)")
    parser.add_argument("--fingerprints", action="store_true", help="MinHash values for articles and reports (large)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another world")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.population",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--database-url", metavar="URL", help="an empty database; it is migrated first")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="run a server with its data there until Ctrl-C")
    options = parser.parse_args()
    if bool(options.database_url) == bool(options.keep):
        parser.error("give either --database-url or --keep")

    def fill(url: str) -> None:
        began = time.monotonic()
        populate(url, options.events, options.reports_per_event, fingerprints=options.fingerprints, seed=options.seed)
        print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr)

    if options.database_url:
        migrate(options.database_url)
        fill(options.database_url)
    else:
        _serve(options.keep, fill)
    return 0


def _serve(folder: Path, fill: Callable[[str], None]) -> None:
    with server(folder) as (url, new):
        if new:
            fill(url)
        print(url, flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    sys.exit(main())
