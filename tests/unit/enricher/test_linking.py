"""One attack, one event: linking on the store in memory."""

from datetime import timedelta
from itertools import permutations

import pytest

from services.enricher.domain.linking import link_article
from services.enricher.memory import MemoryStore
from shared.codes import ArticleKind, AttackType, Change, EventStatus
from shared.contracts import ArticleEnriched, EventChanged
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, QUETTA, claimed_by, day, enriched, frame, toll

HOUR = timedelta(hours=1)


def link(*articles: ArticleEnriched, store: MemoryStore | None = None) -> list[list[EventChanged]]:
    store = store or MemoryStore()
    return [link_article(article, article.published_at or NOON, store, uuid7) for article in articles]


def test_two_papers_make_one_event_whose_toll_rises() -> None:
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


def test_other_town_is_another_event() -> None:
    (first,), (second,) = link(
        enriched("caravel/1", frame(killed=toll(5))), enriched("ledger/1", frame(killed=toll(5), place=QUETTA))
    )
    assert first.event_id != second.event_id
    assert second.change == Change.CREATED


def test_same_town_a_week_later_is_another_event() -> None:
    later = enriched("caravel/2", frame(date=day("2023-02-06")), published_at=NOON + timedelta(days=7))
    (first,), (second,) = link(enriched("caravel/1", frame()), later)
    assert first.event_id != second.event_id


def test_wire_copies_are_one_origin_and_confirm_nothing() -> None:
    store = MemoryStore()
    *_, (last,) = link(
        enriched("caravel/1", frame(killed=toll(5)), wire="Meridian Wire"),
        enriched("ledger/1", frame(killed=toll(5)), wire="Meridian Wire"),
        store=store,
    )
    assert last.snapshot.independent_sources == 1
    assert last.snapshot.status == EventStatus.UNCONFIRMED
    assert not last.material


def test_near_copies_without_credit_are_one_origin() -> None:
    shared = list(range(128))
    *_, (last,) = link(
        enriched("caravel/1", frame(), fingerprint=shared), enriched("ledger/1", frame(), fingerprint=shared)
    )
    assert last.snapshot.independent_sources == 1


@pytest.mark.parametrize("kind", [ArticleKind.BACKGROUND, ArticleKind.OTHER])
def test_what_reports_nothing_makes_no_event(kind: ArticleKind) -> None:
    assert link(enriched("caravel/op-ed", frame(role="mentioned"), kind=kind)) == [[]]


def test_an_old_attack_not_on_file_is_filed() -> None:
    trial = enriched("caravel/trial", frame(date=day("2021-01-30")), kind=ArticleKind.FOLLOW_UP)
    ((change,),) = link(trial)
    assert change.change == Change.FILED
    assert not change.alertable
    assert change.not_alertable is not None
    assert "2021-01-30" in change.not_alertable


def test_backfill_files_what_is_older_than_six_hours() -> None:
    article = enriched("caravel/1", frame(), published_at=NOON, backfill=True)
    (change,) = link_article(article, NOON + 7 * HOUR, MemoryStore(), uuid7)
    assert (change.change, change.alertable) == (Change.FILED, False)
    (change,) = link_article(article, NOON + 5 * HOUR, MemoryStore(), uuid7)
    assert change.alertable


def test_news_after_an_outage_says_how_late_it_is() -> None:
    (change,) = link_article(enriched("caravel/1", frame()), NOON + 5 * HOUR, MemoryStore(), uuid7)
    assert change.alertable
    assert change.late_seconds == 5 * 3600


def test_an_undated_report_told_as_news_alerts() -> None:
    ((change,),) = link(enriched("caravel/1", frame(date=None)))
    assert change.alertable


def test_a_correction_lowers_the_toll_and_a_stray_low_number_does_not() -> None:
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


def test_a_claim_is_material_and_a_second_one_is_not() -> None:
    claim = claimed_by("Pakistani Taliban", "ttp")
    *_, (first,), (second,) = link(
        enriched("caravel/1", frame()),
        enriched("caravel/2", frame(perpetrators=[claim]), published_at=NOON + HOUR),
        enriched("caravel/3", frame(perpetrators=[claim]), published_at=NOON + 2 * HOUR),
    )
    assert (first.material, second.material) == (True, False)
    assert [perpetrator.id for perpetrator in second.snapshot.perpetrators] == ["ttp"]


def test_an_article_read_again_changes_its_own_event_only() -> None:
    store = MemoryStore()
    (first,), (again,) = link(
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("caravel/1", frame(killed=toll(6), place=QUETTA), version="2"),
        store=store,
    )
    assert first.event_id == again.event_id
    assert again.snapshot.killed is not None
    assert again.snapshot.killed.best == 6
    assert len(store.events[first.event_id].reports) == 1


def test_two_attacks_of_one_article_are_two_related_events() -> None:
    store = MemoryStore()
    both = enriched("caravel/1", frame(killed=toll(3)), frame(killed=toll(1), attack_types=[AttackType.ARMED_ASSAULT]))
    ((a, b),) = link(both, store=store)
    assert a.event_id != b.event_id
    assert store.related(a.event_id) == [b.event_id]


def test_any_order_of_clear_reports_ends_in_the_same_events() -> None:
    articles = [
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("ledger/1", frame(killed=toll(9)), published_at=NOON + HOUR),
        enriched("herald/1", frame(place=QUETTA), published_at=NOON + HOUR),
        enriched("herald/2", frame(place=QUETTA, killed=toll(1)), published_at=NOON + 2 * HOUR),
    ]
    for order in permutations(articles):
        store = MemoryStore()
        link(*order, store=store)
        ends = {
            (event.snapshot.place, event.snapshot.killed.best if event.snapshot.killed else None, len(event.reports))
            for event in store.events.values()
        }
        assert ends == {(PESHAWAR, 9, 2), (QUETTA, 1, 2)}
