"""Turns of destinations at a worker: how fast, how evenly, and who waits."""

from services.alerting.turns import AT_ONCE, Turns


class Worker:
    """A worker that sends in no time, and what it sent when."""

    def __init__(self, rate: float | None, batch: int = 8) -> None:
        self.now, self.batch = 1000.0, batch
        self.turns = Turns(batch, rate, lambda: self.now)
        self.sent: list[tuple[float, str]] = []

    def serve(self, destination: str, waiting: int) -> float:
        """Send what its turn allows; returns for how long it has to wait."""
        if wait := self.turns.wait(destination):
            return wait
        self.sent += [(self.now, destination)] * min(waiting, self.batch)
        self.turns.took(min(waiting, self.batch))
        return 0.0

    def until_sent(self, backlog: dict[str, int]) -> None:
        due = dict.fromkeys(backlog, self.now)
        while due:
            destination = min(due, key=lambda name: due[name])
            self.now = max(self.now, due[destination])
            before = len(self.sent)
            due[destination] = self.now + self.serve(destination, backlog[destination])
            backlog[destination] -= len(self.sent) - before
            if not backlog[destination]:
                del due[destination]


def test_without_a_rate_nobody_waits() -> None:
    worker = Worker(rate=None)
    worker.until_sent({"a": 10_000, "b": 10_000})
    assert worker.now == 1000.0


def test_a_burst_takes_as_long_as_the_rate_says() -> None:
    worker = Worker(rate=300)
    worker.until_sent({f"desk-{number}": 100 for number in range(20)})
    assert len(worker.sent) == 2000
    assert abs(worker.now - 1000.0 - (2000 - AT_ONCE) / 300) < 0.3


def test_after_the_first_of_them_it_is_even() -> None:
    worker = Worker(rate=300)
    worker.until_sent({f"desk-{number}": 100 for number in range(20)})
    later = [at for at, _ in worker.sent[AT_ONCE:]]
    most = max(sum(begin <= at < begin + 0.1 for at in later) for begin in later)
    assert most <= 30 + 2 * worker.batch


def test_one_message_for_a_quiet_destination_waits_for_a_turn_of_the_others_not_for_their_backlog() -> None:
    worker = Worker(rate=300)
    worker.until_sent({**{f"desk-{number}": 100 for number in range(20)}, "quiet": 1})
    at = next(at for at, destination in worker.sent if destination == "quiet")
    assert at - 1000.0 < 22 * worker.batch / 300


def test_few_messages_for_many_destinations_go_at_once() -> None:
    worker = Worker(rate=10)
    worker.until_sent({f"desk-{number}": 1 for number in range(100)})
    assert worker.now == 1000.0


def test_after_a_rest_no_more_than_the_first_ones_go_at_once() -> None:
    worker = Worker(rate=100)
    worker.now += 3600
    worker.until_sent({"a": AT_ONCE + 100})
    assert abs(worker.now - 4600.0 - 1.0) < 0.1
