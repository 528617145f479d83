"""One attack, one event: one behaviour suite for all stores that linking runs on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from services.enricher.domain.linking.changes import Store, link_article
from services.enricher.memory import MemoryStore
from services.enricher.store import BatchStore, PostgresStore
from services.enricher.store.remembered import Remembered
from shared.codes import ArticleKind, AttackType, Change, EventStatus
from shared.contracts import ArticleEnriched, EventChanged
from shared.database.session import make_engine
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, QUETTA, claimed_by, day, enriched, frame, toll

HOUR = timedelta(hours=1)


class Linker:
    """Takes in articles, each in a transaction of its own, on a store that starts empty."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Store]]) -> None:
        self.opened = opened

    def at(self, time: datetime, article: ArticleEnriched) -> list[EventChanged]:
        with self.opened() as store:
            return link_article(article, time, store, uuid7)

    def __call__(self, *articles: ArticleEnriched) -> list[list[EventChanged]]:
        return [self.at(article.published_at or NOON, article) for article in articles]


@pytest.fixture(params=["memory", "postgres", "batch"])
def link(request: pytest.FixtureRequest) -> Iterator[Linker]:
    if request.param == "memory":
        memory = MemoryStore()
        yield Linker(lambda: nullcontext(memory))
        return
    engine = make_engine(request.getfixturevalue("database_url"))
    remembered = Remembered()

    @contextmanager
    def transaction() -> Iterator[Store]:
        with engine.begin() as connection:
            if request.param == "postgres":
                yield PostgresStore(connection)
            else:
                yield (store := BatchStore(connection, remembered, []))
                store.flush()

    yield Linker(transaction)
    engine.dispose()


def test_two_papers_make_one_event_whose_toll_rises(link: Linker) -> None:
    first, second = link(
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("ledger/1", frame(killed=toll(12)), published_at=NOON + HOUR),
    )
    assert [change.change for change in (*first, *second)] == [Change.CREATED, Change.CONFIRMED]
    assert first[0].event_id == second[0].event_id
    assert second[0].revision == 2
    assert second[0].material
    killed = next(reason for reason in second[0].reasons if reason.field == "killed")
    assert (killed.old, killed.new, killed.source) == ("5", "12", "ledger")


def test_other_town_is_another_event(link: Linker) -> None:
    (first,), (second,) = link(
        enriched("caravel/1", frame(killed=toll(5))), enriched("ledger/1", frame(killed=toll(5), place=QUETTA))
    )
    assert first.event_id != second.event_id
    assert second.change == Change.CREATED


def test_same_town_a_week_later_is_another_event(link: Linker) -> None:
    later = enriched("caravel/2", frame(date=day("2023-02-06")), published_at=NOON + timedelta(days=7))
    (first,), (second,) = link(enriched("caravel/1", frame()), later)
    assert first.event_id != second.event_id


def test_wire_copies_are_one_origin_and_confirm_nothing(link: Linker) -> None:
    *_, (last,) = link(
        enriched("caravel/1", frame(killed=toll(5)), wire="Meridian Wire"),
        enriched("ledger/1", frame(killed=toll(5)), wire="Meridian Wire"),
    )
    assert last.snapshot.independent_sources == 1
    assert last.snapshot.status == EventStatus.UNCONFIRMED
    assert not last.material


def test_near_copies_without_credit_are_one_origin(link: Linker) -> None:
    shared = list(range(128))
    *_, (last,) = link(
        enriched("caravel/1", frame(), fingerprint=shared), enriched("ledger/1", frame(), fingerprint=shared)
    )
    assert last.snapshot.independent_sources == 1


@pytest.mark.parametrize("kind", [ArticleKind.BACKGROUND, ArticleKind.OTHER])
def test_what_reports_nothing_makes_no_event(link: Linker, kind: ArticleKind) -> None:
    assert link(enriched("caravel/op-ed", frame(role="mentioned"), kind=kind)) == [[]]


def test_an_old_attack_not_on_file_is_filed(link: Linker) -> None:
    trial = enriched("caravel/trial", frame(date=day("2021-01-30")), kind=ArticleKind.FOLLOW_UP)
    ((change,),) = link(trial)
    assert change.change == Change.FILED
    assert not change.alertable
    assert change.not_alertable is not None
    assert "2021-01-30" in change.not_alertable


def test_backfill_files_what_is_older_than_six_hours(link: Linker) -> None:
    article = enriched("caravel/1", frame(), published_at=NOON, backfill=True)
    (change,) = link.at(NOON + 7 * HOUR, article)
    assert (change.change, change.alertable) == (Change.FILED, False)


def test_backfill_that_is_fresh_alerts(link: Linker) -> None:
    (change,) = link.at(NOON + 5 * HOUR, enriched("caravel/1", frame(), published_at=NOON, backfill=True))
    assert change.alertable


def test_news_after_an_outage_says_how_late_it_is(link: Linker) -> None:
    (change,) = link.at(NOON + 5 * HOUR, enriched("caravel/1", frame()))
    assert change.alertable
    assert change.late_seconds == 5 * 3600


def test_an_undated_report_told_as_news_alerts(link: Linker) -> None:
    ((change,),) = link(enriched("caravel/1", frame(date=None)))
    assert change.alertable


def test_a_correction_lowers_the_toll_and_a_stray_low_number_does_not(link: Linker) -> None:
    *_, (stray,), (corrected,) = link(
        enriched("caravel/1", frame(killed=toll(17))),
        enriched("ledger/1", frame(killed=toll(17)), published_at=NOON + HOUR),
        enriched("herald/1", frame(killed=toll(2)), published_at=NOON + 2 * HOUR),
        enriched("ledger/2", frame(killed=toll(15), correction=True), published_at=NOON + 3 * HOUR),
    )
    assert stray.snapshot.killed is not None
    assert stray.snapshot.killed.best == 17
    assert not stray.material
    assert corrected.change == Change.CORRECTED
    assert corrected.snapshot.killed is not None
    assert corrected.snapshot.killed.best == 15


def test_a_claim_is_material_and_a_second_one_is_not(link: Linker) -> None:
    claim = claimed_by("Pakistani Taliban", "ttp")
    *_, (first,), (second,) = link(
        enriched("caravel/1", frame()),
        enriched("caravel/2", frame(perpetrators=[claim]), published_at=NOON + HOUR),
        enriched("caravel/3", frame(perpetrators=[claim]), published_at=NOON + 2 * HOUR),
    )
    assert (first.material, second.material) == (True, False)
    assert [perpetrator.id for perpetrator in second.snapshot.perpetrators] == ["ttp"]


def test_reports_in_two_languages_are_of_one_event(link: Linker) -> None:
    german = "Bei einem Anschlag auf eine Moschee sind in der pakistanischen Stadt viele Menschen getötet worden."
    (first,), (second,) = link(
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("bote/1", frame(killed=toll(7)), language="de", text=german, published_at=NOON + HOUR),
    )
    assert first.event_id == second.event_id
    assert second.snapshot.languages == ["de", "en"]


def test_an_article_read_again_changes_its_own_event_only(link: Linker) -> None:
    (first,), (again,) = link(
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("caravel/1", frame(killed=toll(6), place=QUETTA), version="2"),
    )
    assert first.event_id == again.event_id
    assert again.snapshot.killed is not None
    assert again.snapshot.killed.best == 6
    assert [report.url for report in again.snapshot.reports] == [first.snapshot.reports[0].url]


def test_two_attacks_of_one_article_are_two_related_events(link: Linker) -> None:
    both = enriched("caravel/1", frame(killed=toll(3)), frame(killed=toll(1), attack_types=[AttackType.ARMED_ASSAULT]))
    ((a, b),) = link(both)
    assert a.event_id != b.event_id
    with link.opened() as store:
        assert store.related(a.event_id) == [b.event_id]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_clear_reports_ends_in_the_same_events(order: tuple[int, ...]) -> None:
    articles = [
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("ledger/1", frame(killed=toll(9)), published_at=NOON + HOUR),
        enriched("herald/1", frame(place=QUETTA), published_at=NOON + HOUR),
        enriched("herald/2", frame(place=QUETTA, killed=toll(1)), published_at=NOON + 2 * HOUR),
    ]
    memory = MemoryStore()
    Linker(lambda: nullcontext(memory))(*(articles[index] for index in order))
    ends = {
        (event.snapshot.place, event.snapshot.killed.best if event.snapshot.killed else None, len(event.reports))
        for event in memory.events.values()
    }
    assert ends == {(PESHAWAR, 9, 2), (QUETTA, 1, 2)}


def test_a_denial_of_what_nobody_reported_wakes_nobody(link: Linker) -> None:
    ((denied,),) = link(enriched("caravel/1", frame(retraction=True)))
    assert (denied.change, denied.alertable, denied.snapshot.status) == (Change.FILED, False, EventStatus.RETRACTED)
    assert (denied.not_alertable or "").startswith("denied")


def test_a_denial_takes_back_what_one_paper_said_and_casts_doubt_on_what_two_said(link: Linker) -> None:
    denial = enriched("herald/1", frame(retraction=True), published_at=NOON + 2 * HOUR)
    *_, (last,) = link(enriched("caravel/1", frame()), denial)
    assert (last.change, last.snapshot.status, last.material) == (Change.RETRACTED, EventStatus.RETRACTED, True)
    later = timedelta(days=90)
    two = [
        enriched(f"{paper}/2", frame(place=QUETTA, date=day("2023-04-30")), published_at=NOON + later)
        for paper in ("caravel", "ledger")
    ]
    told = frame(place=QUETTA, date=day("2023-04-30"), retraction=True)
    *_, (last,) = link(*two, enriched("herald/2", told, published_at=NOON + later + 2 * HOUR))
    assert (last.change, last.snapshot.status, last.snapshot.credibility) == (Change.UPDATED, EventStatus.CONFIRMED, 4)
    doubt = next(reason for reason in last.reasons if reason.field == "credibility")
    assert (doubt.old, doubt.new, doubt.source, doubt.material) == ("F1", "F4", "herald", True)
