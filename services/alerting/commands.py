"""What people do by hand: import, export and list rules, ask why, test a destination, send again."""

import getpass
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml
from pydantic import ValidationError
from sqlalchemy import Connection, Engine, Row, select

from services.alerting.delivery import Desk, deliver
from services.alerting.domain import rulebook
from services.alerting.domain.alert import check_message
from services.alerting.domain.conditions import first_miss
from services.alerting.domain.destinations import Destination, Entry
from services.alerting.domain.explain import explain
from services.alerting.domain.rules import Silence
from services.alerting.outgoing import message_ref
from services.alerting.store import backlog, decisions, history, rules, silences
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
        done = rules.save(connection, new_rules, entries, user())
    return f"{', '.join(done.changed) or 'nothing'} changed, {done.unchanged} as before"


def export_rules(engine: Engine) -> str:
    """What is in force as YAML that `rules import` reads; secrets are references in it, as they always are."""
    with engine.begin() as connection:
        entries = [
            Entry(id=row.id, channel=row.channel, enabled=row.enabled, config=row.config)
            for row in connection.execute(select(tables.Destination).order_by(tables.Destination.id))
        ]
        document = rulebook.write([rule for rule, _ in rules.rules(connection)], entries)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120).rstrip()


def rule_history(engine: Engine, rule: str) -> Iterable[str]:
    """Every version of a rule, oldest first."""
    with engine.begin() as connection:
        found = history.versions(connection, rule)
    if not found:
        raise CommandError(f"no rule {rule!r}; `rules list` shows them")
    return [f"v{one.version} {one.created_at:%Y-%m-%d %H:%M} {one.created_by}: {one.rule.summary}" for one in found]


def list_rules(engine: Engine) -> Iterable[str]:
    with engine.begin() as connection:
        for rule, version in rules.rules(connection):
            yield f"{rule.summary} [v{version}, {rule.owner}]"
        for found in rules.destinations(connection):
            yield f"destination {found.id}: {found.channel}{'' if found.enabled else ' (disabled)'}"


def why(engine: Engine, event: UUID, rule: str | None) -> Iterable[str]:
    """What was decided at each revision; of a rule that was not even asked: what does not fit."""
    with engine.begin() as connection:
        found = decisions.decisions(connection, event, rule)
        said = [(row.revision, _decision(row)) for row in found]
        if rule is not None:
            said += _not_asked(connection, event, rule, {row.revision for row in found})
    if not said:
        raise CommandError(f"nothing was decided about event {event}" + (f" by rule {rule}" if rule else ""))
    return [line for _, line in sorted(said)]


def _not_asked(connection: Connection, event: UUID, rule: str, known: set[int]) -> Iterable[tuple[int, str]]:
    """In a large book only rules that can match are asked: why the others cannot is worked out here."""
    versions = history.versions(connection, rule)
    for revision, (change, at, made_at) in history.revisions_of(connection, event).items():
        then = [one for one in versions if one.created_at <= made_at]
        if revision in known or not then:
            continue
        miss = then[-1].rule.out_of_force(at) or first_miss(then[-1].rule.when, change)
        if miss:
            yield revision, f"revision {revision}  rule {rule} v{then[-1].version}: no_match: {miss}"


def read_silence(said: dict[str, Any], when: str, hours: float) -> Silence:
    """A silence from now on; `when`: its conditions in YAML, as in a rule."""
    at = wall()
    try:
        times = {"starts_at": at, "ends_at": at + timedelta(hours=hours)}
        whole = {"id": uuid4(), "created_by": user(), **times, "when": yaml.safe_load(when), **said}
        return Silence.model_validate(whole)
    except (yaml.YAMLError, OverflowError) as error:
        raise CommandError(f"--when or --hours: {error}") from error
    except ValidationError as error:
        raise CommandError("\n".join(explain("silence", Silence, error))) from error


def silence(engine: Engine, silence: Silence) -> str:
    """What matches is recorded and not sent, corrections and retractions excepted."""
    with engine.begin() as connection:
        silences.put(connection, silence)
    return f"silence {silence.id} until {silence.ends_at:%Y-%m-%d %H:%M %Z}"


def list_silences(engine: Engine) -> Iterable[str]:
    """Every silence, newest first."""
    with engine.begin() as connection:
        return [one.summary for one in silences.silences(connection)]


def end_silence(engine: Engine, chosen: UUID) -> str:
    with engine.begin() as connection:
        if not silences.end(connection, chosen, wall()):
            raise CommandError(f"no silence {chosen} that still holds; `silence list` shows them")
    return f"silence {chosen} has ended"


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


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "import"


def say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
