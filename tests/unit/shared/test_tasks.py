import threading
import time
from typing import Any

from celery import Celery

from shared.tasks import Hinter, celery_app

NOWHERE = "redis://127.0.0.1:1/0"


class Recorded(Celery):
    """Keeps what it is asked to send; the argument "away" finds the broker away."""

    def __init__(self) -> None:
        super().__init__("test", broker=NOWHERE, set_as_current=False)
        self.given: list[list[str]] = []
        self.slow = threading.Event()
        self.slow.set()

    def send_task(self, *_: Any, **options: Any) -> Any:
        self.slow.wait(5)
        (arguments,) = options["args"]
        if "away" in arguments:
            raise ConnectionError("away")
        self.given.append(arguments)

    def until(self, given: list[list[str]]) -> None:
        deadline = time.monotonic() + 5
        while self.given != given:
            assert time.monotonic() < deadline, self.given
            time.sleep(0.005)


def test_a_broker_that_is_away_holds_nobody_up() -> None:
    hinter = Hinter(celery_app("test", NOWHERE), "task")
    started = time.monotonic()
    for number in range(20_000):
        hinter.hint(str(number))
    assert time.monotonic() - started < 1.0


def test_hints_are_given_in_order_and_after_a_failure_too() -> None:
    app = Recorded()
    hinter = Hinter(app, "task")
    for argument in ("0", "away"):
        hinter.hint(argument)
        time.sleep(0.05)
    for argument in ("2", "3"):
        hinter.hint(argument)
    app.until([["0"], ["2"], ["3"]])


def test_what_comes_together_goes_together_and_once() -> None:
    app = Recorded()
    hinter = Hinter(app, "task", together=3)
    app.slow.clear()
    hinter.hint("first")
    time.sleep(0.05)
    for argument in ("a", "b", "a", "c", "d", "b"):
        hinter.hint(argument)
    app.slow.set()
    app.until([["first"], ["a", "b", "c"], ["d"]])


def test_a_hint_for_later_comes_later_and_holds_up_none_that_is_due() -> None:
    app = Recorded()
    hinter = Hinter(app, "task")
    started = time.monotonic()
    hinter.hint("later", 0.3)
    hinter.hint("now")
    hinter.hint("later", 9.0)  # it waits already, and for less
    app.until([["now"], ["later"]])
    assert 0.3 <= time.monotonic() - started < 3


def test_tasks_are_acknowledged_late_and_only_json_is_read() -> None:
    conf = celery_app("test", NOWHERE).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_default_queue == "test"
