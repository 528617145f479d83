"""A toy pipeline for tests of the runtime: pings in, pongs out; each ping says what is to become of it."""

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, text

from shared.broker import Record
from shared.contracts import DEAD_LETTERS, OUTCOMES, Message, Topic, message_id
from shared.envelope import encode
from shared.stage import Filtered, Incoming, Outgoing, Produced, Rejected, Stage


class Ping(Message):
    number: int
    fate: Literal["produced", "filtered", "dead"] = "produced"


class Pong(Message):
    number: int
    note: str = ""


PINGS = Topic("test.pings", "tocsin.test.ping.v1", Ping, "number", 3, 1)
PONGS = Topic("test.pongs", "tocsin.test.pong.v1", Pong, "number", 3, 1)
TOY_TOPICS = (PINGS, PONGS, OUTCOMES, DEAD_LETTERS)

MESSAGE_TIME = datetime(2024, 3, 22, 17, 0, tzinfo=UTC)


def ping(number: int, fate: Literal["produced", "filtered", "dead"] = "produced") -> Record:
    return encode(
        Outgoing(PINGS, str(number % 10), Ping(number=number, fate=fate), f"ping-{number}", MESSAGE_TIME), "test"
    )


def junk(number: int) -> Record:
    """A ping whose body is no JSON."""
    record = ping(number)
    return Record(record.topic, record.key, b"{", {**record.headers, "ce_id": f"junk-{number}"})


def pong_id(number: int) -> str:
    return message_id(PONGS, number)


def answer(message: Incoming[Ping]) -> Produced | Filtered:
    if message.body.fate == "dead":
        raise Rejected("it says so")
    if message.body.fate == "filtered":
        return Filtered("it_says_so")
    pong = Pong(number=message.body.number)
    return Produced([Outgoing(PONGS, message.key or "", pong, pong_id(message.body.number))])


def answer_and_write(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
    """Leaves a row for each ping, also for one that it rejects thereafter: that row must not stay."""
    connection.execute(
        text("INSERT INTO audit_log (actor, action, target, detail) VALUES ('toy', 'answer', :id, '{}')"),
        {"id": message.id},
    )
    return answer(message)


def written(connection: Connection) -> list[str]:
    """Ids of the messages that `answer_and_write` left rows for."""
    return list(connection.scalars(text("SELECT target FROM audit_log WHERE actor = 'toy' ORDER BY target")))


STATELESS = Stage("toy", PINGS, (PONGS,), answer)
STATEFUL = Stage("toy", PINGS, (PONGS,), answer_and_write)
