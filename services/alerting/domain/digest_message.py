"""A digest as a message that every channel can send: its words stand where those of an alert do."""

from zoneinfo import ZoneInfo

from services.alerting.domain.alert import SUBJECT_LIMIT, Alert, compose
from services.alerting.domain.digest import Digest, plain
from services.alerting.domain.wording import clip
from shared.codes import MessageKind
from shared.contracts import EventChanged

LINES_IN_NOTE = 25  # Slack takes about 13,000 characters in all


def digest_message(digest: Digest) -> Alert:
    """Its table is in `note`, in plain text; `digest` has it for channels that do better."""
    zone = ZoneInfo(digest.timezone)
    since, until = digest.since.astimezone(zone), digest.until.astimezone(zone)
    span = f"{since:%a %d %b %H:%M} to {until:%a %d %b %H:%M} ({digest.timezone})"
    where = ", ".join(f"{name} {number}" for name, number in digest.countries) or "no new attacks"
    what = ", ".join(f"{name} {number}" for name, number in digest.attack_types)
    toll = [(digest.killed, "killed"), (digest.injured, "injured")]
    return Alert(
        kind=MessageKind.DIGEST,
        subject=clip(f"{digest.title}, {span}", SUBJECT_LIMIT),
        headline=digest.title.removeprefix("Digest: "),
        what=clip(what or f"updates on {digest.updates} attacks", 200),
        where=clip(where, 200),
        when=f"first reported {span}",
        day=f"{until:%a} {until.day} {until:%b %Y}",
        toll=", ".join(f"{number} {word}" for number, word in toll if number is not None) or "toll not known",
        who="see each attack",
        how_sure="see each attack",
        note=plain(digest, LINES_IN_NOTE),
        why=digest.why,
        digest=digest,
    )


def subject_of(change: EventChanged) -> str:
    """The subject of the thread that an event has from its digest on."""
    return compose(change, MessageKind.ALERT, []).subject
