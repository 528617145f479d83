"""A person's word on an event: confirm, reject, merge, split, correct a field, pin, unpin.

What a person sets is kept in the event's `pinned` (field -> value, as in the snapshot's JSON) and laid over what the
reports say each time it is assessed: no later report, and no report that comes again, changes it. What the machine
would say meanwhile stands beside it, in `EventSnapshot.reviewed`. Pure: a store keeps what comes of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, JsonValue, ValidationError, model_validator

from services.enricher.domain.linking import ledger, revise
from services.enricher.domain.linking.reports import KnownEvent
from services.enricher.domain.linking.revisions import Revised
from services.enricher.domain.linking.standing import inherited, rejected
from shared.codes import Change, EventStatus
from shared.contracts import EventChanged, EventSnapshot, Message, Reason

Action = Literal["confirm", "reject", "merge", "split", "correct", "pin", "unpin"]
ReviewField = Literal[
    "status", "attack_types", "date", "place", "perpetrators", "targets", "victims", "weapons", "killed", "injured",
    "hostages", "suicide",
]  # fmt: skip

TOLLS = {"killed", "injured", "hostages"}
FRESH = timedelta(days=7)  # what is split off may alert as long as the event that it was part of could have
_NEEDS: dict[Action, tuple[str, ...]] = {
    "merge": ("into",),
    "split": ("report_ids",),
    "correct": ("field",),
    "pin": ("field",),
    "unpin": ("field",),
}


class ReviewError(ValueError):
    """The review cannot be done; its text tells the reviewer why."""


class StaleReview(ReviewError):
    """The event has changed since the reviewer saw it: show it again."""


class Review(Message):
    """What a person says of the event that they saw at `expected_revision`.

    confirm   there was such an attack; it stays confirmed whatever sources say
    reject    there was none: alerts are taken back, and later reports of it wake nobody
    merge     it is the same attack as `into`, and ends there
    split     `report_ids` are of another attack, which becomes an event of its own
    correct   `field` is `value` (null: not known; a toll may be a plain number), and stays so
    pin       `field` stays as it is
    unpin     `field`, `status` after a confirm or reject included, is the machine's to say again
    """

    action: Action
    event_id: UUID
    expected_revision: int = Field(ge=1)
    by: str = Field(min_length=1, max_length=200, description="who says so; for the audit log, not for alerts")
    reason: str = Field(min_length=1, max_length=2000)
    into: UUID | None = None
    report_ids: tuple[UUID, ...] = Field((), max_length=1000)
    field: ReviewField | None = None
    value: JsonValue = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in _NEEDS.get(self.action, ()):
            if not getattr(self, name):
                raise ValueError(f'a review that says "{self.action}" needs "{name}"')
        if self.action in ("correct", "pin") and self.field == "status":
            raise ValueError('the status is set by "confirm" and "reject"')
        if self.into == self.event_id:
            raise ValueError("an event cannot be merged into itself")
        return self


def revise_event(review: Review, known: KnownEvent) -> Revised:
    """Confirm, reject, correct, pin or unpin. Raises ReviewError, and StaleReview."""
    _check(review, known)
    pinned = {**known.pinned, **_pins(review, known.snapshot)}
    if review.action == "unpin":
        if review.field not in pinned:
            raise ReviewError(f'"{review.field}" is not pinned')
        del pinned[review.field]
    event = assessed(known, pinned)
    why = revise.reasons(known.snapshot, event.snapshot, None)
    material = any(reason.material for reason in why)
    if review.action == "correct" and why:
        why, material = [reason.model_copy(update={"material": True}) for reason in why], True
    return _revised(review, event, _CHANGE.get(review.action, Change.UPDATED), why, material=material)


def merge_events(review: Review, known: KnownEvent, into: KnownEvent) -> tuple[Revised, Revised]:
    """The event that stays, with all reports, and the one that ends in it. Raises ReviewError, and StaleReview."""
    _check(review, known)
    if into.snapshot.status == EventStatus.MERGED:
        raise ReviewError(f"event {into.event_id} is merged into another one itself")
    reports = tuple(sorted((*into.reports, *known.reports), key=lambda one: (one.message_time, str(one.report_id))))
    gathered = replace(into, reports=reports, alertable=into.alertable or known.alertable)
    survivor = assessed(gathered, inherited(into.pinned, known.pinned))
    why = revise.reasons(into.snapshot, survivor.snapshot, None)
    stays = _revised(review, survivor, Change.MERGED, why, material=True, merged_from=[known.event_id])
    snapshot = known.snapshot.model_copy(
        update={"revision": known.snapshot.revision + 1, "status": EventStatus.MERGED, "reports": []}
    )
    ends = _revised(
        review,
        replace(known, snapshot=snapshot, reports=()),
        Change.MERGED,
        [],
        material=True,
        merged_into=into.event_id,
    )
    return stays, ends


def split_event(review: Review, known: KnownEvent, new_id: UUID, at: datetime) -> tuple[Revised, Revised]:
    """The event with what is left to it, and the new one with the reports named. Raises ReviewError, and StaleReview.

    The new one may alert where the old one could and its attack is fresh at the time of the review.
    """
    _check(review, known)
    taken = tuple(report for report in known.reports if report.report_id in review.report_ids)
    if unknown := set(review.report_ids) - {report.report_id for report in taken}:
        raise ReviewError(f"event {known.event_id} has no report {min(map(str, unknown))}")
    if len(taken) == len(known.reports):
        raise ReviewError("a split must leave at least one report to the event")
    left = tuple(report for report in known.reports if report not in taken)
    rest = assessed(replace(known, reports=left), known.pinned)
    fresh = known.alertable and at - max(report.said_at for report in taken) <= FRESH
    apart = KnownEvent(new_id, ledger.assess(new_id, 1, taken, {}), fresh, taken)
    why = revise.reasons(known.snapshot, rest.snapshot, None)
    return (
        _revised(review, rest, Change.SPLIT, why, material=True),
        _revised(review, apart, Change.SPLIT, [], material=True),
    )


def assessed(known: KnownEvent, pinned: Mapping[str, Any]) -> KnownEvent:
    """The event's next revision, with these values set by a person."""
    snapshot, revision = known.snapshot, known.snapshot.revision + 1
    if known.reports:
        machine = ledger.assess(known.event_id, revision, known.reports, {}, snapshot.related)
    else:  # its articles are no longer kept: what the machine said last
        said = {**snapshot.model_dump(mode="json"), **snapshot.reviewed, "reviewed": {}, "revision": revision}
        machine = EventSnapshot.model_validate(said)
    try:
        return replace(known, snapshot=ledger.overruled(machine, dict(pinned)), pinned=dict(pinned))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ReviewError(f"the value does not fit: {faults}") from error


_CHANGE = {"confirm": Change.CONFIRMED, "reject": Change.RETRACTED, "correct": Change.CORRECTED}


def _check(review: Review, known: KnownEvent) -> None:
    if known.snapshot.revision != review.expected_revision:
        raise StaleReview(
            f"event {known.event_id} is at revision {known.snapshot.revision}, the review is of "
            f"{review.expected_revision}"
        )
    if known.snapshot.status == EventStatus.MERGED:
        raise ReviewError(f"event {known.event_id} is merged into another one: review that one")


def _pins(review: Review, snapshot: EventSnapshot) -> dict[str, Any]:
    """What the review sets."""
    if review.action == "confirm":
        return {"status": EventStatus.CONFIRMED.value}
    if review.action == "reject":
        return {"status": EventStatus.REJECTED.value}
    if review.action == "correct" and review.field:
        plain = review.field in TOLLS and isinstance(review.value, int)
        value = dict.fromkeys(("low", "best", "high"), review.value) if plain else review.value
        return {review.field: value}
    if review.action == "pin" and review.field:
        return {review.field: snapshot.model_dump(mode="json")[review.field]}
    return {}


def _revised(
    review: Review,
    event: KnownEvent,
    change: Change,
    why: list[Reason],
    *,
    material: bool,
    merged_from: list[UUID] | None = None,
    merged_into: UUID | None = None,
) -> Revised:
    said = Reason(field="review", new=review.action, source="reviewer", sentence=review.reason, material=material)
    alertable = event.alertable and not rejected(event)
    changed = EventChanged(
        event_id=event.event_id,
        revision=event.snapshot.revision,
        change=change,
        material=material,
        reasons=[said, *why],
        alertable=alertable,
        not_alertable=None if alertable else "rejected" if rejected(event) else "filed",
        merged_into=merged_into,
        merged_from=merged_from or [],
        snapshot=event.snapshot,
    )
    return Revised(event, changed)
