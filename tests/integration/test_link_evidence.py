"""What later evidence does to events: it merges two, parts one, and shows which belong together. On both stores."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from services.enricher.domain.linking.changes import Store, link_article
from services.enricher.domain.linking.review import Review
from services.enricher.memory import MemoryStore
from services.enricher.store import PostgresStore, apply_review
from shared.codes import ArticleKind, AttackType, Change, EventStatus, WherePrecision
from shared.contracts import ArticleEnriched, EventChanged
from shared.database.session import make_engine
from shared.database.tables import Event, LedgerEntry, Report, Revision
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, claimed_by, day, enriched, frame, toll

HOUR = timedelta(hours=1)
SHOTS = [AttackType.ARMED_ASSAULT]
PROVINCE = PESHAWAR.model_copy(
    update={"name": "Khyber Pakhtunkhwa", "locality": None, "precision": WherePrecision.PROVINCE}
)
CHECKPOINT = """Gunmen stormed a roadside checkpoint near the tunnel and shot Sergeant Karim Yusuf and Constable
Bilal Shah, said the brigade."""
WIDOW = """Officers were ambushed before dawn. Widow Amina Gul spoke of her husband Daud Gul, whom colleagues called a
quiet man."""
MOSQUE = """A bomb tore through a crowded mosque in Peshawar during midday prayers. Rescue workers searched the rubble
of the collapsed roof for worshippers. Imam Karim Yusuf was among them."""
MARKET = """Gunmen on motorcycles sprayed a vegetable market in Peshawar with bullets on Thursday evening. Trader Bilal
Shah and porter Hamid Gul died between the stalls, said shopkeepers."""


class Linker:
    def __init__(self, engine: Engine | None) -> None:
        self.engine, self.memory = engine, MemoryStore()

    def __call__(self, *articles: ArticleEnriched) -> list[list[EventChanged]]:
        return [self._link(article) for article in articles]

    def _link(self, article: ArticleEnriched) -> list[EventChanged]:
        with self.opened() as store:
            return link_article(article, article.published_at or NOON, store, uuid7)

    @contextmanager
    def opened(self) -> Iterator[Store]:
        with self.engine.begin() if self.engine else nullcontext() as connection:
            yield PostgresStore(connection) if connection else self.memory


@pytest.fixture(params=["memory", "postgres"])
def link(request: pytest.FixtureRequest) -> Iterator[Linker]:
    if request.param == "memory":
        yield Linker(None)
        return
    engine = make_engine(request.getfixturevalue("database_url"))
    yield Linker(engine)
    engine.dispose()


def elsewhere() -> list[ArticleEnriched]:
    """Attacks of other countries: beside them it can be told which words are rare."""
    codes = ["AF", "BD", "CO", "DE", "EG", "FR", "IN", "IQ", "KE", "ML", "NG", "PH", "SO", "SY", "TR", "US"]
    return [
        enriched(f"gazette/{code}", frame(place=PESHAWAR.model_copy(update={"country": code, "lat": 4.0 * number})))
        for number, code in enumerate(codes)
    ]


def two_tellings() -> list[ArticleEnriched]:
    """One attack told so differently that nobody could know, and a third paper that has both."""
    vague = frame(attack_types=SHOTS, place=PROVINCE, date=None, killed=toll(6))
    return [
        enriched("caravel/1", frame(attack_types=SHOTS, killed=toll(4)), text=CHECKPOINT),
        enriched("ledger/1", vague, text=WIDOW, kind=ArticleKind.FOLLOW_UP, published_at=NOON + 30 * HOUR),
        enriched(
            "herald/1",
            frame(attack_types=SHOTS, killed=toll(6)),
            text=f"{CHECKPOINT} {WIDOW}",
            published_at=NOON + 40 * HOUR,
        ),
    ]


def two_attacks() -> list[ArticleEnriched]:
    """A paper that tells of two attacks at once draws reports of the second one to the first one's event."""

    def shared(values: int) -> list[int]:
        return [*range(values), *range(1000, 1128 - values)]

    then = frame(attack_types=SHOTS, date=day("2023-02-02"), killed=toll(2))
    return [
        enriched("caravel/1", frame(killed=toll(5)), text=MOSQUE),
        enriched(
            "digest/1",
            frame(date=None),
            text=f"{MOSQUE} {MARKET}",
            published_at=NOON + 24 * HOUR,
            fingerprint=shared(128),
        ),
        enriched("ledger/2", then, text=MARKET, published_at=NOON + 72 * HOUR, fingerprint=shared(100)),
        enriched("herald/2", then, text=MARKET, published_at=NOON + 74 * HOUR),
    ]


def test_a_report_of_both_makes_two_events_one_and_the_older_id_stays(link: Linker) -> None:
    link(*elsewhere())
    (first,), (second,), (stays, ends) = link(*two_tellings())
    assert first.event_id != second.event_id
    assert (stays.event_id, stays.change, stays.merged_from) == (first.event_id, Change.MERGED, [second.event_id])
    assert {report.source for report in stays.snapshot.reports} == {"caravel", "ledger", "herald"}
    assert (ends.event_id, ends.merged_into, ends.snapshot.status) == (
        second.event_id,
        first.event_id,
        EventStatus.MERGED,
    )
    assert ends.reasons[0].source == "herald"
    ((later,),) = link(enriched("post/1", frame(attack_types=SHOTS), text=WIDOW, published_at=NOON + 41 * HOUR))
    assert later.event_id == first.event_id
    if link.engine:
        assert row_of(link.engine, second.event_id).merged_into == first.event_id


def test_what_two_papers_tell_apart_leaves_the_event_that_took_it_in(link: Linker) -> None:
    (first,), _, (third,), (apart, rest) = link(*two_attacks())
    assert third.event_id == first.event_id
    assert (apart.change, apart.revision, apart.alertable) == (Change.SPLIT, 1, True)
    assert (rest.event_id, rest.change) == (first.event_id, Change.SPLIT)
    assert [sources(apart), sources(rest)] == [{"ledger", "herald"}, {"caravel", "digest"}]
    assert (rest.reasons[0].new, rest.reasons[0].source) == (str(apart.event_id), "herald")
    assert [str(one.snapshot.date.start) for one in (apart, rest) if one.snapshot.date] == ["2023-02-02", "2023-01-30"]
    ((later,),) = link(
        enriched(
            "post/2",
            frame(attack_types=SHOTS, date=day("2023-02-02"), killed=toll(2)),
            text=MARKET,
            published_at=NOON + 75 * HOUR,
        )
    )
    assert later.event_id == apart.event_id
    if link.engine:
        with link.engine.connect() as connection:
            for table in (Report, LedgerEntry):
                query = select(table.event_id).where(table.event_id == apart.event_id)
                assert connection.execute(query).first()
            told = set(connection.scalars(select(Report.event_id)))
            revisions = connection.scalar(select(Revision.revision).where(Revision.event_id == apart.event_id).limit(1))
        assert told == {first.event_id, apart.event_id}
        assert revisions


def test_what_a_person_merged_is_not_parted(database_url: str) -> None:
    engine = make_engine(database_url)
    link = Linker(engine)
    *before, last = two_attacks()
    (first,), *_ = link(*before)
    (other,) = link(enriched("star/1", frame(date=day("2022-06-01")), published_at=NOON - timedelta(days=240)))[0]
    with engine.begin() as connection:
        asked = {"action": "merge", "event_id": other.event_id, "into": first.event_id, "expected_revision": 1}
        apply_review(connection, Review.model_validate(asked | {"by": "ana", "reason": "I called"}), NOON + 73 * HOUR)
    ((changed,),) = link(last)
    assert (changed.event_id, changed.change) == (first.event_id, Change.UPDATED)
    engine.dispose()


def test_a_second_attack_of_the_same_group_day_and_area_is_related(link: Linker) -> None:
    second = PESHAWAR.model_copy(update={"name": "Nowshera", "locality": "Nowshera", "lat": 34.01, "lon": 71.98})
    group = [claimed_by("Red Lantern")]
    (first,), (other,) = link(
        enriched("caravel/1", frame(perpetrators=group), text=MOSQUE),
        enriched(
            "ledger/1",
            frame(place=second, attack_types=SHOTS, perpetrators=group),
            text=MARKET,
            published_at=NOON + HOUR,
        ),
    )
    assert first.event_id != other.event_id
    with link.opened() as store:
        assert list(store.related(first.event_id)) == [other.event_id]


def sources(changed: EventChanged) -> set[str]:
    return {report.source for report in changed.snapshot.reports}


def row_of(engine: Engine, event_id: UUID) -> Event:
    with engine.connect() as connection:
        return cast(Event, connection.execute(select(Event.__table__).where(Event.id == event_id)).one())
