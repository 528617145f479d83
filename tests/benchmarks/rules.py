"""How fast changes are matched with many rules, on one core: python -m tests.benchmarks.rules.

Rules are of the kinds that desks have: a country and a toll, a group, a province, a circle around an office, an outlet,
a type of attack in a region. Events are spread over the world. Two questions: how many changes a second are decided,
and does the cost grow with the rules, or with those that match? Times are of the processor, of one core.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tqdm import tqdm

from services.alerting.domain.countries import countries
from services.alerting.domain.matching import RuleIndex
from services.alerting.domain.policy import decide
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from shared.codes import AttackType, WherePrecision
from shared.contracts import EventChanged, Place
from tests.alerts import NOON, change, destination, report
from tests.builders import claimed_by, toll

REGIONS = ("Western Asia", "Southern Asia", "Sahel", "Eastern Africa", "Levant")


class Row(NamedTuple):
    rules: int
    matches: float  # of one event, on average
    candidates: float
    microseconds: float
    build_seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.rules",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rules", type=int, nargs="+", default=[100, 1000, 10_000, 100_000], metavar="N")
    parser.add_argument("--events", type=int, default=2000, help="changes to decide (default 2000)")
    arguments = parser.parse_args()
    events = [event(random.Random(number)) for number in range(arguments.events)]
    print("a world of events: matches grow with the rules")
    table([measure(book_of(number, specific_to=None), events) for number in progress(arguments.rules)])
    print("\nevery event matches as many rules, however many there are")
    table([measure(book_of(number, specific_to=200), events) for number in progress(arguments.rules)])
    return 0


def measure(book: Rulebook, events: Sequence[EventChanged]) -> Row:
    """Decide every change once; the index is built before."""
    began = time.process_time()
    index = RuleIndex(book.rules)
    built = time.process_time()
    book = Rulebook(book.rules, book.destinations, index=index)
    for one in events[:50]:
        decide(one, NOON, book, {})
    start = time.process_time()
    decided = [decide(one, NOON, book, {}) for one in events]
    seconds = time.process_time() - start
    alerts = sum(decision.result.kind is not None for decisions in decided for decision in decisions)
    candidates = sum(map(len, decided))
    count = len(events)
    return Row(len(book.rules), alerts / count, candidates / count, seconds / count * 1e6, built - began)


def book_of(number: int, specific_to: int | None) -> Rulebook:
    """`specific_to`: only so many rules are about the world of the events, the others about groups nobody names."""
    chance = random.Random(7)
    rules = [
        rule(chance, f"r{n}") if specific_to is None or n < specific_to else stranger(chance, f"r{n}")
        for n in range(number)
    ]
    return Rulebook(tuple((one, 1) for one in rules), {"desk": destination("desk")})


def rule(chance: random.Random, name: str) -> Rule:
    kinds: Sequence[Callable[[], dict[str, Any]]] = (
        lambda: {"country": chance.choice(list(countries())), "killed_at_least": chance.randint(1, 30)},
        lambda: {"perpetrator": f"group {chance.randint(1, 500)}"},
        lambda: {"province": f"province {chance.randint(1, 3000)}", "attack_type": chance.choice(list(AttackType))},
        lambda: {"near": {"lat": chance.uniform(-50, 60), "lon": chance.uniform(-180, 180), "km": 100}},
        lambda: {"source": f"outlet {chance.randint(1, 1000)}", "injured_at_least": chance.randint(5, 50)},
        lambda: {"region": chance.choice(REGIONS), "attack_type": chance.choice(list(AttackType))},
    )
    return made(name, chance.choice(kinds)())


def stranger(chance: random.Random, name: str) -> Rule:
    return made(
        name, {"perpetrator": f"nobody {chance.randint(1, 10**6)}", "country": chance.choice(list(countries()))}
    )


def made(name: str, when: dict[str, Any]) -> Rule:
    return Rule.model_validate({"id": name, "owner": "bench", "when": when, "route": {"now": "desk"}})


def event(chance: random.Random) -> EventChanged:
    place = Place(
        name="town",
        country=chance.choice(list(countries())),
        admin1=f"province {chance.randint(1, 3000)}",
        lat=chance.uniform(-50, 60),
        lon=chance.uniform(-180, 180),
        precision=chance.choice([WherePrecision.EXACT, WherePrecision.NEAR, WherePrecision.PROVINCE]),
    )
    return change(
        event=UUID(int=chance.getrandbits(120)),
        place=place,
        attack_types=[chance.choice(list(AttackType))],
        perpetrators=[claimed_by(f"group {chance.randint(1, 500)}")],
        killed=toll(chance.randint(0, 60)),
        injured=toll(chance.randint(0, 60)),
        reports=[report(f"outlet {chance.randint(1, 1000)}")],
    )


def progress(numbers: Sequence[int]) -> Any:
    return tqdm(numbers, desc="rules", disable=not sys.stderr.isatty(), leave=False)


def table(rows: Sequence[Row]) -> None:
    print("| rules | match a change | asked | µs a change | changes/s | index built in s |")
    print("|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        print(
            f"| {row.rules:,} | {row.matches:.1f} | {row.candidates:.1f} | {row.microseconds:,.0f} "
            f"| {1e6 / row.microseconds:,.0f} | {row.build_seconds:.2f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
