"""What the sinks received: kept in memory, written to a JSON-lines file, handed to whoever listens."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from shared.clock import Clock, wall

EDIT = "slack_edit"  # the sink of what edits a message that was there, and is no message of its own


@dataclass(frozen=True)
class Received:
    """One message as it came in. `labels`: delivery_id, event_id, kind, article_id, fetched_at, published_at."""

    received_at: datetime  # wall time
    sink: str  # slack, slack_edit, slack_webhook, email, webhook, teams ...
    destination: str  # channel, path of the hook, recipients
    ref: str  # what names the message: Slack ts, Message-ID, delivery id
    thread: str | None  # the message that it answers: Slack thread_ts, References
    labels: dict[str, str | None]
    text: str  # plain text, as sent
    raw: Any  # all of it

    def line(self) -> str:
        return json.dumps(asdict(self) | {"received_at": self.received_at.isoformat()}, ensure_ascii=False)


class Record:
    """Everything received so far, oldest first. `file` gets a line for each message, at once."""

    def __init__(
        self, file: Path | None = None, listen: Callable[[Received], None] | None = None, clock: Clock = wall
    ) -> None:
        self.messages: list[Received] = []
        self.clock = clock
        self._listen = listen
        self._file: TextIO | None = file.open("a", encoding="utf-8") if file else None

    def add(
        self,
        sink: str,
        destination: str,
        *,
        ref: str,
        thread: str | None = None,
        labels: dict[str, str | None],
        text: str,
        raw: Any,
    ) -> None:
        message = Received(self.clock(), sink, destination, ref, thread, labels, text, raw)
        self.messages.append(message)
        if self._file:
            self._file.write(message.line() + "\n")
            self._file.flush()
        if self._listen:
            self._listen(message)

    def close(self) -> None:
        if self._file:
            self._file.close()


def read(file: Path) -> list[Received]:
    """What a record's file holds so far; a line that is just being written is left for later."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    rows = (json.loads(line) for line in lines)
    return [Received(**row | {"received_at": datetime.fromisoformat(row["received_at"])}) for row in rows]


LABELS = ("delivery_id", "event_id", "kind", "article_id", "fetched_at", "published_at")


def labels_of(values: dict[str, Any]) -> dict[str, str | None]:
    """The labels among `values`; None for what is not there."""
    return {name: str(values[name]) if values.get(name) is not None else None for name in LABELS}
