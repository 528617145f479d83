"""Ten papers report one attack in the same second, to as many linkers: one event comes of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import Engine, func, select

from services.enricher import linker
from shared.contracts import ARTICLES_ENRICHED, ArticleEnriched
from shared.database.session import make_engine
from shared.database.tables import Event, Revision
from shared.stage import Incoming, Produced
from tests.builders import NOON, PESHAWAR, enriched, frame, toll

LINKERS = 8
RACES = 10


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=LINKERS)
    yield engine
    engine.dispose()


def take(engine: Engine, article: ArticleEnriched) -> int:
    """Link one article in a transaction of its own, as a linker does; returns how many changes came of it."""
    time = article.published_at or NOON
    message = Incoming(
        str(article.article_id), time, article, None, ARTICLES_ENRICHED.name, 0, 0, recorded_at=time, traceparent=None
    )
    with engine.begin() as connection:
        result = linker.handle(message, connection)
    assert isinstance(result, Produced)
    return len(result.messages)


def test_simultaneous_first_reports_make_one_event_each(engine: Engine) -> None:
    """Among them reports that do not know the country, which must keep all other linkers out."""
    races = [
        [
            enriched(f"paper{paper}/race{race}", frame(killed=toll(20 + race), date=None, place=place), published_at=at)
            for paper, place in enumerate([PESHAWAR, PESHAWAR, PESHAWAR, None, PESHAWAR, None, PESHAWAR, PESHAWAR])
        ]
        for race in range(RACES)
        for at in [NOON + timedelta(days=70 * race)]
    ]
    with ThreadPoolExecutor(LINKERS) as pool:
        for race in races:
            assert sum(pool.map(lambda article: take(engine, article), race)) == len(race)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Event)).scalar_one() == RACES
        revisions = connection.execute(select(func.max(Revision.revision)).group_by(Revision.event_id)).scalars()
        assert list(revisions) == [LINKERS] * RACES
    assert len(list(chain(*races))) == RACES * LINKERS
