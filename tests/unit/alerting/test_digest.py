from datetime import timedelta
from typing import Any
from uuid import UUID

from services.alerting.domain.digest import MOST_LINES, Held, digest, plain
from services.alerting.domain.digest_message import digest_message
from shared.codes import Change, MessageKind
from shared.contracts import EventChanged, Reason
from tests.alerts import NOON, OTHER, change
from tests.builders import QUETTA, toll

DAY = timedelta(days=1)


def held(
    number: int = 1, kind: MessageKind = MessageKind.ALERT, days: float = 0, body: Any = None, **values: Any
) -> Held:
    at = NOON + days * DAY
    made: EventChanged = body or change(event=UUID(int=number), first_reported_at=at, **values)
    return Held(made, kind, "quiet hours until Tue 07:00", at)


def test_counts_are_of_new_events_and_add_up_what_is_known() -> None:
    update = held(4, MessageKind.UPDATE, killed=toll(99))
    found = digest([held(1, killed=toll(3)), held(2, killed=None, place=QUETTA), held(3, place=None), update], "UTC")
    assert (found.title, found.events, found.updates) == ("Digest: 3 attacks and 1 update", 3, 1)
    assert (found.killed, found.injured) == (15, None), "unknown is not nobody"
    assert found.countries == [("Pakistan", 2)]
    assert found.attack_types == [("bombing", 3)]


def test_lines_are_newest_first_in_the_readers_time_with_what_changed() -> None:
    reasons = (Reason(field="killed", old="5", new="12", source="Dawn", material=True), Reason(field="date", new="x"))
    late = change(event=UUID(int=3), late_seconds=7200, first_reported_at=NOON - DAY)
    found = digest(
        [
            held(body=late),
            held(1, MessageKind.UPDATE, reasons=reasons),
            held(
                2,
                MessageKind.UPDATE,
                body=change(Change.MERGED, 2, merged_into=OTHER, first_reported_at=NOON - 2 * DAY),
            ),
        ],
        "Asia/Karachi",
    )
    assert [(line.time, line.update, line.change) for line in found.lines] == [
        ("Mon 30 Jan 17:00", True, "killed 5 → 12, per Dawn"),
        ("Sun 29 Jan 17:00", False, "2 h late"),
        ("Sat 28 Jan 17:00", True, f"same attack as event {OTHER}"),
    ]
    assert found.lines[0].url == "https://news.example/dawn/1"


def test_as_plain_text_it_has_a_plot_where_it_spans_days_and_a_line_an_event() -> None:
    found = digest([held(1), held(2), held(3, days=2, place=QUETTA)], "UTC")
    assert plain(found).splitlines() == [
        "Mon 30 Jan  ██████████████████████████████ 2",
        "Tue 31 Jan   0",
        "Wed 01 Feb  ███████████████ 1",
        "",
        "Wed 01 Feb 12:00  bombing in Quetta, Pakistan: 12 killed (unconfirmed)",
        "Mon 30 Jan 12:00  bombing in Peshawar, Pakistan: 12 killed (unconfirmed)",
        "Mon 30 Jan 12:00  bombing in Peshawar, Pakistan: 12 killed (unconfirmed)",
    ]


def test_what_is_left_out_is_counted() -> None:
    found = digest([held(number) for number in range(1, MOST_LINES + 11)], "UTC")
    assert (len(found.lines), found.omitted) == (MOST_LINES, 10)
    assert plain(found, 20).splitlines()[-1] == "and 40 more"


def test_as_a_message_any_channel_can_send_it() -> None:
    message = digest_message(digest([held(1), held(2, place=QUETTA)], "Asia/Karachi"))
    assert message.kind is MessageKind.DIGEST
    assert message.subject == "Digest: 2 attacks, Mon 30 Jan 17:00 to Mon 30 Jan 17:00 (Asia/Karachi)"
    assert (message.toll, message.where, message.what) == ("24 killed", "Pakistan 2", "bombing 2")
    assert message.why == ["quiet hours until Tue 07:00"]
    assert "Quetta" in (message.note or "")
    assert message.digest is not None
    assert type(message).model_validate(message.model_dump(mode="json")) == message, "kept with its delivery"
