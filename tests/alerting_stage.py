"""The stage that decides, fed as the runtime feeds it, for tests on a real database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from services.alerting import service
from services.alerting.domain.rulebook import read
from services.alerting.store import rules as rule_store
from shared.contracts import EVENTS_CHANGED, EventChanged
from shared.handler import Filtered, Produced
from shared.stage import Incoming
from tests.alerts import NOON, destination


class Stage:
    """The handler, fed as the runtime feeds it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.woken: list[UUID] = []
        self._handle = service.handler(self.woken.append)

    def take(self, body: EventChanged, at: datetime = NOON) -> Produced | Filtered:
        """`at`: message time."""
        incoming = Incoming(
            f"{body.event_id}/{body.revision}", at, body, str(body.event_id), EVENTS_CHANGED.name, 0, 0,
            datetime.now(UTC), None,
        )  # fmt: skip
        with self.engine.begin() as connection:
            result = self._handle(incoming, connection)
        for hook in result.after_commit:
            hook()
        return result

    def rules(self, *rules: dict[str, Any], channel: str = "webhook", **config: Any) -> None:
        """Put rules in force, and the destination `desk` that they lead to."""
        desk = destination("desk", channel, **config)
        document = {
            "rules": [{"owner": "desk", **rule} for rule in rules],
            "destinations": [{"id": "desk", "channel": channel, "config": desk.config.model_dump(mode="json")}],
        }
        with self.engine.begin() as connection:
            rule_store.save(connection, *read(document), by="test")

    def rows(self, table: Any, *columns: str) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            wanted = [getattr(table, name) for name in columns]
            return sorted((tuple(row) for row in connection.execute(select(*wanted))), key=str)
