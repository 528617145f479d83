"""Eight papers report one attack in the same second, to as many linkers: one event comes of it, on real Postgres."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from shared.codes import WherePrecision
from shared.contracts import ArticleEnriched, Place
from shared.database.session import make_engine
from shared.database.tables import Event, Report, Revision
from tests.builders import NOON, PESHAWAR, QUETTA, day, enriched, frame, toll
from tests.linking import incoming, link

LINKERS = 8
TORKHAM = Place(name="Torkham", country="PK", lat=34.12, lon=71.09, precision=WherePrecision.NEAR)
ACROSS = TORKHAM.model_copy(update={"country": "AF"})  # the town lies on the border
SOMEWHERE = TORKHAM.model_copy(update={"country": None})
KHYBER = Place(name="Khyber Pakhtunkhwa", country="PK", precision=WherePrecision.PROVINCE)

# Where the eight papers put the attack: in one town; some in no place; some across the border; some in no country.
STORIES: Sequence[Sequence[Place | None]] = (
    [PESHAWAR] * 8,
    [PESHAWAR, PESHAWAR, PESHAWAR, None, PESHAWAR, None, PESHAWAR, PESHAWAR],
    [TORKHAM, ACROSS, TORKHAM, ACROSS, ACROSS, TORKHAM, TORKHAM, ACROSS],
    [TORKHAM, SOMEWHERE, TORKHAM, TORKHAM, SOMEWHERE, SOMEWHERE, TORKHAM, TORKHAM],
    [PESHAWAR, PESHAWAR, KHYBER, PESHAWAR, PESHAWAR, PESHAWAR, KHYBER, PESHAWAR],
)

# A story's town comes again with other words, years later.
TEXTS = (
    "A bomb tore through a crowded bazaar at midday, Inspector {0} said. Among the dead were the cleric {1}, 54, the "
    "teacher {2}, 31, and Doctor {3}, 47, her brother {4} said. Commissioner {5} promised help.",
    "A device hidden in a pushcart went off beside the railway platform. Stationmaster {0} carried out the porter {1}, "
    "62; {2}, 19, a student, died in the ambulance of driver {3}. {4} and {5} lost their mother.",
    "An explosion brought down the roof of a cinema during the late show. Usher {0} heard {1} call for help. The "
    "mechanic {2}, 28, the tailor {3}, 40, and {4} were buried under concrete, fire chief {5} said.",
    "Worshippers were leaving Friday prayers when a motorcycle packed with explosives blew up. Imam {0} was hurt. {1}, "
    "{2} and the baker {3}, 35, did not survive, according to {4}, a surgeon, and deputy mayor {5}.",
    "A blast ripped apart a bus of factory workers on the ring road. Conductor {0}, 23, and the weavers {1} and {2} "
    "were killed; {3}, 51, lost a leg. Union leader {4} accused the firm of {5} of ignoring threats.",
)
SYLLABLES = [
    "ba",
    "dur",
    "fa",
    "gul",
    "han",
    "kha",
    "mo",
    "nad",
    "sha",
    "tar",
    "war",
    "yus",
    "zai",
    "lim",
    "rahm",
    "sar",
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=LINKERS)
    yield engine
    engine.dispose()


def take(engine: Engine, *articles: ArticleEnriched) -> None:
    """Link a batch in one transaction, as a linker does."""
    with engine.begin() as connection:
        link(map(incoming, articles), connection)


def race(number: int) -> list[ArticleEnriched]:
    """Eight first reports of an attack of its own, in any order."""
    at = NOON + timedelta(days=70 * number)
    papers = [
        enriched(
            f"paper{paper}/race{number}",
            frame(killed=toll(20 + number % 7), date=day(f"{at:%Y-%m-%d}"), place=place),
            published_at=at,
            text=TEXTS[number // len(STORIES) % len(TEXTS)].format(*people(number)),
        )
        for paper, place in enumerate(STORIES[number % len(STORIES)])
    ]
    random.Random(number).shuffle(papers)
    return papers


def people(number: int) -> list[str]:
    """Six names that no other race has."""
    dice = random.Random(number)
    return [f"{_word(dice)} {_word(dice)}" for _ in range(6)]


def _word(dice: random.Random) -> str:
    return "".join(dice.sample(SYLLABLES, 3)).title()


def run(engine: Engine, races: int) -> None:
    with ThreadPoolExecutor(LINKERS) as pool:
        for number in range(races):
            list(pool.map(lambda article: take(engine, article), race(number)))
    with engine.connect() as connection:
        linked = connection.execute(select(Report.event_id, Report.record["title"].astext)).all()
    papers_of: dict[str, set[object]] = {}
    for event, title in linked:
        papers_of.setdefault(title.split("/race")[1], set()).add(event)
    assert {number: len(events) for number, events in papers_of.items() if len(events) > 1} == {}
    assert len(linked) == races * LINKERS
    assert len({event for event, _ in linked}) >= 0.9 * races  # a town's next attack may be taken for its last one


def test_simultaneous_first_reports_make_one_event_each(engine: Engine) -> None:
    run(engine, 50)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_thousand_races(engine: Engine) -> None:
    run(engine, 1000)


def test_a_race_leaves_one_revision_for_each_report(engine: Engine) -> None:
    with ThreadPoolExecutor(LINKERS) as pool:
        list(pool.map(lambda article: take(engine, article), race(1)))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Event)).scalar_one() == 1
        assert list(connection.scalars(select(Revision.revision).order_by(Revision.revision))) == list(range(1, 9))


def test_batches_of_the_same_countries_in_any_order_do_not_deadlock(engine: Engine) -> None:
    """Each linker takes attacks in Peshawar, Quetta, on the border and nowhere, in an order of its own."""
    places = [PESHAWAR, QUETTA.model_copy(update={"country": "IR"}), ACROSS, None]

    def batch(linker: int, number: int) -> list[ArticleEnriched]:
        articles = [
            enriched(f"paper{linker}/{number}-{index}", frame(place=place), published_at=NOON)
            for index, place in enumerate(places[: 4 if number % 4 == 0 else 3])
        ]
        random.Random(linker * 100 + number).shuffle(articles)
        return articles

    with ThreadPoolExecutor(LINKERS) as pool:
        work = [batch(linker, number) for number in range(5) for linker in range(LINKERS)]
        list(pool.map(lambda articles: take(engine, *articles), work))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Report)).scalar_one() == sum(map(len, work))
