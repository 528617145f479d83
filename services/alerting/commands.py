"""What people do by hand: import and list rules, ask why, test a destination, send again."""

import getpass
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml
from sqlalchemy import Engine, Row, select

from services.alerting.delivery import Desk, deliver
from services.alerting.domain import rulebook
from services.alerting.domain.alert import check_message
from services.alerting.domain.destinations import Destination
from services.alerting.service import message_ref
from services.alerting.store import backlog, decisions, rules
from shared.clock import wall
from shared.database import tables


class CommandError(Exception):
    """A line for whoever gave the command."""


def import_rules(engine: Engine, path: Path) -> str:
    """Put a document in force, or nothing of it."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{path}: {error}") from error
    with engine.begin() as connection:
        known = connection.scalars(select(tables.Destination.id)).all()
        try:
            new_rules, entries = rulebook.read(document or {}, known)
        except rulebook.RulesError as error:
            raise CommandError("\n".join(f"{path}: {fault}" for fault in error.faults)) from error
        done = rules.save(connection, new_rules, entries, _user())
    return f"{', '.join(done.changed) or 'nothing'} changed, {done.unchanged} as before"


def list_rules(engine: Engine) -> Iterable[str]:
    with engine.begin() as connection:
        for rule, version in rules.rules(connection):
            yield f"{rule.summary} [v{version}, {rule.owner}]"
        for found in rules.destinations(connection):
            yield f"destination {found.id}: {found.channel}{'' if found.enabled else ' (disabled)'}"


def why(engine: Engine, event: UUID, rule: str | None) -> Iterable[str]:
    with engine.begin() as connection:
        found = decisions.decisions(connection, event, rule)
    if not found:
        raise CommandError(f"nothing was decided about event {event}" + (f" by rule {rule}" if rule else ""))
    return [_decision(row) for row in found]


def test(desk: Desk, name: str) -> str:
    """Send a test message, and keep it with the deliveries; it takes the same way as an alert."""
    delivery = uuid4()
    with desk.engine.begin() as connection:
        destination = _destination(connection.execute(_by_id(name)).one_or_none(), name)
        ref = message_ref(destination, delivery)
        decisions.put_delivery(connection, delivery, name, check_message(name), [], ref, wall())
    return _deliver_now(desk, delivery)


def resend(desk: Desk, chosen: Sequence[UUID]) -> Iterable[str]:
    """Send deliveries anew, now."""
    for delivery in chosen:
        with desk.engine.begin() as connection:
            if not backlog.revive(connection, delivery):
                raise CommandError(f"no delivery {delivery} to send again (or it is being sent right now)")
        yield _deliver_now(desk, delivery)


def dead(engine: Engine, destination: str | None) -> list[UUID]:
    with engine.begin() as connection:
        return backlog.dead(connection, destination)


def _deliver_now(desk: Desk, delivery: UUID) -> str:
    deliver(desk, delivery)
    table = tables.Delivery
    with desk.engine.begin() as connection:
        row = connection.execute(
            select(table.destination_id, table.kind, table.state, table.error).where(table.id == delivery)
        ).one()
    line = f"{delivery} {row.kind} to {row.destination_id}: {row.state}" + (f": {row.error}" if row.error else "")
    if row.state == "dead":
        raise CommandError(line)
    return line if row.state == "sent" else f"{line} (the worker goes on with it)"


def _by_id(name: str) -> Any:
    return select(tables.Destination).where(tables.Destination.id == name)


def _destination(row: Row[Any] | None, name: str) -> Destination:
    if row is None:
        raise CommandError(f"no destination {name!r}; `rules list` shows them")
    found = rules.read_destination(row)
    if not isinstance(found, Destination):
        raise CommandError("\n".join(found))
    return found


def _decision(row: Row[Any]) -> str:
    rule = f"rule {row.rule_id} v{row.rule_version}" if row.rule_version else "no rule"
    return f"revision {row.revision}  {rule} -> {row.destination_id}: {row.result}: {row.reason}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "import"


def say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
