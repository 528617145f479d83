"""kill -9 of every service process of the whole pipeline, while it has work: nothing is lost, nothing is told twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, Row, text

from deploy.local import booking
from deploy.local.books import Books
from deploy.local.following import Run, Served, follow, served
from deploy.local.pipeline import Pipeline, pipeline
from deploy.local.services import SERVICES, programs
from deploy.local.sinks import record
from shared.brokers.kafka import KafkaBroker
from shared.database.session import make_engine
from shared.failpoints import VARIABLE
from tests.newsroom.stories import ARCHIVE
from tests.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

STAGES = ("fetcher", "parser", "extract", "link", "alerting", "delivery")
WAVE = 12  # articles that come out at a time
PATIENCE = 60.0  # seconds
ASKABLE = "slack"  # the sink that can be asked what it has got, so that it gets nothing twice
SETTINGS = {
    "ALERT_SLACK_PER_SECOND": "0",
    "ALERT_LEASE_SECONDS": "3",
    "ALERT_SWEEP_SECONDS": "1",
    "FETCH_SECONDS": "5",  # a dead fetcher's feeds are another's after a lease of twice that and 15 s
}
SINKS = ("--no-rate-limit", "--show=none")

# Each place kills every process that passes it; together they kill all of them, at their worst moments.
WORST_MOMENTS = {
    "relay.after_send": 2,  # fetcher; link, where it comes first
    "stage.after_produce": 2,  # parser, extract
    "stage.before_commit": 5,  # link, alerting
    "stage.after_commit": 3,
    "delivery.after_send": 9,
}


class Disturbed:
    """A pipeline over the archive whose books are open to look at."""

    def __init__(self, running: Pipeline, engine: Engine, topics: booking.Topics) -> None:
        self.running, self._engine, self._topics = running, engine, topics
        self.articles: list[Served] = served(ARCHIVE, running.newsroom)
        self._out = 0

    def books(self) -> Books:
        received = [message.labels["delivery_id"] or "" for message in record.read(self.running.received)]
        return booking.read(self._topics, self._engine, [article.id for article in self.articles], received)

    def let_out(self) -> None:
        """The next few articles."""
        self._out = httpx.post(f"{self.running.newsroom}/-/release", params={"count": WAVE}).json()["released"]

    def has_work(self, name: str) -> bool:
        """Whether something waits for the service, or is in its hands."""
        stage = next(stage for stage in self.books().stages if stage.name == name)
        return self._out > len(stage.produced) if name == "fetcher" else bool(stage.open)

    def kill_at_work(self, name: str) -> None:
        """Stop the process where it stands, let it have work, end it as `kill -9` does, start it again."""
        supervisor = self.running.supervisor
        os.kill(supervisor.pid(name), signal.SIGSTOP)
        self.let_out()
        until(lambda: self.has_work(name), f"there is work for {name}", seconds=PATIENCE)
        supervisor.kill(name)
        supervisor.restart(name)

    def rows(self, query: str) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(query)))


@pytest.fixture
def disturbed(request: pytest.FixtureRequest) -> Iterator[Disturbed]:
    settings = {**SETTINGS, **getattr(request, "param", {})}
    with pipeline(ARCHIVE, speed="held", sink_options=SINKS, settings=settings, say=lambda line: None) as running:
        engine = make_engine(running.parts.database_url, "test")
        with closing(booking.Topics(KafkaBroker(running.parts.bootstrap))) as topics:
            yield Disturbed(running, engine, topics)
        engine.dispose()


def test_each_process_killed_in_turn(disturbed: Disturbed) -> None:
    for name in STAGES:
        disturbed.kill_at_work(name)
    disturbed.running.supervisor.kill("api")  # it has no work that could be lost
    disturbed.running.supervisor.restart("api")
    run = follow(disturbed.running, disturbed.articles, WAVE)
    check(disturbed, run)


@pytest.mark.parametrize(
    "disturbed",
    [{VARIABLE: ",".join(f"{place}=kill@{passes}" for place, passes in WORST_MOMENTS.items())}],
    indirect=True,
    ids=["failpoints"],
)
def test_each_process_killed_at_its_worst_moment(disturbed: Disturbed) -> None:
    over = Event()
    with ThreadPoolExecutor(1) as pool:
        reviving = pool.submit(revive, disturbed.running, over)
        try:
            run = follow(disturbed.running, disturbed.articles, WAVE)
        finally:
            over.set()
        assert reviving.result() == dict.fromkeys(STAGES, -signal.SIGKILL)
    check(disturbed, run)


def revive(running: Pipeline, over: Event) -> dict[str, int]:
    """Start again, without failpoints, what dies; returns what died, and how."""
    deaths: dict[str, int] = {}
    while not over.wait(0.1):
        for name, code in running.supervisor.died().items():
            deaths[name] = code
            running.supervisor.launch(*programs({**running.environ, VARIABLE: ""}, [name]))
    return deaths


def check(disturbed: Disturbed, run: Run) -> None:
    """What must be true at the end, however it went."""
    assert run.books.faults() == []
    assert len(run.books.stages[0].produced) == len(disturbed.articles)
    assert disturbed.running.supervisor.alive() >= {service.name for service in SERVICES}
    check_events(disturbed)
    check_alerts(disturbed, run)
    check_messages(disturbed, run)


def check_events(disturbed: Disturbed) -> None:
    """No event twice: each attack of an article is in one event, each event began once and has all its revisions."""
    frames = disturbed.rows("SELECT article_id, frame_index, count(*) AS n FROM reports GROUP BY 1, 2")
    assert frames and {row.n for row in frames} == {1}
    begun = disturbed.rows("""
        SELECT article, events, (SELECT count(*) FROM reports WHERE article_id = article) AS frames FROM (
            SELECT (body ->> 'article_id')::uuid AS article, count(*) AS events
            FROM revisions WHERE revision = 1 GROUP BY 1
        ) AS beginnings
    """)
    assert begun and [row for row in begun if row.events > row.frames] == []
    histories = disturbed.rows("""
        SELECT events.id, events.revision AS last, count(*) AS n, count(DISTINCT revisions.revision) AS different
        FROM events LEFT JOIN revisions ON revisions.event_id = events.id GROUP BY 1, 2
    """)
    assert histories and all(row.last == row.n == row.different for row in histories)


def check_alerts(disturbed: Disturbed, run: Run) -> None:
    """The catch-all destination got one alert for each event that was ever alertable, and nobody got two."""
    rows = disturbed.rows("SELECT id, event_id, destination_id, kind FROM deliveries")
    told = {str(row.id): row for row in rows}
    received = {message.labels["delivery_id"] or "" for message in run.received}
    alerts = Counter((told[one].destination_id, told[one].event_id) for one in received if told[one].kind == "alert")
    assert set(alerts.values()) == {1}
    alertable = disturbed.rows("SELECT DISTINCT event_id FROM revisions WHERE alertable")
    assert {event for destination, event in alerts if destination == "catch-all"} == {row.event_id for row in alertable}


def check_messages(disturbed: Disturbed, run: Run) -> None:
    """Slack got nothing twice; the others only what was in doubt, and then it says the same id again."""
    rows = disturbed.rows("SELECT id, message_ref, ambiguous FROM deliveries")
    ambiguous = {str(row.id): row.ambiguous for row in rows}
    refs = {str(row.id): row.message_ref for row in rows}
    times = Counter((message.sink, message.labels["delivery_id"] or "") for message in run.received)
    assert {delivery for _, delivery in times} == set(ambiguous)
    assert [(sink, one) for (sink, one), n in times.items() if n - 1 > (0 if sink == ASKABLE else ambiguous[one])] == []
    mails = [message for message in run.received if message.sink == "email"]
    assert mails and all(mail.ref == refs[mail.labels["delivery_id"] or ""] for mail in mails)
