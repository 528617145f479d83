"""What people ask of the past: what a rule would have told, what its change changes, how often it was right."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import yaml
from sqlalchemy import Connection, Engine, select

from services.alerting.commands import CommandError
from services.alerting.domain import rulebook
from services.alerting.domain.backtest import Moment, Replay, example, replay, trial
from services.alerting.domain.bars import bars, per_day
from services.alerting.domain.destinations import checked
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from services.alerting.store import history, reactions, rules
from shared.codes import MessageKind
from shared.database import tables

EXAMPLES = 5


def backtest(engine: Engine, what: str, days: int, against: int | None = None) -> Iterable[str]:
    """`what`: the id of a rule, or a YAML file with drafts. Each is compared with its stored self, where it has one.

    `against`: the version to compare a stored rule with.
    """
    with engine.begin() as connection:
        until = history.last_message(connection)
        if until is None:
            raise CommandError("there are no events to test against")
        since = until - timedelta(days=days)
        lines: list[str] = []
        drafts, base = _drafts(connection, what, against)
        for new, old in drafts:
            books = [replace(base, rules=((trial(one), 1),)) for one in (new, old) if one is not None]
            found = replay(history.revisions(connection, since, until), *books)
            dates = f"{days} days to {until:%Y-%m-%d %H:%M %Z}"
            lines += [new.summary, f"{dates}: {len(found[0].events)} events, {found[0].changes} changes", ""]
            lines += _account(found[0], days)
            lines += [
                "",
                *_plot(found[0], since + timedelta(days=1), until),
                "",
                *_examples("examples", found[0].alerts),
            ]
            lines += ["", *_compared(old, found[0], found[1], days)] if old is not None else []
            lines.append("")
    return lines[:-1]


def _drafts(
    connection: Connection, what: str, against: int | None
) -> tuple[Sequence[tuple[Rule, Rule | None]], Rulebook]:
    """The rules to test, each with its old self, and the destinations that they tell."""
    base = rules.book(connection)
    if not what.endswith((".yml", ".yaml")):
        versions = {one.version: one.rule for one in history.versions(connection, what)}
        if not versions:
            raise CommandError(f"no rule {what!r}; `rules list` shows them; a draft is a file that ends in .yml")
        if against is not None and against not in versions:
            raise CommandError(f"rule {what!r} has no version {against}; it has {', '.join(map(str, versions))}")
        return [(versions[max(versions)], versions[against] if against else None)], replace(base, index=None)
    path = Path(what)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        known = connection.scalars(select(tables.Destination.id)).all()
        drafts, entries = rulebook.read(document or {}, known)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{path}: {error}") from error
    except rulebook.RulesError as error:
        raise CommandError("\n".join(f"{path}: {fault}" for fault in error.faults)) from error
    stored = {rule.id: rule for rule, _ in base.rules}
    destinations = {**base.destinations, **{entry.id: checked(entry) for entry in entries}}
    pairs = [(draft, stored.get(draft.id) if stored.get(draft.id) != draft else None) for draft in drafts]
    return pairs, replace(base, destinations=destinations, index=None)


def _account(found: Replay, days: int) -> list[str]:
    said = [
        f"{found.messages[kind]} {_many(kind, found.messages[kind])}" for kind in MessageKind if found.messages[kind]
    ]
    lines = [f"{found.volume} messages ({found.volume / days:.1f} a day): {', '.join(said) or 'none'}"]
    if found.held:
        held = ", ".join(f"{number} {why}" for why, number in found.held.most_common())
        lines.append(f"told in digests: {sum(found.held.values())} ({held})")
    if found.missed:
        lines.append("not told: " + ", ".join(f"{number} {why}" for why, number in found.missed.most_common()))
    return lines


def _many(kind: MessageKind, number: int) -> str:
    return str(kind) if number == 1 else f"{kind}s"


def _plot(found: Replay, since: datetime, until: datetime) -> list[str]:
    counts = per_day((moment.at.date() for moment in found.alerts.values()), since.date(), until.date())
    return bars([(f"{day:%a %d %b}", number) for day, number in counts])


def _examples(title: str, alerts: dict[UUID, Moment]) -> list[str]:
    """The newest ones."""
    newest = sorted(alerts.values(), key=lambda moment: moment.at, reverse=True)
    more = [f"  and {len(newest) - EXAMPLES} more"] if len(newest) > EXAMPLES else []
    return [f"{title}: {'' if newest else 'none'}".rstrip(), *(f"  {example(one)}" for one in newest[:EXAMPLES]), *more]


def _compared(old: Rule, new_found: Replay, old_found: Replay, days: int) -> list[str]:
    """What the change of a rule changes."""
    more = {event: one for event, one in new_found.alerts.items() if event not in old_found.alerts}
    fewer = {event: one for event, one in old_found.alerts.items() if event not in new_found.alerts}
    return [
        f"before: {old.summary}",
        *_account(old_found, days),
        f"alerts: {len(old_found.alerts)} before, {len(new_found.alerts)} now",
        *_examples("only now", more),
        *_examples("no longer", fewer),
    ]


def precision(engine: Engine) -> Iterable[str]:
    """What readers said, by rule and by source."""
    with engine.begin() as connection:
        for by in ("rule", "source"):
            rows = reactions.precision(connection, by)
            yield f"by {by}: {'' if rows else 'nobody has judged a message yet'}".rstrip()
            for row in rows:
                judged = row.useful + row.false_alarm
                yield f"  {row.name}: {row.useful / judged:.0%} useful ({row.useful} of {judged})"
