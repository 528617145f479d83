"""What a destination is told together: counts, and a line for each event, newest first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.alerting.domain import wording
from services.alerting.domain.bars import bars, per_day
from services.alerting.domain.countries import country_name
from shared.codes import MessageKind
from shared.contracts import EventChanged, Toll

MOST_LINES = 50
MOST_COUNTS = 8
MOST_DAYS = 31


@dataclass(frozen=True)
class Held:
    """One event that waited. `kind`: alert, or update of what the destination was told before."""

    change: EventChanged
    kind: MessageKind
    reason: str
    at: datetime  # message time


class Line(BaseModel):
    """One event in a digest."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    update: bool
    time: str = Field(description="when it was first reported, in the reader's time zone")
    what: str
    where: str
    toll: str
    status: str
    change: str | None = Field(description="what changed, where it was told before; that it comes late; a merger")
    url: str | None


class Digest(BaseModel):
    """Counts are of new events; `killed` and `injured` add up what is known (null: of none is it known)."""

    model_config = ConfigDict(frozen=True)

    title: str
    why: list[str] = Field(description="why these were not told at once")
    since: AwareDatetime
    until: AwareDatetime
    timezone: str
    events: int
    updates: int
    killed: int | None
    injured: int | None
    countries: list[tuple[str, int]]
    attack_types: list[tuple[str, int]]
    days: list[tuple[date, int]] = Field(description="new events by day of their first report; empty within one day")
    lines: list[Line]
    omitted: int = Field(description="events that are counted but have no line")


def digest(held: Sequence[Held], zone: str) -> Digest:
    """`held`: at least one."""
    ordered = sorted(held, key=lambda one: one.change.snapshot.first_reported_at, reverse=True)
    new = [one.change.snapshot for one in ordered if one.kind is MessageKind.ALERT]
    countries = Counter(country_name(event.place.country) for event in new if event.place and event.place.country)
    first, last = ordered[-1].change.snapshot.first_reported_at, ordered[0].change.snapshot.first_reported_at
    days = [event.first_reported_at.astimezone(ZoneInfo(zone)).date() for event in new]
    spread = per_day(days, min(days), max(days)) if len(set(days)) > 1 else []
    return Digest(
        title=_title(len(new), len(held) - len(new), len(countries)),
        why=list(dict.fromkeys(one.reason for one in held))[:MOST_COUNTS],
        since=first,
        until=last,
        timezone=zone,
        events=len(new),
        updates=len(held) - len(new),
        killed=_total(event.killed for event in new),
        injured=_total(event.injured for event in new),
        countries=countries.most_common(MOST_COUNTS),
        attack_types=Counter(wording.attack(event) for event in new).most_common(MOST_COUNTS),
        days=spread[-MOST_DAYS:],
        lines=[_line(one, zone) for one in ordered[:MOST_LINES]],
        omitted=max(0, len(held) - MOST_LINES),
    )


def plain(digest: Digest, most: int = MOST_LINES) -> str:
    """What stands below the counts, as plain text: a plot where it spans days, and at most `most` of its lines."""
    plot = bars([(f"{day:%a %d %b}", number) for day, number in digest.days], width=30)
    rows = [_row(line) for line in digest.lines[:most]]
    left = digest.omitted + len(digest.lines) - len(rows)
    more = [f"and {left} more"] if left else []
    return "\n".join([*plot, "", *rows, *more]).strip()


def _title(events: int, updates: int, countries: int) -> str:
    parts = [_many(events, "attack")] if events else []
    if updates:
        parts.append(_many(updates, "update"))
    spread = f" in {countries} countries" if countries > 1 else ""
    return f"Digest: {' and '.join(parts)}{spread}"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _total(tolls: Iterable[Toll | None]) -> int | None:
    known = [toll.best for toll in tolls if toll is not None]
    return sum(known) if known else None


def _line(held: Held, zone: str) -> Line:
    change, event = held.change, held.change.snapshot
    return Line(
        event_id=change.event_id,
        update=held.kind is not MessageKind.ALERT,
        time=f"{event.first_reported_at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}",
        what=wording.attack(event),
        where=wording.where_brief(event.place),
        toll=wording.toll_brief(event),
        status=str(event.status),
        change=_note(held),
        url=next((report.url for report in event.reports if report.url.startswith(("https://", "http://"))), None),
    )


def _note(held: Held) -> str | None:
    change = held.change
    if change.merged_into is not None:
        return f"same attack as event {change.merged_into}"
    if held.kind is MessageKind.ALERT:
        return wording.late(change.late_seconds) if change.late_seconds else None
    return "; ".join(wording.changed(reason) for reason in change.reasons if reason.material) or str(change.change)


def _row(line: Line) -> str:
    said = f"{line.time}  {line.what} in {line.where}: {line.toll} ({line.status})"
    return f"{said}; {'update: ' if line.update else ''}{line.change}" if line.change else said
