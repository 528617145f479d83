"""Load the API over a made-up world: how long answers take at a steady rate, and what an export costs.

    python -m tests.benchmarks.api                                   50,000 events in a throwaway server
    python -m tests.benchmarks.api --events 1000000 --keep FOLDER    the full size; the second time FOLDER is ready

Requests come at their times whether or not earlier ones are answered (open loop), and are timed from when they were
due, so that no wait is left out. Each kind's answers are held against its own statements alone, one question after
another with nothing else going on ("bare SQL", in the same run). The API is a process of its own; PostgreSQL, it and
the load share the machine. Goals: issue 7.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import aiohttp
from sqlalchemy import Connection, Engine, event, text
from tqdm import tqdm

from deploy.local.ports import free_port
from services.api import keys
from services.api.figures import Span
from services.api.filters import Filter
from services.api.queries import events, statistics
from services.api.queries.lists import listed, usual_sort
from shared.codes import EventStatus, TargetType
from shared.database.session import make_engine
from tests.benchmarks.population import add_arguments, populate, server
from tests.benchmarks.world import LAST_DAY, YEARS, Attack

Dice = random.Random
Params = dict[str, Any]


class Kind(NamedTuple):
    """A kind of request: how it is drawn, how many of a hundred are such, and how long its p99 may take."""

    name: str
    path: str
    draw: Callable[[Dice, list[Attack]], Params]
    share: float
    goal_ms: float


def _any(attacks: list[Attack], dice: Dice, name: str) -> Any:
    """A value of some event: common ones are drawn often, as they are asked for."""
    while True:
        value = dice.choice(attacks).row[name]
        if isinstance(value, list):
            value = dice.choice(value) if value else None
        if value is not None:
            return value


def _month(dice: Dice) -> Params:
    first = LAST_DAY - timedelta(days=dice.randrange(30, 365 * (YEARS - 1)))
    return {"since": first, "until": first + timedelta(days=30)}


def _evening(dice: Dice) -> str:
    return f"{LAST_DAY - timedelta(days=dice.choice((1, 30, 365)))}T18:00:00Z"


def _box(dice: Dice, attacks: list[Attack]) -> Params:
    lat, lon, half = _any(attacks, dice, "lat"), _any(attacks, dice, "lon"), dice.choice((0.5, 2, 10, 40))
    box = (max(-180, lon - half), max(-90, lat - half), min(180, lon + half), min(90, lat + half))
    return {"bbox": ",".join(f"{side:.3f}" for side in box)}


def _near(dice: Dice, attacks: list[Attack]) -> Params:
    row = dice.choice([attack.row for attack in attacks if attack.row["lat"] is not None])
    return {"near": f"{row['lat']},{row['lon']}", "radius_km": dice.choice((5, 25, 100, 400))}


def _report(dice: Dice, attacks: list[Attack]) -> dict[str, Any]:
    return dice.choice(dice.choice(attacks).reports)


def _words(dice: Dice, attacks: list[Attack]) -> Params:
    told = _report(dice, attacks)["title"].replace(":", "").split()
    return {"q": " ".join(dice.sample(told, dice.choice((1, 2))))}


_LIST = "/v1/events"
KINDS = (
    Kind("list, newest", _LIST, lambda dice, some: {}, 6, 50),
    Kind("list by country", _LIST, lambda dice, some: {"country": _any(some, dice, "country")}, 6, 50),
    Kind("list by province", _LIST, lambda dice, some: {"admin1": _any(some, dice, "admin1")}, 5, 50),
    Kind("list by type", _LIST, lambda dice, some: {"attack_type": _any(some, dice, "attack_types")}, 5, 50),
    Kind("list by perpetrator", _LIST, lambda dice, some: {"perpetrator": _any(some, dice, "perpetrators")}, 6, 50),
    Kind("list by target", _LIST, lambda dice, some: {"target": dice.choice(list(TargetType)).value}, 5, 50),
    Kind("list by source", _LIST, lambda dice, some: {"source": _report(dice, some)["source"]}, 6, 50),
    Kind("list by language", _LIST, lambda dice, some: {"language": dice.choice(("en", "ur", "id"))}, 4, 50),
    Kind("list by status", _LIST, lambda dice, some: {"status": dice.choice(list(EventStatus)).value}, 4, 50),
    Kind("list by killed", _LIST, lambda dice, some: {"killed_at_least": dice.choice((0, 1, 10, 100, 1000))}, 5, 50),
    Kind("list by injured", _LIST, lambda dice, some: {"injured_at_least": dice.choice((1, 10, 100))}, 4, 50),
    Kind("list by confidence", _LIST, lambda dice, some: {"confidence_at_least": dice.choice((0.5, 0.99, 1.0))}, 4, 50),
    Kind("list by sources", _LIST, lambda dice, some: {"sources_at_least": dice.choice((2, 8, 20))}, 4, 50),
    Kind("list by days", _LIST, lambda dice, some: _month(dice), 6, 50),
    Kind("list by change", _LIST, lambda dice, some: {"updated_since": _evening(dice)}, 4, 50),
    Kind("list by box", _LIST, _box, 5, 50),
    Kind("list, sorted by killed", _LIST, lambda dice, some: {"sort": "-killed"}, 4, 50),
    Kind("radius", _LIST, _near, 8, 50),
    Kind("full text", _LIST, _words, 8, 150),
    Kind("one event", _LIST + "/{id}", lambda dice, some: {"id": str(dice.choice(some).id)}, 6, 50),
    Kind(
        "statistics of a year by month and country",
        "/v1/statistics",
        lambda dice, some: {
            "since": date(year := LAST_DAY.year - dice.randrange(YEARS), 1, 1),
            "until": date(year, 12, 31),
            "period": "month",
            "by": "country",
            "limit": 10_000,
        },
        4,
        300,
    ),
)  # fmt: skip
SAMPLE = 2_000  # events that requests are drawn from


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.api", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the server's data there (default: throw away)"
    )
    parser.add_argument("--rate", type=float, default=50, help="requests a second (default 50)")
    parser.add_argument("--seconds", type=int, default=90, help="how long (default 90)")
    parser.add_argument("--warm-up", type=int, default=20, metavar="SECONDS", help="of load before (default 20)")
    parser.add_argument("--only", default="", metavar="WORD", help="kinds that have this word in their name")
    parser.add_argument("--no-export", action="store_true", help="leave the CSV export out")
    options = parser.parse_args()
    with server(options.keep) as (url, new):
        if new:
            populate(
                url, options.events, options.reports_per_event, fingerprints=options.fingerprints, seed=options.seed
            )
        engine = make_engine(url, "benchmark", ad_hoc=True)  # the sessions are as the API's
        with engine.begin() as connection:
            key = keys.create(connection, "benchmark", "read")
        attacks = _sample(engine)
        with _api(url) as (base, pid):
            return _measure(options, attacks, engine, base, key, pid)


def _measure(options: argparse.Namespace, attacks: list[Attack], engine: Engine, base: str, key: str, pid: int) -> int:
    kinds = [kind for kind in KINDS if options.only in kind.name]
    for warmth in range(2):  # the first round warms caches; the second asks others of the kind, as the load does
        bare = {kind.name: _bare(engine, kind, attacks, options.seed + 3 + warmth) for kind in kinds}
    print(f"{os.cpu_count()} cores, load average before: {os.getloadavg()[0]:.1f}\n")
    asyncio.run(_load(base, key, _plan(kinds, attacks, options.seed + 1, options.rate * options.warm_up), options.rate))
    plan = _plan(kinds, attacks, options.seed + 2, options.rate * options.seconds)
    times = asyncio.run(_load(base, key, plan, options.rate))
    missed = _table(kinds, times, bare)
    if not options.no_export:
        missed += _export(base, key, pid)
    return 1 if missed else 0


def _sample(engine: Engine) -> list[Attack]:
    """Some events, to draw requests from."""
    with engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        print(f"{count:,} events", file=sys.stderr)
        share = min(100.0, 200 * SAMPLE / count)
        sample = text("SELECT id, snapshot FROM events TABLESAMPLE BERNOULLI (:share) REPEATABLE (1) LIMIT :most")
        found = connection.execute(sample, {"share": share, "most": SAMPLE})
        return [_read(row.id, row.snapshot) for row in found]


def _read(identity: Any, snapshot: dict[str, Any]) -> Attack:
    place = snapshot["place"] or {}
    row = {name: place.get(name) for name in ("country", "admin1", "lat", "lon")} | {
        "attack_types": snapshot["attack_types"],
        "perpetrators": [who["id"] or who["name"] for who in snapshot["perpetrators"]],
    }
    return Attack(identity, row, snapshot["reports"])


def _plan(kinds: list[Kind], attacks: list[Attack], seed: int, count: float) -> list[tuple[Kind, str]]:
    dice = Dice(seed)
    drawn = dice.choices(kinds, [kind.share for kind in kinds], k=int(count))
    return [(kind, _address(kind, kind.draw(dice, attacks))) for kind in drawn]


def _address(kind: Kind, params: Params) -> str:
    path = kind.path.format(id=params.pop("id", ""))
    return f"{path}?{urlencode(params)}" if params else path


async def _load(base: str, key: str, plan: list[tuple[Kind, str]], rate: float) -> dict[str, list[float]]:
    """Milliseconds of each answer, by kind, from when its request was due."""
    times: dict[str, list[float]] = defaultdict(list)
    headers = {"Authorization": f"Bearer {key}"}
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(base, headers=headers, connector=connector) as client:
        began = time.perf_counter() + 0.5

        async def ask(number: int, kind: Kind, address: str) -> None:
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            async with client.get(address, allow_redirects=False) as answer:
                await answer.read()
                if answer.status not in (200, 308):
                    raise RuntimeError(f"{answer.status} for {address}")
            times[kind.name].append(1000 * (time.perf_counter() - due))

        await asyncio.gather(*(ask(number, *asked) for number, asked in enumerate(plan)))
    return times


def _bare(engine: Engine, kind: Kind, attacks: list[Attack], seed: int, rounds: int = 40) -> list[float]:
    """Milliseconds that the driver takes for the statements of one question after another, each asked for the first
    time: from sending one to having its rows, which nobody looks at."""
    dice, began, took = Dice(seed), 0.0, 0.0

    def sends(*_: Any) -> None:
        nonlocal began
        began = time.perf_counter()

    def has_rows(*_: Any) -> None:
        nonlocal took
        took += time.perf_counter() - began

    event.listen(engine, "before_cursor_execute", sends)
    event.listen(engine, "after_cursor_execute", has_rows)
    found = []
    with engine.connect() as connection:
        for _ in range(rounds):
            took = 0.0
            _ask(connection, kind, kind.draw(dice, attacks))
            found.append(1000 * took)
    event.remove(engine, "before_cursor_execute", sends)
    event.remove(engine, "after_cursor_execute", has_rows)
    return found


def _ask(connection: Connection, kind: Kind, params: Params) -> None:
    if "id" in params:
        event_id = params["id"]
        for query in (events.event, events.reports, events.ledger, events.revisions, events.decisions, events.related):
            query(connection, event_id)
    elif kind.path == "/v1/statistics":
        span = Span(params["since"], params["until"])
        statistics.counts(connection, Filter(), span, "attack", "month", ["country"], 10_000)
    else:
        sort = params.pop("sort", None)
        lists = ("country", "attack_type", "perpetrator", "target", "status")
        asked = Filter(**{name: [value] if name in lists else value for name, value in params.items()})
        listed(connection, asked, sort or usual_sort(asked), None, 50)


def _table(kinds: list[Kind], times: dict[str, list[float]], bare: dict[str, list[float]]) -> int:
    print("| request | answers | bare SQL p50, ms | p50 | p99 | p99 goal |\n|---|---|---|---|---|---|")
    missed = 0
    for kind in kinds:
        if found := sorted(times[kind.name]):
            p50, p99, sql = _share(found, 0.5), _share(found, 0.99), _share(sorted(bare[kind.name]), 0.5)
            late = p99 > kind.goal_ms or p50 > sql + 10
            missed += late
            mark = " missed" if late else ""
            print(f"| {kind.name} | {len(found)} | {sql:.1f} | {p50:.1f} | {p99:.1f} | {kind.goal_ms:.0f}{mark} |")
    return missed


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _export(base: str, key: str, pid: int) -> int:
    """All events as CSV: seconds, and the most memory that the API's process ever had."""
    began, lines = time.perf_counter(), 0
    address = f"{base}/v1/exports/events.csv?include_filed=true&include_rejected=true"
    asked = Request(address, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - our own address
    with urlopen(asked) as answer, tqdm(unit=" lines", disable=None) as bar:  # noqa: S310 - our own address
        while block := answer.read(2**20):
            lines += block.count(b"\n")
            bar.update(block.count(b"\n"))
    peak = _peak_mb(pid)
    took = time.perf_counter() - began
    print(f"\nCSV export: {lines - 1:,} lines in {took:.0f} s, peak RSS of the API {peak:.0f} MB (goal 200)")
    return int(peak > 200)


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@contextmanager
def _api(database_url: str) -> Iterator[tuple[str, int]]:
    port = free_port()
    environ = os.environ | {
        "DATABASE_URL": database_url, "API_PORT": str(port), "API_REQUESTS_PER_SECOND": "10000", "API_BURST": "10000",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "services.api"], env=environ, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base, process)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(base: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the API ended with {process.returncode}")
        try:
            with urlopen(f"{base}/health/ready", timeout=2):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the API does not become ready")


if __name__ == "__main__":
    sys.exit(main())
