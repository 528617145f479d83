"""What the terminal shows of an alert."""

from datetime import UTC, datetime, timedelta

from deploy.local.sinks.faults import Fault, Faults, parse
from deploy.local.sinks.record import Received
from deploy.local.sinks.terminal import block, span, timing

NOW = datetime(2024, 3, 22, 18, 0, tzinfo=UTC)
FACTS = "ALERT: Bombing in Quetta\n\nWhat: Bombing\nWho: claimed by &lt;A&gt;\n"
TEXT = f"{FACTS}\nWhy you get this: rule x\nEvent 1, revision 1"


def received(text: str = TEXT, **labels: str) -> Received:
    return Received(NOW, "slack", "C1", "1.000001", None, {"kind": "alert", **labels}, text, {})


def test_block_has_the_lines_that_say_something() -> None:
    lines = block(received()).splitlines()
    assert lines[0].startswith("── ALERT → slack C1 ──")
    assert [line.strip() for line in lines[1:-1]] == [
        "ALERT: Bombing in Quetta",
        "What: Bombing",
        "Who: claimed by <A>",
    ]
    assert "received 18:00:00" in lines[-1]


def test_long_lines_are_wrapped_but_no_address_is_cut() -> None:
    address = "https://news.example/" + "x" * 120
    lines = block(received(f"Toll: {'twelve killed, ' * 20}\n  {address}")).splitlines()
    assert all(len(line) <= 100 for line in lines if "https" not in line)
    assert f"     {address}" in lines


def test_words_of_an_article_cannot_steer_the_terminal() -> None:
    shown = block(received("What: \x1b[2Jgone\x07 \u202egnp.exe\r"))
    assert not set(shown) & set("\x1b\x07\u202e\r")


def test_timing_says_how_late_the_alert_is() -> None:
    message = received(
        published_at=(NOW - timedelta(minutes=16)).isoformat(), fetched_at=(NOW - timedelta(seconds=1.4)).isoformat()
    )
    assert timing(message, None) == (
        "received 18:00:00, 16 min after publication, 1.4 s after it was fetched (published 2024-03-22 17:44 UTC)"
    )


def test_timing_of_a_replay_counts_from_the_site() -> None:
    message = received(published_at="2017-05-22T22:12:00+00:00")
    assert "after publication" not in timing(message, None)
    assert "2.0 s after it came out (published 2017-05-22 22:12 UTC)" in timing(message, NOW - timedelta(seconds=2))


def test_spans() -> None:
    assert [span(timedelta(seconds=seconds)) for seconds in (0.42, 300, 9000)] == ["0.4 s", "5 min", "2.5 h"]


def test_faults_come_as_often_as_asked_and_the_same_again() -> None:
    chances = parse("lost=0.2,busy=0.1")
    drawn = [Faults(chances, seed=3).draw() for _ in range(1)] + [dice.draw() for dice in [Faults(chances, 3)] * 1000]
    assert drawn[0] == drawn[1]
    assert 150 < drawn.count(Fault.LOST) < 250
    assert 60 < drawn.count(Fault.BUSY) < 140
    assert Fault.HANG not in drawn
