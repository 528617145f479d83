"""From a record on events.changed to a request at the receiver, through the real processes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.services import programs
from deploy.local.sinks.server import Sinks
from deploy.local.supervisor import Supervisor
from services.alerting import commands
from services.alerting.turns import AT_ONCE
from shared.broker import KafkaBroker, Producer, create_topics
from shared.codes import Change, EventStatus
from shared.contracts import EVENTS_CHANGED, EventChanged, message_id
from shared.database.session import make_engine
from shared.envelope import Outgoing, encode
from tests.alerts import NOON, change
from tests.builders import toll
from tests.receivers import receivers
from tests.waiting import until

RULES = """
destinations:
  - {id: hook, channel: webhook, config: {url: env:TEST_WEBHOOK_URL, secret: env:TEST_WEBHOOK_SECRET}}
  - id: desk
    channel: slack
    config: {token: env:TEST_SLACK_TOKEN, base_url: env:TEST_SLACK_API_URL, channel: C0DESK}
  - id: mail
    channel: email
    config: {host: 127.0.0.1, port: env:TEST_SMTP_PORT, tls: none, sender: a@tocsin.example, to: duty@desk.example}
  - {id: broken, channel: webhook, config: {url: env:TEST_WEBHOOK_URL, secret: env:NOT_SET}}
rules:
  - {id: all, owner: test, route: {now: [hook, desk, mail, broken]}}
"""


class Pipeline:
    def __init__(self, environ: dict[str, str], sinks: Sinks, producer: Producer, supervisor: Supervisor) -> None:
        self.environ, self.sinks, self.supervisor = environ, sinks, supervisor
        self._producer = producer

    def publish(self, *bodies: EventChanged) -> None:
        self._producer.send(
            [
                encode(
                    Outgoing(
                        EVENTS_CHANGED,
                        str(body.event_id),
                        body,
                        message_id(EVENTS_CHANGED, body.event_id, body.revision),
                        NOON,
                    ),
                    "link",
                )
                for body in bodies
            ]
        )

    def received(self, number: int, seconds: float = 20) -> list[tuple[str, str | None]]:
        """Sink and kind of every message, once there are `number`; edits of one that was there are none."""

        def found() -> list[tuple[str, str | None]]:
            messages = [message for message in self.sinks.record.messages if message.sink != "slack_edit"]
            return sorted((message.sink, message.labels["kind"]) for message in messages)

        until(lambda: len(found()) >= number, f"{number} of them came", seconds)
        return found()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.alerting", *arguments],
            env=self.environ, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip


@pytest.fixture
def pipeline(
    database_url: str, kafka_bootstrap: str, valkey_url: str, topic_prefix: str, tmp_path: Path
) -> Iterator[Pipeline]:
    create_topics(kafka_bootstrap, topic_prefix)
    with receivers() as (sinks, environment), Supervisor(tmp_path, say=lambda line: None) as supervisor:
        environ = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path.cwd()),
            "DATABASE_URL": database_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "CELERY_BROKER_URL": valkey_url,
            "TOPIC_PREFIX": topic_prefix,
            "ALERT_SLACK_PER_SECOND": "0",
            **environment,
        }
        supervisor.launch(*programs(environ, ["alerting", "delivery"]))
        supervisor.wait()
        with closing(KafkaBroker(kafka_bootstrap, topic_prefix).producer()) as producer:
            yield Pipeline(environ, sinks, producer, supervisor)


@pytest.mark.timeout(120)  # starts what it stands on
def test_an_event_is_told_followed_and_explained(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    assert "hook" in pipeline.command("rules", "import", str(tmp_path / "rules.yml")).stdout
    engine = make_engine(pipeline.environ["DATABASE_URL"])
    assert commands.import_rules(engine, tmp_path / "rules.yml") == "nothing changed, 5 as before"

    pipeline.publish(change())
    pipeline.publish(change())  # comes twice
    assert pipeline.received(3) == [("email", "alert"), ("slack", "alert"), ("webhook", "alert")]

    pipeline.publish(change(Change.UPDATED, 2), change(Change.RETRACTED, 3, status=EventStatus.RETRACTED))
    kinds = [kind for _, kind in pipeline.received(9)]
    assert kinds == ["alert", "retraction", "update"] * 3
    for sink in ("slack", "email"):
        thread = [message for message in pipeline.sinks.record.messages if message.sink == sink]
        assert [message.labels["kind"] for message in thread] == ["alert", "update", "retraction"]
        assert {message.thread for message in thread[1:]} == {thread[0].ref}

    why = pipeline.command("why", str(change().event_id), "all").stdout
    assert "revision 1  rule all v1 -> hook: alert: the rule matches" in why
    assert "revision 3  rule all v1 -> desk: retraction" in why
    (broken,) = commands.dead(engine, "broken")[:1]
    engine.dispose()
    resent = pipeline.command("resend", str(broken))
    assert (resent.returncode, "env:NOT_SET is not set" in resent.stderr) == (1, True)


@pytest.mark.timeout(120)
def test_what_waits_for_its_turn_holds_up_no_urgent_alert(pipeline: Pipeline, tmp_path: Path) -> None:
    grave = "  - {id: grave, owner: test, urgent: true, when: {killed_at_least: 50}, route: {now: hook}}\n"
    (tmp_path / "rules.yml").write_text(RULES.replace("[hook, desk, mail, broken]", "hook") + grave)
    pipeline.command("rules", "import", str(tmp_path / "rules.yml"))
    pipeline.supervisor.stop("delivery")
    pipeline.supervisor.launch(*programs(pipeline.environ | {"ALERT_WORKER_RATE": "0.5"}, ["delivery"]))
    pipeline.supervisor.wait()
    pipeline.publish(*(change(event=UUID(int=number)) for number in range(1, AT_ONCE + 50)))
    pipeline.received(AT_ONCE, seconds=60)
    pipeline.publish(change(event=UUID(int=9999), killed=toll(60)))

    def urgent() -> bool:
        return any(one.labels["event_id"] == str(UUID(int=9999)) for one in pipeline.sinks.record.messages)

    until(urgent, "the urgent one came", 20)
    assert len(pipeline.sinks.record.messages) < AT_ONCE + 49, "the others wait for their turn"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            "rules: [{id: a, owner: me, whenn: {}, route: {now: hook}}]",
            "rule 'a': whenn: unknown field; did you mean when? allowed: id, desc",
        ),
        ("rules: [", "rules.yml"),
        (None, "No such file"),
    ],
)
def test_what_is_wrong_with_a_file_of_rules_is_said_and_nothing_is_imported(
    database_url: str, tmp_path: Path, document: str | None, words: str
) -> None:
    if document is not None:
        (tmp_path / "rules.yml").write_text(document)
    engine = make_engine(database_url)
    with pytest.raises(commands.CommandError, match=re.escape(words)):
        commands.import_rules(engine, tmp_path / "rules.yml")
    assert list(commands.list_rules(engine)) == []
    engine.dispose()


def test_told_to_end_the_processes_end_cleanly(pipeline: Pipeline) -> None:
    pipeline.publish(change(event=UUID(int=1)))
    pipeline.supervisor.stop("alerting", "delivery")  # kills what does not end in time
    for name in ("alerting", "delivery"):
        assert '"event": "stopped"' in pipeline.supervisor.last_words(name, 1)
