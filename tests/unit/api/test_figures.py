"""What is usual for a span of days, and what is a surge."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.figures import Baseline, Calendar, Span, baseline, named, periods, reference_windows, surge_score

LONG_AGO = date(1950, 1, 1)
TODAY = date(2024, 4, 1)


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("year_to_date", date(2024, 1, 1), TODAY),
        ("last_year", date(2023, 1, 1), date(2023, 12, 31)),
        ("last_7_days", date(2024, 3, 26), TODAY),
        ("last_30_days", date(2024, 3, 3), TODAY),
        ("last_365_days", date(2023, 4, 3), TODAY),
    ],
)
def test_spans_by_name(name: str, since: date, until: date) -> None:
    assert named(name, TODAY) == Span(since, until)  # type: ignore[arg-type]


def test_on_a_leap_day_last_year_is_whole() -> None:
    assert named("last_year", date(2024, 2, 29)).days == 365
    assert named("year_to_date", date(2024, 2, 29)).days == 60


@given(
    since=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    days=st.integers(1, 900),
    kind=st.sampled_from(get_args(Calendar)),
)
def test_periods_are_of_the_calendar_and_leave_no_day_out(since: date, days: int, kind: Calendar) -> None:
    span = Span(since, since + timedelta(days=days - 1))
    found = list(periods(span, kind))
    assert found[0].since <= span.since <= found[0].until
    assert found[-1].since <= span.until <= found[-1].until
    assert all(after.since - before.until == timedelta(days=1) for before, after in pairwise(found))
    begins: dict[Calendar, Callable[[date], bool]] = {
        "day": lambda day: True,
        "week": lambda day: day.weekday() == 0,
        "month": lambda day: day.day == 1,
        "quarter": lambda day: day.day == 1 and day.month in {1, 4, 7, 10},
        "year": lambda day: (day.month, day.day) == (1, 1),
    }
    every_day = (each.since + timedelta(days=number) for each in found for number in range(each.days))
    assert [day for day in every_day if begins[kind](day)] == [each.since for each in found]


@given(days=st.integers(1, 400), until=st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_windows_are_as_long_on_the_same_weekdays_and_overlap_nothing(days: int, until: date) -> None:
    span = Span(until - timedelta(days=days - 1), until)
    windows = reference_windows(span, LONG_AGO)
    assert len(windows) >= 8
    assert {window.days for window in windows} == {days}
    assert {window.since.weekday() for window in windows} == {span.since.weekday()}
    ordered = sorted([span, *windows], key=lambda window: window.since)
    assert all(a.until < b.since for a, b in pairwise(ordered))


def test_a_week_has_eight_before_it_and_three_of_the_season_in_each_of_three_years() -> None:
    windows = reference_windows(Span(date(2024, 3, 25), date(2024, 3, 31)), LONG_AGO)
    assert len(windows) == 8 + 3 * 3
    assert Span(date(2023, 3, 27), date(2023, 4, 2)) in windows


def test_no_window_begins_before_events_were_kept() -> None:
    span = Span(date(2024, 3, 25), date(2024, 3, 31))
    windows = reference_windows(span, date(2024, 2, 20))
    assert [window.since for window in windows] == [
        date(2024, 3, 18),
        date(2024, 3, 11),
        date(2024, 3, 4),
        date(2024, 2, 26),
    ]
    assert reference_windows(span, date(2024, 3, 25)) == []


def test_one_wild_week_does_not_move_the_baseline() -> None:
    assert baseline([10, 12, 11, 9, 10, 500]) == Baseline(10.5, 1.0, 6)


def test_too_few_windows_say_nothing() -> None:
    assert baseline([1, 2, 3]) is None


def test_a_surge_is_far_from_usual_both_for_many_and_for_few() -> None:
    many, none = Baseline(100, 5, 8), Baseline(0, 0, 8)
    assert surge_score(100, many) == 0
    assert surge_score(140, many) == 4
    assert surge_score(60, many) == -4
    assert surge_score(1, none) == 1  # one attack where there is never one is no surge
    assert surge_score(5, none) == 5
