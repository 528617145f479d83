"""When a feed is asked again, and when a site may be."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fetcher.domain import schedule
from services.fetcher.domain.politeness import Politeness
from services.fetcher.domain.schedule import Bounds

BOUNDS = Bounds(60, 3600, 10.0)
NOW = datetime(2024, 3, 22, 12, tzinfo=UTC)


def test_a_feed_is_asked_as_often_as_it_publishes() -> None:
    assert schedule.after_success(600, 3, BOUNDS).interval_seconds == 300
    assert schedule.after_success(600, 0, BOUNDS).interval_seconds == 750
    assert schedule.after_success(60, 3, BOUNDS).interval_seconds == 60
    assert schedule.after_success(3600, 0, BOUNDS).interval_seconds == 3600


@given(st.integers(1, 10**6), st.integers(0, 100))
def test_the_bounds_hold(interval: int, news: int) -> None:
    plan = schedule.after_success(interval, news, BOUNDS)
    assert 60 <= plan.interval_seconds == plan.wait_seconds <= 3600


def test_only_a_full_read_clears_failures() -> None:
    assert schedule.after_success(600, 0, BOUNDS).failures == 0
    assert schedule.after_unchanged(600, 2.5, BOUNDS).failures == 2.5


def test_some_polls_are_unconditional() -> None:
    conditional = [schedule.is_conditional(polls) for polls in range(100)]
    assert not conditional[0]
    assert 0.9 < sum(conditional) / 100 < 1


@pytest.mark.parametrize(
    ("status", "expected"), [(404, "soft"), (429, "soft"), (500, "soft"), (503, "soft"), (403, "hard"), (410, "hard")]
)
def test_severity(status: int, expected: str) -> None:
    assert schedule.severity(status) == expected


def test_failures_add_up_and_wait_longer_each_time() -> None:
    failures, waits = 0.0, []
    for _ in range(9):
        plan = schedule.after_failure(60, failures, "hard", None, None, BOUNDS)
        assert plan.disabled_reason is None
        failures = plan.failures
        waits.append(plan.wait_seconds)
    assert waits == sorted(waits)
    assert waits[0] == 120
    assert schedule.after_failure(60, failures, "hard", None, None, BOUNDS).disabled_reason
    assert schedule.after_failure(60, 0.0, "temporary", None, None, BOUNDS).failures == 0.25


def test_gone_is_gone() -> None:
    assert schedule.after_failure(60, 0.0, "hard", 410, None, BOUNDS).disabled_reason


def test_the_server_may_ask_for_more_time_but_not_for_ever() -> None:
    assert schedule.after_failure(60, 0.0, "soft", 429, 7200.0, BOUNDS).wait_seconds == 7200
    assert schedule.after_failure(60, 0.0, "soft", 429, 1.0, BOUNDS).wait_seconds == 90
    assert schedule.after_failure(60, 0.0, "soft", 429, 1e9, BOUNDS).wait_seconds == 86400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Fri, 22 Mar 2024 12:01:00 GMT", 60),
        ("Fri, 22 Mar 2024 11:00:00 GMT", 0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert schedule.retry_after(header, NOW) == seconds


def test_pages_wait_three_times_longer_each_time() -> None:
    assert [schedule.page_retry(n, 30) for n in (1, 2, 3, 4)] == [30, 90, 270, 810]
    assert schedule.page_retry(1, 30, asked=100.0) == 100
    assert schedule.page_retry(1, 30, asked=1e9) == 86400


def test_a_site_is_asked_in_bursts_and_then_at_its_rate() -> None:
    politeness = Politeness(per_second=2, burst=3)
    assert [politeness.wait("a", 0.0) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    assert politeness.wait("b", 0.0) == 0
    assert politeness.wait("a", 10.0) == 0


def test_a_request_that_was_not_made_costs_nothing() -> None:
    politeness = Politeness(per_second=1, burst=1)
    assert politeness.wait("a", 0.0) == 0
    assert politeness.wait("a", 0.0) == 1
    politeness.give_back("a")
    assert politeness.wait("a", 0.0) == 1


def test_many_sites_do_not_fill_memory_and_a_busy_one_is_not_forgotten() -> None:
    politeness = Politeness(per_second=1, burst=3)
    for number in range(30_000):
        politeness.wait(f"site{number}", number / 100)
    for _ in range(4):
        politeness.wait("busy", 300.0)
    for number in range(30_000):
        politeness.wait(f"other{number}", 300.0 + number / 1_000_000)
    assert politeness.wait("busy", 300.1) > 0
    assert len(politeness) < 50_000
