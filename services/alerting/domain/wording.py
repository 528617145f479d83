"""An event in words, a line each: what, where, when, toll, who, how sure. Unknown is said, never guessed."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.alerting.domain.countries import country_name
from shared.codes import AttackType, ClaimMode, DatePrecision, TargetType, WherePrecision
from shared.contracts import EventSnapshot, Perpetrator, Place, Reason, Toll, WhenRange

ATTACK = {
    AttackType.ASSASSINATION: "assassination",
    AttackType.ARMED_ASSAULT: "armed assault",
    AttackType.BOMBING_EXPLOSION: "bombing",
    AttackType.HIJACKING: "hijacking",
    AttackType.HOSTAGE_TAKING_BARRICADE: "hostage-taking",
    AttackType.HOSTAGE_TAKING_KIDNAPPING: "kidnapping",
    AttackType.FACILITY_INFRASTRUCTURE_ATTACK: "attack on a facility",
    AttackType.UNARMED_ASSAULT: "unarmed assault",
}
PRECISION = {
    WherePrecision.EXACT: "exact place",
    WherePrecision.NEAR: "within about 25 km",
    WherePrecision.DISTRICT: "district known",
    WherePrecision.PROVINCE: "only the province is known",
    WherePrecision.VAGUE: "only roughly known",
    WherePrecision.COUNTRY: "only the country is known",
    WherePrecision.INTERNATIONAL: "at sea or in the air",
}
CLAIM = {
    ClaimMode.CLAIMED: "claimed by {}",
    ClaimMode.SUSPECTED: "suspected: {}",
    ClaimMode.BLAMED: "blamed on {}",
    ClaimMode.DENIED: "denied by {}",
    ClaimMode.UNKNOWN: "named: {}",
}
NAME_LIMIT = 80  # characters of a name that comes from an article


# Control characters, and those that turn the direction of what follows: they could make words look like others.
_UNSAFE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clip(text: str, limit: int) -> str:
    """On one line, at most `limit` characters long, without characters that are not to be seen."""
    text = " ".join(text.split()).translate(_UNSAFE)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def attack(event: EventSnapshot) -> str:
    """`suicide bombing and armed assault`; `attack` where the type is unknown."""
    kinds = [ATTACK[kind] for kind in event.attack_types if kind in ATTACK][:2]
    words = " and ".join(kinds) or "attack"
    return f"suicide {words}" if event.suicide and not words.startswith("suicide") else words


def what(event: EventSnapshot) -> str:
    """The attack with its targets: `bombing; target: police, private citizens`."""
    targets = [target.type.replace("_", " ") for target in event.targets if target.type is not TargetType.UNKNOWN]
    aimed = ", ".join(dict.fromkeys(targets))
    return _first_up(attack(event)) + (f"; target: {aimed}" if aimed else "")


def where(place: Place | None) -> str:
    """`Quetta, Balochistan, Pakistan (exact place)`."""
    if place is None:
        return "place not known"
    precision = PRECISION[place.precision]
    if place.precision <= WherePrecision.DISTRICT and place.radius_km:
        precision = f"within about {max(1, round(place.radius_km))} km"
    return f"{where_brief(place, full=True)} ({precision})"


def where_brief(place: Place | None, *, full: bool = False) -> str:
    """`Quetta, Pakistan`; with `full` also the province."""
    if place is None:
        return "place not known"
    country = country_name(place.country) if place.country else None
    parts = [place.locality or place.name, place.admin1 if full else None, country]
    return ", ".join(clip(part, NAME_LIMIT) for part in dict.fromkeys(parts) if part)


def when(dates: WhenRange | None, reported_at: datetime, zone: str) -> str:
    """The day(s) of the attack, then the time of the report in UTC and where the reader is."""
    utc = f"{reported_at.astimezone(ZoneInfo('UTC')):%a %d %b %Y %H:%M} UTC"
    local = "" if zone == "UTC" else f" ({reported_at.astimezone(ZoneInfo(zone)):%a %H:%M} {zone})"
    return f"{days(dates)}; first reported {utc}{local}"


def toll(event: EventSnapshot, reasons: Iterable[Reason] = ()) -> str:
    """`12 killed (10–15; 1 of them an attacker), per Dawn; 30 injured`."""
    per = {reason.field: reason.source for reason in reasons if reason.source}
    parts = [
        _people(event.killed, "killed", per.get("killed")),
        _people(event.injured, "injured", per.get("injured")),
        _people(event.hostages, "taken hostage", per.get("hostages")),
    ]
    return "; ".join(part for part in parts if part) or "toll not known"


def toll_brief(event: EventSnapshot) -> str:
    """`12 killed, 30 injured`."""
    parts = [(event.killed, "killed"), (event.injured, "injured")]
    known = [f"{toll.best or 'nobody'} {word}" for toll, word in parts if toll is not None]
    return ", ".join(known) or "toll not known"


def who(perpetrators: Iterable[Perpetrator]) -> str:
    parts = [CLAIM[perpetrator.claim].format(clip(perpetrator.name, NAME_LIMIT)) for perpetrator in perpetrators]
    return "; ".join(parts[:4]) or "perpetrator not known"


def how_sure(event: EventSnapshot) -> str:
    """`Unconfirmed, 1 independent source: Dawn`."""
    many = event.independent_sources
    names = list(dict.fromkeys(clip(report.source, 40) for report in event.reports))
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    counted = f"{many} independent source{'' if many == 1 else 's'}"
    return f"{_first_up(event.status)}, {counted}" + (f": {shown}" if shown else "")


def changed(reason: Reason) -> str:
    """`killed 5 → 12, per Dawn`."""
    values = [clip(value, NAME_LIMIT) for value in (reason.old, reason.new) if value is not None]
    arrow = " → ".join(values) if len(values) == 2 else "".join(values)
    per = f", per {clip(reason.source, NAME_LIMIT)}" if reason.source else ""
    return f"{clip(reason.field.replace('_', ' '), NAME_LIMIT)} {arrow}".rstrip() + per


def late(seconds: int) -> str:
    """How late the news comes, to the minute or the hour."""
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return f"{minutes} min late"
    return f"{round(minutes / 60)} h late" if minutes < 48 * 60 else f"{round(minutes / 1440)} days late"


def days(dates: WhenRange | None) -> str:
    """The day(s) on which it happened, as exactly as they are known."""
    if dates is None:
        return "Day not known"
    if dates.precision is DatePrecision.YEAR:
        return f"{dates.start:%Y}, day not known"
    if dates.precision is DatePrecision.MONTH:
        return f"{dates.start:%B %Y}, day not known"
    return _day(dates.start) if dates.start == dates.end else f"{_day(dates.start)} to {_day(dates.end)}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _people(toll: Toll | None, word: str, source: str | None) -> str:
    if toll is None:
        return ""
    notes = []
    low, high = toll.low, toll.high
    if (low, high) != (None, None) and not low == high == toll.best:
        notes.append(f"{low}–{high}" if low is not None and high is not None else _bound(low, high))
    if toll.perpetrators:
        notes.append(f"{toll.perpetrators} of them {'an attacker' if toll.perpetrators == 1 else 'attackers'}")
    noted = f" ({'; '.join(notes)})" if notes else ""
    per = f", per {clip(source, 40)}" if source else ""
    return f"{toll.best or 'nobody'} {word}{noted}{per}"


def _bound(low: int | None, high: int | None) -> str:
    return f"at least {low}" if low is not None else f"at most {high}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
