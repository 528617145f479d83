"""Rules and destinations: the newest version of each is in force."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.alerting.domain.destinations import CONFIGS, Destination, Entry, checked
from services.alerting.domain.explain import explain
from services.alerting.domain.matching import RuleIndex
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from services.alerting.store.silences import silences
from shared.database import tables

log = structlog.get_logger(__name__)

MOST_WITHOUT_INDEX = 200  # rules; of so many every one is asked about every change, and every answer recorded


class RuleCache:
    """The rules in force, read again when one has changed; silences are read each time."""

    def __init__(self) -> None:
        self._state: object = None
        self._book = Rulebook((), {})

    def current(self, connection: Connection, at: datetime) -> Rulebook:
        state = _state(connection)
        if state != self._state:
            self._book = book(connection)
            self._state = state
        return replace(self._book, silences=tuple(silences(connection, at)))


def book(connection: Connection) -> Rulebook:
    """The rules in force, without silences; a large book with its index."""
    found = tuple(rules(connection))
    known = {one.id: one for one in destinations(connection)}
    return Rulebook(found, known, index=RuleIndex(found) if len(found) > MOST_WITHOUT_INDEX else None)


def _state(connection: Connection) -> tuple[Any, ...]:
    """Another value after each change: rules are only ever added to, destinations count their versions up."""
    every_rule = select(func.count()).select_from(tables.Rule).scalar_subquery()
    versions = select(func.coalesce(func.sum(tables.Destination.version), 0)).scalar_subquery()
    return tuple(connection.execute(select(every_rule, versions)).one())


def rules(connection: Connection) -> Iterable[tuple[Rule, int]]:
    """The newest version of every rule, switched off ones too; one that cannot be read is logged and left out."""
    newest = select(tables.Rule).ext(distinct_on(tables.Rule.id)).order_by(tables.Rule.id, tables.Rule.version.desc())
    for row in connection.execute(newest):
        try:
            yield Rule.model_validate(row.definition), row.version
        except ValidationError as error:
            _broken(f"rule {row.id!r}, version {row.version}", explain("stored", Rule, error))


def destinations(connection: Connection) -> Iterable[Destination]:
    for row in connection.execute(select(tables.Destination).order_by(tables.Destination.id)):
        found = read_destination(row)
        if isinstance(found, Destination):
            yield found
        else:
            _broken(f"destination {row.id!r}", found)


def read_destination(row: Row[Any]) -> Destination | list[str]:
    """The destination without addresses that want no more mail, or what is wrong with its configuration."""
    config, enabled = row.config, row.enabled
    if row.unsubscribed and "to" in config:
        config, enabled = _left(config, row.unsubscribed, enabled)
    try:
        return checked(Entry(id=row.id, channel=row.channel, enabled=enabled, config=config))
    except ValidationError as error:
        return explain(f"destination {row.id!r}", CONFIGS.get(row.channel, Entry), error, at=("config",))


def _left(config: dict[str, Any], unsubscribed: Sequence[str], enabled: bool) -> tuple[dict[str, Any], bool]:
    """The configuration with the addresses that are left; with none left the destination is disabled."""
    addresses = [config["to"]] if isinstance(config["to"], str) else config["to"]
    left = [address for address in addresses if str(address).strip().casefold() not in unsubscribed]
    return ({**config, "to": left}, enabled) if left else (config, False)


@dataclass(frozen=True)
class Imported:
    """How many of a document's rules and destinations were new or changed."""

    changed: Sequence[str]
    unchanged: int


def save(connection: Connection, new_rules: Sequence[Rule], entries: Sequence[Entry], by: str) -> Imported:
    """Put rules and destinations in force. What says the same as before gets no new version."""
    known = {rule.id: (rule, version) for rule, version in rules(connection)}
    stored = {row.id: row for row in connection.execute(select(tables.Destination))}
    changed = [entry.id for entry in entries if _save_entry(connection, entry, stored.get(entry.id))]
    changed += [rule.id for rule in new_rules if _save_rule(connection, rule, known.get(rule.id), by)]
    return Imported(changed, len(entries) + len(new_rules) - len(changed))


def _save_entry(connection: Connection, entry: Entry, old: Row[Any] | None) -> bool:
    values = entry.model_dump()
    if old is not None and all(getattr(old, name) == value for name, value in values.items()):
        return False
    statement = insert(tables.Destination).values(**values, version=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={**values, "version": tables.Destination.version + 1, "updated_at": func.now()},
        )
    )
    return True


def _save_rule(connection: Connection, rule: Rule, old: tuple[Rule, int] | None, by: str) -> bool:
    if old is not None and old[0] == rule:
        return False
    last = select(func.coalesce(func.max(tables.Rule.version), 0)).where(tables.Rule.id == rule.id)
    connection.execute(
        insert(tables.Rule).values(
            id=rule.id,
            version=last.scalar_subquery() + 1,
            definition=rule.model_dump(mode="json", exclude_defaults=True),
            enabled=rule.enabled,
            expires_at=rule.expires_at,
            created_by=by,
        )
    )
    return True


def _broken(what: str, faults: list[str]) -> None:
    log.error("left out: it cannot be read", what=what, faults=faults)
