"""What changed between two revisions of an event, whether it is material, and why: the words an update begins with."""

import json
from collections.abc import Iterator

from services.enricher.domain.linking.reports import ReportRecord
from shared.codes import Change, ClaimMode, Credibility, EventStatus
from shared.contracts import EventSnapshot, Perpetrator, Place, Reason, Toll

INJURED_STEP = 0.2  # a change of the injured by less than this share is no news
DOUBTED = frozenset({Credibility.DOUBTFUL, Credibility.IMPROBABLE})
Difference = tuple[str, str | None, str | None, bool]  # field, old, new, material


def reasons(old: EventSnapshot, new: EventSnapshot, report: ReportRecord | None) -> list[Reason]:
    """Each changed field with its old and new value, per which source. `report` null: a reviewer's doing."""
    return [
        Reason(
            field=field,
            old=before,
            new=after,
            material=material,
            source=report.source if report else "reviewer",
            article_id=report.article_id if report else None,
            sentence=report.sentence if report else None,
        )
        for field, before, after, material in _differences(old, new)
    ]


def change(old: EventSnapshot, new: EventSnapshot, report: ReportRecord | None, why: list[Reason]) -> Change:
    if new.status == EventStatus.RETRACTED and old.status != EventStatus.RETRACTED:
        return Change.RETRACTED
    if report is not None and report.frame.correction and any(reason.material for reason in why):
        return Change.CORRECTED
    if new.status == EventStatus.CONFIRMED and old.status == EventStatus.UNCONFIRMED:
        return Change.CONFIRMED
    return Change.UPDATED


def _differences(old: EventSnapshot, new: EventSnapshot) -> Iterator[Difference]:
    if old.status != new.status:
        yield "status", old.status, new.status, new.status != EventStatus.CORRECTED
    if _toll(old.killed) != _toll(new.killed):
        yield "killed", _toll(old.killed), _toll(new.killed), _best(old.killed) != _best(new.killed)
    if _toll(old.injured) != _toll(new.injured):
        yield "injured", _toll(old.injured), _toll(new.injured), _notable(old.injured, new.injured)
    if _toll(old.hostages) != _toll(new.hostages):
        yield "hostages", _toll(old.hostages), _toll(new.hostages), _best(old.hostages) != _best(new.hostages)
    if _named(old.perpetrators) != _named(new.perpetrators):
        material = bool(_named(new.perpetrators) - _named(old.perpetrators))
        yield "perpetrators", _joined(old.perpetrators), _joined(new.perpetrators), material
    if _where(old.place) != _where(new.place):
        material = _area(old.place) != _area(new.place)
        yield "place", _where(old.place), _where(new.place), material
    if old.date != new.date:
        yield "date", str(old.date.start) if old.date else None, str(new.date.start) if new.date else None, False
    if old.attack_types[:1] != new.attack_types[:1]:
        yield "attack_types", ", ".join(old.attack_types) or None, ", ".join(new.attack_types) or None, False
    if old.independent_sources != new.independent_sources:
        yield "independent_sources", str(old.independent_sources), str(new.independent_sources), False
    if _rating(old) != _rating(new):
        doubted = old.credibility not in DOUBTED and new.credibility in DOUBTED
        yield "credibility", _rating(old), _rating(new), doubted and old.status == new.status
    yield from _beside(old, new)


def _beside(old: EventSnapshot, new: EventSnapshot) -> Iterator[Difference]:
    """The machine's word beside a person's."""
    for field in sorted(old.reviewed.keys() & new.reviewed.keys()):
        if old.reviewed[field] != new.reviewed[field]:
            before, after = (json.dumps(event.reviewed[field], ensure_ascii=False) for event in (old, new))
            yield f"reviewed.{field}", before, after, False


def _rating(event: EventSnapshot) -> str:
    """As the Admiralty code writes it: "B2"."""
    return f"{event.reliability}{event.credibility}"


def _best(toll: Toll | None) -> int | None:
    return toll.best if toll else None


def _toll(toll: Toll | None) -> str | None:
    if toll is None:
        return None
    low, high = toll.low if toll.low is not None else toll.best, toll.high if toll.high is not None else toll.best
    return str(toll.best) if low == high else f"{toll.best} ({low} to {high})"


def _notable(old: Toll | None, new: Toll | None) -> bool:
    before, after = _best(old), _best(new)
    if before is None or after is None:
        return before != after
    return abs(after - before) > INJURED_STEP * max(before, 1)


def _named(perpetrators: list[Perpetrator]) -> set[tuple[str, bool]]:
    """Organisations and whether they claim it; "gunmen" under other words is no news."""
    return {
        (perpetrator.id or perpetrator.name, perpetrator.claim == ClaimMode.CLAIMED)
        for perpetrator in perpetrators
        if perpetrator.kind == "organisation"
    }


def _joined(perpetrators: list[Perpetrator]) -> str | None:
    return ", ".join(f"{perpetrator.name} ({perpetrator.claim})" for perpetrator in perpetrators) or None


def _where(place: Place | None) -> str | None:
    return f"{place.name}, {place.country or 'unknown country'}" if place else None


def _area(place: Place | None) -> tuple[str | None, str | None]:
    return (place.country, place.locality) if place else (None, None)
