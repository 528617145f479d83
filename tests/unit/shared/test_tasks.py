import time
from typing import Any

from celery import Celery

from shared.tasks import Hinter, celery_app

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_broker_that_is_away_holds_nobody_up() -> None:
    hinter = Hinter(celery_app("test", NOWHERE))
    started = time.monotonic()
    for number in range(20_000):
        hinter.hint("test.task", str(number))
    assert time.monotonic() - started < 1.0


def test_hints_are_given_in_order_and_after_a_failure_too() -> None:
    given: list[str] = []

    class Flaky(Celery):
        def send_task(self, *_: Any, **options: Any) -> Any:
            if options["args"] == ("1",):
                raise ConnectionError("away")
            given.append(options["args"][0])

    hinter = Hinter(Flaky("test", broker=NOWHERE, set_as_current=False))
    for number in range(4):
        hinter.hint("test.task", str(number), None)
        time.sleep(0.05)
    assert given == ["0", "2", "3"]


def test_tasks_are_acknowledged_late_and_only_json_is_read() -> None:
    conf = celery_app("test", NOWHERE).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_default_queue == "test"
