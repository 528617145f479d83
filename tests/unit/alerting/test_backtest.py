"""The backtest's memory says what the database would: it is held to the behaviour of the stage."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.alerting.domain.backtest import Moment, replay, trial
from services.alerting.domain.results import Result
from shared.codes import Change, EventStatus, MessageKind
from tests.alerts import EVENT, NOON, OTHER, book, change, destination, rule
from tests.builders import QUETTA, toll

HOUR = timedelta(hours=1)


def event(number: int, hours: float = 0, kind: Change = Change.CREATED, revision: int = 1, **values: Any) -> Moment:
    return Moment(change(kind, revision, event=UUID(int=number), **values), NOON + hours * HOUR)


def test_it_counts_messages_and_what_told_nothing() -> None:
    moments = [
        event(1),
        event(1, 1, Change.UPDATED, 2, material=False),
        event(1, 2, Change.UPDATED, 3),
        event(1, 3, Change.RETRACTED, 4, status=EventStatus.RETRACTED),
        event(2, 4, killed=toll(1)),
    ]
    (found,) = replay(moments, book(rule(when={"killed_at_least": 5})))
    assert (found.changes, len(found.events), list(found.alerts)) == (5, 2, [UUID(int=1)])
    assert found.messages == {MessageKind.ALERT: 1, MessageKind.UPDATE: 1, MessageKind.RETRACTION: 1}
    assert found.missed == {Result.NOT_MATERIAL: 1, Result.NO_MATCH: 1}


def test_what_is_held_is_told_in_one_digest_and_followed_after() -> None:
    desk = destination("desk", quiet_hours={"from": "22:00", "to": "07:00"})
    night = [event(number, 11) for number in range(1, 6)]
    retracted = event(5, 12, Change.RETRACTED, 2, status=EventStatus.RETRACTED)
    after = [event(1, 30, Change.UPDATED, 2), event(6, 30)]
    (found,) = replay([*night, retracted, *after], book(rule(), destinations=(desk,)))
    assert found.messages == {MessageKind.DIGEST: 1, MessageKind.UPDATE: 1, MessageKind.ALERT: 1}
    assert found.held == {Result.QUIET: 5}
    assert sorted(one.int for one in found.alerts) == [1, 2, 3, 4, 6]


def test_throttles_groups_and_inhibition_work_as_they_would() -> None:
    burst = [event(number, number / 60) for number in range(1, 11)]
    (throttled,) = replay(
        burst, book(rule(), destinations=(destination("desk", throttle={"messages": 3, "minutes": 60}),))
    )
    assert throttled.messages == {MessageKind.ALERT: 3, MessageKind.DIGEST: 1}
    (grouped,) = replay(burst, book(rule(), destinations=(destination("desk", group={"more_than": 4, "minutes": 60}),)))
    assert (grouped.messages[MessageKind.ALERT], grouped.held) == (4, {Result.GROUPED: 6})
    (hidden,) = replay(
        [event(1, killed=toll(50), place=QUETTA), event(2, 1), event(2, 2, Change.UPDATED, 2, material=False)],
        book(rule(inhibited_by={"by": "graver"})),
    )
    assert (hidden.messages, hidden.missed) == ({MessageKind.ALERT: 1}, {Result.INHIBITED: 2})


def test_threads_of_merged_events_go_on() -> None:
    merged = Moment(change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED), NOON + HOUR)
    survivor = Moment(change(Change.MERGED, 2, event=OTHER, merged_from=(EVENT,)), NOON + HOUR)
    (found,) = replay([Moment(change(), NOON), merged, survivor], book(rule()))
    assert found.messages == {MessageKind.ALERT: 1, MessageKind.UPDATE: 2}


def test_two_books_are_run_side_by_side_and_a_draft_as_if_it_were_in_force() -> None:
    draft = rule(enabled=False, expires_at=NOON, when={"killed_at_least": 5})
    few, all_ = replay(iter([event(1, killed=toll(1)), event(2)]), book(trial(draft)), book(rule()))
    assert (len(few.alerts), len(all_.alerts)) == (1, 2)
