from datetime import UTC, datetime, time
from typing import Any

import pytest
from pydantic import ValidationError

from services.alerting.domain.pacing import QuietHours, Schedule, next_digest, quiet_until

NIGHT = QuietHours.model_validate({"from": "22:00", "to": "07:00"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def until(moment: str, zone: str, *windows: QuietHours) -> Any:
    end = quiet_until(at(moment), windows or (NIGHT,), zone)
    return end and f"{end:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2023-01-30 21:59", "UTC", None),
        ("2023-01-30 22:00", "UTC", "2023-01-31 07:00"),
        ("2023-01-31 06:59", "UTC", "2023-01-31 07:00"),  # after midnight: the night that began the day before
        ("2023-01-31 07:00", "UTC", None),
        ("2023-01-30 17:00", "Asia/Karachi", "2023-01-31 02:00"),  # 22:00 there
        ("2023-01-30 16:59", "Asia/Karachi", None),
        ("2023-03-25 22:00", "Europe/London", "2023-03-26 06:00"),  # the night that the clock is put forward
        ("2023-10-28 22:00", "Europe/London", "2023-10-29 07:00"),  # and back: one hour more
    ],
)
def test_quiet_hours_are_the_recipients_over_midnight_and_a_change_of_the_clock(
    moment: Any, zone: Any, expected: Any
) -> None:
    assert until(moment, zone) == expected


def test_an_hour_that_comes_twice_is_quiet_both_times() -> None:
    early = QuietHours.model_validate({"from": "00:30", "to": "01:30"})
    for moment in ("2023-10-29 00:15", "2023-10-29 00:45", "2023-10-29 01:15"):  # 01:15, 01:45 and 01:15 again
        assert until(moment, "Europe/London", early) == "2023-10-29 01:30"
    assert until("2023-10-29 01:30", "Europe/London", early) is None


def test_windows_without_a_gap_are_one_and_days_are_those_a_window_begins_on() -> None:
    nights = QuietHours.model_validate({"from": "22:00", "to": "00:00", "days": ["fri"]})
    weekend = QuietHours.model_validate({"from": "00:00", "to": "00:00", "days": ["sat", "sun"]})
    assert until("2023-02-03 23:00", "UTC", nights, weekend) == "2023-02-06 00:00"
    assert until("2023-02-02 23:00", "UTC", nights, weekend) is None


def test_hours_that_never_end_are_told_after_some_days() -> None:
    always = QuietHours.model_validate({"from": "00:00", "to": "00:00"})
    assert until("2023-02-01 12:00", "UTC", always) == "2023-02-15 00:00"


@pytest.mark.parametrize(
    ("schedule", "moment", "zone", "expected"),
    [
        ({}, "2023-01-30 07:59", "UTC", "2023-01-30 08:00"),
        ({}, "2023-01-30 08:00", "UTC", "2023-01-31 08:00"),
        ({"every": "week", "day": "wed", "at": "06:30"}, "2023-01-30 12:00", "Asia/Karachi", "2023-02-01 01:30"),
        ({"every": "week", "day": "mon"}, "2023-01-30 08:00", "UTC", "2023-02-06 08:00"),
        ({"at": "07:00"}, "2023-03-25 12:00", "Europe/London", "2023-03-26 06:00"),
    ],
)
def test_digests_are_due_by_the_recipients_clock(schedule: Any, moment: Any, zone: Any, expected: Any) -> None:
    due = next_digest(at(moment), Schedule.model_validate(schedule), zone)
    assert f"{due:%Y-%m-%d %H:%M}" == expected


def test_times_may_be_written_as_yaml_reads_them() -> None:
    read = QuietHours.model_validate({"from": 22 * 60 + 30, "to": "07:00"})  # YAML 1.1: 22:30 is 22 sixties and 30
    assert (read.start, read.end) == (time(22, 30), time(7))
    for wrong in ("25:00", "07:00+01:00", 1440, True):
        with pytest.raises(ValidationError):
            QuietHours.model_validate({"from": wrong, "to": "07:00"})
