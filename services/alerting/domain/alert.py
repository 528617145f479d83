"""What one message says, whatever the channel: kept with its delivery, rendered when it is sent."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.alerting.domain import wording
from services.alerting.domain.digest import Digest
from services.alerting.domain.rules import Rule, describe
from services.alerting.domain.wording import clip
from shared.codes import MessageKind, WherePrecision
from shared.contracts import EventChanged, EventSnapshot, Place, Reason, ReportBrief

SUBJECT_LIMIT = 140
QUOTE_LIMIT = 600
CHANGES_LIMIT = 8
LINKS_LIMIT = 5


class Link(BaseModel):
    source: str
    title: str
    url: str


class Alert(BaseModel):
    """Lines of words for people, beside the values themselves for programs. Also the body of webhooks."""

    model_config = ConfigDict(frozen=True)

    kind: MessageKind
    subject: str = Field(description="the same for all messages of a thread")
    headline: str
    what: str
    where: str
    when: str
    day: str
    toll: str
    who: str
    how_sure: str
    note: str | None = Field(None, description="what a reader must know first: late, merged, retracted")
    changes: list[str] = Field(default_factory=list, description="material changes, in words")
    quote: str | None = Field(None, description="the sentence that says so")
    quote_source: str | None = None
    why: list[str] = Field(default_factory=list, description="why you get this: rules in words")
    links: list[Link] = Field(default_factory=list)
    map_url: str | None = None
    event_id: UUID | None = Field(None, description="null in a test message")
    revision: int | None = None
    article_id: UUID | None = None
    published_at: AwareDatetime | None = None
    fetched_at: AwareDatetime | None = None
    merged_into: UUID | None = None
    reasons: list[Reason] = Field(default_factory=list)
    event: EventSnapshot | None = None
    over: bool = Field(False, description="of a message about Tocsin itself: what it told of has ended")
    digest: Digest | None = Field(None, description="of a digest: counts, and a line for each event")


def compose(
    change: EventChanged, kind: MessageKind, rules: Iterable[Rule], zone: str = "UTC", subject: str | None = None
) -> Alert:
    """The message about a change; `zone` is the reader's, `subject` that of the thread it belongs to."""
    event = change.snapshot
    headline = clip(f"{wording.attack(event).capitalize()} in {wording.where_brief(event.place, limit=40)}", 110)
    if event.place is None:
        headline = f"{wording.attack(event).capitalize()}, place not known"
    sentence = _sentence(change.reasons, event.reports)
    return Alert(
        kind=kind,
        subject=subject or clip(f"{headline}: {wording.toll_brief(event)}", SUBJECT_LIMIT),
        headline=headline,
        what=wording.what(event),
        where=wording.where(event.place),
        when=wording.when(event.date, event.first_reported_at, zone),
        day=wording.days(event.date),
        toll=wording.toll(event, change.reasons),
        who=wording.who(event.perpetrators),
        how_sure=wording.how_sure(event),
        note=_note(change, kind),
        changes=[] if kind is MessageKind.ALERT else _changes(change.reasons),
        quote=clip(sentence[0], QUOTE_LIMIT) if sentence else None,
        quote_source=clip(sentence[1], wording.NAME_LIMIT) if sentence else None,
        why=_why(rules, kind),
        links=_links(event.reports),
        map_url=map_link(event.place),
        event_id=change.event_id,
        revision=change.revision,
        article_id=change.article_id,
        published_at=change.published_at,
        fetched_at=change.fetched_at,
        merged_into=change.merged_into,
        reasons=change.reasons,
        event=event,
    )


def check_message(destination_id: str) -> Alert:
    """What `test DESTINATION` sends."""
    nothing = "nothing: this is a test of your alerts"
    return Alert(
        kind=MessageKind.TEST,
        subject=f"Test of the destination {destination_id}",
        headline=f"Test of the destination {destination_id}",
        what=nothing,
        where="no place",
        when="now",
        day="now",
        toll="nobody was harmed",
        who="nobody",
        how_sure="no attack is reported",
        why=["somebody ran the test of this destination"],
    )


def acknowledged(told: Alert, by: str) -> Alert:
    """What is said to channels that keep incidents, when somebody looks after an event. `told`: the newest of it.

    It is about the event, whatever its revision.
    """
    note = f"Acknowledged by {clip(by, wording.NAME_LIMIT)}"
    unsaid: dict[str, object] = {"revision": None, "changes": [], "reasons": []}
    return told.model_copy(update={"kind": MessageKind.ACKNOWLEDGEMENT, "note": note, **unsaid})


def map_link(place: Place | None) -> str | None:
    """A map of the place; none where only a province or country is known."""
    if place is None or place.lat is None or place.lon is None or place.precision > WherePrecision.DISTRICT:
        return None
    spot = f"{place.lat:.4f}"
    zoom = {WherePrecision.EXACT: 14, WherePrecision.NEAR: 11}.get(place.precision, 9)
    return f"https://www.openstreetmap.org/?mlat={spot}&mlon={place.lon:.4f}#map={zoom}/{spot}/{place.lon:.4f}"


def _note(change: EventChanged, kind: MessageKind) -> str | None:
    if change.merged_into is not None:
        return f"Same attack as event {change.merged_into}: told there from now on"
    if kind is MessageKind.RETRACTION:
        return "Retracted: this attack is no longer held to have happened"
    if kind is MessageKind.CORRECTION:
        return "What was told before was wrong"
    return f"This comes {wording.late(change.late_seconds)}" if change.late_seconds else None


def _changes(reasons: Sequence[Reason]) -> list[str]:
    weighty = [reason for reason in reasons if reason.material] or list(reasons)
    return [wording.changed(reason) for reason in weighty[:CHANGES_LIMIT]]


def _sentence(reasons: Sequence[Reason], reports: Sequence[ReportBrief]) -> tuple[str, str] | None:
    """The sentence behind the change, else that of the newest report that has one; with its source."""
    said = [(reason.sentence, reason.source or "") for reason in reasons if reason.sentence]
    said += [(report.sentence, report.source) for report in reports if report.sentence]
    return said[0] if said else None


def _why(rules: Iterable[Rule], kind: MessageKind) -> list[str]:
    said = [f"rule {rule.id}: {rule.description or describe(rule.when)}" for rule in rules]
    return said if kind is MessageKind.ALERT else ["you were alerted to this event", *said]


def _links(reports: Sequence[ReportBrief]) -> list[Link]:
    """Only what is safe to click: http(s)."""
    return [
        Link(
            source=clip(report.source, wording.NAME_LIMIT), title=clip(report.title or report.url, 150), url=report.url
        )
        for report in reports
        if urlsplit(report.url).scheme in ("http", "https") and len(report.url) <= 2000
    ][:LINKS_LIMIT]
