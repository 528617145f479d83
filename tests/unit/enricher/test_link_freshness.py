"""Who may be woken: on the first day of an empty database, by a new feed, after an outage of six hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.enricher.domain.linking.changes import link_article
from services.enricher.memory import MemoryStore
from shared.codes import ArticleKind, Change
from shared.contracts import ArticleEnriched, EventChanged
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, QUETTA, day, enriched, frame, toll

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def link(arrivals: Sequence[tuple[datetime, ArticleEnriched]]) -> list[EventChanged]:
    store = MemoryStore()
    return [change for time, article in arrivals for change in link_article(article, time, store, uuid7)]


def dated(days_ago: int) -> str:
    return f"{NOON - days_ago * DAY:%Y-%m-%d}"


# --- an empty database on the first day -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_ago", "kind", "alerts"),
    [
        (0, ArticleKind.ATTACK_REPORT, True),
        (3, ArticleKind.FOLLOW_UP, True),
        (7, ArticleKind.FOLLOW_UP, True),
        (9, ArticleKind.FOLLOW_UP, False),  # an arrest: the attack is old news
        (9, ArticleKind.ATTACK_REPORT, False),  # a story put online again
        (800, ArticleKind.FOLLOW_UP, False),  # a trial of years ago
    ],
)
def test_of_what_is_not_on_file_only_the_fresh_wakes(days_ago: int, kind: ArticleKind, alerts: bool) -> None:
    (change,) = link([(NOON, enriched("caravel/1", frame(date=day(dated(days_ago))), kind=kind))])
    assert (change.alertable, change.change) == (alerts, Change.CREATED if alerts else Change.FILED)
    assert alerts or (change.not_alertable or "").startswith("stale: the attack is of " + dated(days_ago))
    assert change.material is alerts


def test_a_story_of_a_year_ago_that_is_on_file_adds_to_its_event_and_wakes_nobody_anew() -> None:
    first, later = link(
        [
            (NOON, enriched("caravel/1", frame(date=day(dated(400)), killed=toll(5)))),
            (NOON + HOUR, enriched("ledger/1", frame(date=day(dated(400)), killed=toll(5)), published_at=NOON + HOUR)),
        ]
    )
    assert later.event_id == first.event_id
    assert not later.alertable
    assert "stale" in (later.not_alertable or "")


# --- a new feed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "alerts"), [(1, True), (6, True), (7, False), (48, False)])
def test_a_feeds_first_poll_files_what_is_older_than_six_hours(hours: int, alerts: bool) -> None:
    (change,) = link([(NOON + hours * HOUR, enriched("caravel/1", frame(), published_at=NOON, backfill=True))])
    assert change.alertable is alerts
    assert alerts or change.not_alertable == f"backfill: published {hours} hours before it was fetched"


def test_the_news_itself_wakes_though_a_backfill_filed_its_event() -> None:
    filed, woken = link(
        [
            (NOON + 8 * HOUR, enriched("caravel/1", frame(killed=toll(5)), backfill=True)),
            (NOON + 9 * HOUR, enriched("ledger/1", frame(killed=toll(5)), published_at=NOON + 9 * HOUR)),
        ]
    )
    assert (filed.alertable, woken.alertable, woken.material) == (False, True, True)
    assert woken.event_id == filed.event_id


# --- a backlog of six hours -------------------------------------------------------------------------------------------


def test_after_an_outage_of_six_hours_alerts_say_how_late_they_are() -> None:
    back = NOON + 6 * HOUR
    changes = link(
        [
            (back, enriched("caravel/1", frame(place=PESHAWAR))),
            (back, enriched("ledger/1", frame(place=QUETTA, date=day(dated(30))), published_at=NOON + 3 * HOUR)),
            (
                back,
                enriched("herald/1", frame(place=None, date=None), published_at=back - HOUR / 2, text="Shots fell."),
            ),
        ]
    )
    assert [change.alertable for change in changes] == [True, False, True]
    assert [change.late_seconds for change in changes] == [6 * 3600, None, None]


def test_a_day_without_an_hour_is_not_called_late_nor_old_before_it_is_over() -> None:
    midnight = NOON.replace(hour=0)
    article = enriched("caravel/1", frame(), published_at=midnight, published_day_only=True)
    (change,) = link([(midnight + 20 * HOUR, article)])
    assert change.alertable
    assert change.late_seconds is None
    (filed,) = link([(midnight + 31 * HOUR, article.model_copy(update={"backfill": True}))])
    assert filed.not_alertable == "backfill: published 7 hours before it was fetched"
