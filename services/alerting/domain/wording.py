"""An event in words, a line each: what, where, when, toll, who, how sure. Unknown is said, never guessed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from services.alerting.domain.countries import country_name
from services.alerting.domain.terms import ATTACK, CLAIM, CREDIBLE, PRECISION, RELIABLE, TARGET
from shared.codes import AttackType, ClaimMode, Credibility, DatePrecision, Reliability, TargetType, WherePrecision
from shared.contracts import EventSnapshot, Perpetrator, Place, Reason, Toll, WhenRange

NAME_LIMIT = 80  # characters of a name that comes from an article
VALUE_LIMIT = 120  # characters of a value that changed: names, several of them


# Control characters, and those that turn the direction of what follows: they could make words look like others.
_UNSAFE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clip(text: str, limit: int) -> str:
    """On one line, at most `limit` characters long, without characters that are not to be seen."""
    text = " ".join(text.split()).translate(_UNSAFE)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def attack(event: EventSnapshot) -> str:
    """`suicide bombing and armed assault`; `attack` where the type is unknown."""
    kinds = list(event.attack_types)
    if event.suicide and AttackType.BOMBING_EXPLOSION in kinds:  # first, for it is the bomber who dies
        kinds.sort(key=lambda kind: kind is not AttackType.BOMBING_EXPLOSION)
    words = " and ".join([ATTACK[kind] for kind in kinds if kind in ATTACK][:2]) or "attack"
    return f"suicide {words}" if event.suicide else words


def what(event: EventSnapshot) -> str:
    """The attack with its targets: `Bombing; target: police, civilians or their property`."""
    untold = (TargetType.UNKNOWN, TargetType.OTHER)
    targets = [TARGET.get(target.type, target.type) for target in event.targets if target.type not in untold]
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


def where_brief(place: Place | None, *, full: bool = False, limit: int = NAME_LIMIT) -> str:
    """`Quetta, Pakistan`; with `full` also the province. `limit`: characters of the town's name."""
    if place is None:
        return "place not known"
    country = country_name(place.country) if place.country else None
    parts = [clip(place.locality or place.name, limit), place.admin1 if full else None, country]
    return ", ".join(clip(part, NAME_LIMIT) for part in dict.fromkeys(parts) if part)


def when(dates: WhenRange | None, reported_at: datetime, zone: str) -> str:
    """The day(s) of the attack, then the time of the report in UTC and where the reader is."""
    at = reported_at.astimezone(UTC)
    same = dates is not None and dates.start == dates.end == at.date()
    utc = f"{'' if same else _day(at) + ' '}{at:%H:%M} UTC"
    local = "" if zone == "UTC" else f" ({reported_at.astimezone(ZoneInfo(zone)):%a %H:%M} {zone})"
    return f"{days(dates)}; first reported {utc}{local}"


def toll(event: EventSnapshot, reasons: Iterable[Reason] = ()) -> str:
    """`12 killed (10–15; 1 of them an attacker), 30 injured, per Dawn; 3 taken hostage`."""
    per = {reason.field: reason.source for reason in reasons if reason.source}
    known = [(_people(toll, word), per.get(field)) for field, toll, word in _tolls(event)]
    return "; ".join(
        _per(source, [words for words, _ in same]) for source, same in groupby(known, lambda one: one[1])
    ) or ("toll not known")


def toll_brief(event: EventSnapshot) -> str:
    """`12 killed, 30 injured`."""
    return ", ".join(f"{toll.best or 'nobody'} {word}" for _, toll, word in _tolls(event)) or "toll not known"


def who(perpetrators: Sequence[Perpetrator]) -> str:
    """`claimed by IS-K; unidentified (lone gunman)`."""
    named = [one for one in perpetrators if not _is_description(one)]
    parts = [CLAIM[one.claim].format(clip(one.name, NAME_LIMIT)) for one in named][:4]
    described = [one.name for one in perpetrators if _is_description(one)]
    # Of "gunman" and "lone gunman" the second says it all.
    told = [words for words in described if not any(words != other and words in other for other in described)]
    if told:
        parts.append(f"unidentified ({', '.join(clip(words, NAME_LIMIT) for words in told[:3])})")
    return "; ".join(parts) or "perpetrator not known"


def _is_description(perpetrator: Perpetrator) -> bool:
    """`gunman`, `Islamist gunmen`: somebody whom nobody accuses by name, and who has none."""
    words = perpetrator.name.split()
    return (
        perpetrator.kind == "individual"
        and perpetrator.claim is ClaimMode.UNKNOWN
        and bool(words)
        and words[-1].islower()
    )


def admiralty(event: EventSnapshot) -> str | None:
    """`B2: best source usually reliable, probably true` (NATO AJP-2.1); None where neither can be judged."""
    if (event.reliability, event.credibility) == (Reliability.F, Credibility.CANNOT_BE_JUDGED):
        return None
    words = f"best source {RELIABLE[event.reliability]}, {CREDIBLE[event.credibility]}"
    return f"{event.reliability}{event.credibility.value}: {words}"


def how_sure(event: EventSnapshot) -> str:
    """`Unconfirmed, 1 independent source: Dawn (B2: best source usually reliable, probably true)`."""
    many = event.independent_sources
    names = list(dict.fromkeys(clip(report.source, 40) for report in event.reports))
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    counted = f"{many} independent source{'' if many == 1 else 's'}"
    graded = admiralty(event)
    return (
        f"{_first_up(event.status)}, {counted}" + (f": {shown}" if shown else "") + (f" ({graded})" if graded else "")
    )


def changed(reason: Reason) -> str:
    """`killed 5 → 12, per Dawn`."""
    told = (value.replace(" (unknown)", "") for value in (reason.old, reason.new) if value is not None)
    values = [clip(value, VALUE_LIMIT) for value in told]
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


def _tolls(event: EventSnapshot) -> list[tuple[str, Toll, str]]:
    """What is known: field, value, word."""
    all_ = [
        ("killed", event.killed, "killed"),
        ("injured", event.injured, "injured"),
        ("hostages", event.hostages, "taken hostage"),
    ]
    return [(field, toll, word) for field, toll, word in all_ if toll is not None]


def _people(toll: Toll, word: str) -> str:
    notes = []
    low, high = toll.low, toll.high
    if (low, high) != (None, None) and not low == high == toll.best:
        notes.append(f"{low}–{high}" if low is not None and high is not None else _bound(low, high))
    if toll.perpetrators:
        notes.append(f"{toll.perpetrators} of them {'an attacker' if toll.perpetrators == 1 else 'attackers'}")
    noted = f" ({'; '.join(notes)})" if notes else ""
    return f"{toll.best or 'nobody'} {word}{noted}"


def _per(source: str | None, parts: Sequence[str]) -> str:
    """What one source says, named once."""
    return f"{', '.join(parts)}, per {clip(source, 40)}" if source else "; ".join(parts)


def _bound(low: int | None, high: int | None) -> str:
    return f"at least {low}" if low is not None else f"at most {high}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
