"""The steps of the policy. Each is asked about a case in turn and answers with a verdict, or None: the next one.

A verdict ends the case, but for those that hold (`Result.held`): they only say until when, and the case goes on.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerting.domain.case import Case, Verdict
from services.alerting.domain.conditions import first_miss
from services.alerting.domain.inhibition import hidden_by
from services.alerting.domain.pacing import Pacing, next_digest, quiet_until
from services.alerting.domain.past import Told
from services.alerting.domain.results import Result
from services.alerting.domain.rules import Silence, confirmed
from services.alerting.domain.updates import Updates, wanted
from shared.codes import Change, EventStatus, MessageKind
from shared.contracts import EventChanged

EPOCH = "epoch"  # promoting a reprocessed epoch alerts nobody, open threads included
MERGED_INTO = "merged into"
GONE = (EventStatus.RETRACTED, EventStatus.REJECTED, EventStatus.MERGED)
PAST_EVERYTHING = (MessageKind.CORRECTION, MessageKind.RETRACTION)  # not counted against a throttle
LATE_WINDOW = timedelta(hours=1)
LATE_WAIT = timedelta(minutes=10)  # how long late alerts gather


# --- may it be told at all? -------------------------------------------------------------------------------------------


def reachable(case: Case) -> Verdict | None:
    if case.destination is None:
        return Verdict(
            Result.NO_DESTINATION,
            f"there is no destination {case.destination_id!r}, or its configuration is broken",
        )
    if not case.destination.enabled:
        return Verdict(Result.NO_DESTINATION, f"destination {case.destination_id!r} is disabled")
    return None


def live(case: Case) -> Verdict | None:
    """A promoted epoch tells nobody anything."""
    if not case.change.alertable and case.change.not_alertable == EPOCH:
        return Verdict(Result.NOT_ALERTABLE, EPOCH)
    return None


def thread(case: Case) -> Verdict | None:
    """Who got the alert gets corrections and retractions at once, past rules, silences, quiet hours and throttles.

    Other material changes go on through the steps, if the rule wants them told.
    """
    if case.thread is None:
        return None
    change = case.change
    if not case.follows:
        return None if change.material else Verdict(Result.NOT_MATERIAL, "told before, and nothing material changed")
    if change.change is Change.MERGED and change.merged_into is not None:
        told = case.thread.closed is not None and case.thread.closed.startswith(MERGED_INTO)
        return Verdict(Result.NOT_MATERIAL, f"already told: {case.thread.closed}") if told else None
    if change.snapshot.status in GONE or change.change is Change.RETRACTED:
        told = case.thread.closed is not None and not change.material
        if told:
            return Verdict(Result.NOT_MATERIAL, f"already told: {case.thread.closed}")
        return Verdict(Result.RETRACTION, "retracted")
    if not change.material:
        return Verdict(Result.NOT_MATERIAL, "told before, and nothing material changed")
    if case.message is Result.CORRECTION:
        return Verdict(Result.CORRECTION, f"{change.change}: told before")
    updates = case.rule.updates if case.rule else Updates()
    return (
        None
        if wanted(updates, change)
        else Verdict(Result.NOT_MATERIAL, f"the rule wants updates on {updates.summary}")
    )


def alertable(case: Case) -> Verdict | None:
    if case.follows:
        return None
    if case.change.snapshot.status in GONE:
        return Verdict(Result.NOT_ALERTABLE, str(case.change.snapshot.status))
    if not case.change.alertable:
        return Verdict(Result.NOT_ALERTABLE, case.change.not_alertable or "not alertable")
    return None


def in_force(case: Case) -> Verdict | None:
    why_not = case.rule.out_of_force(case.at) if case.rule and not case.follows else None
    return Verdict(Result.NOT_IN_FORCE, why_not) if why_not else None


# --- the chain --------------------------------------------------------------------------------------------------------


def match(case: Case) -> Verdict | None:
    if case.follows or case.rule is None:
        return None
    miss = first_miss(case.rule.when, case.change)
    return Verdict(Result.NO_MATCH, miss) if miss else None


def inhibit(case: Case) -> Verdict | None:
    """Hidden by a wider or graver alert; told after all, in a digest, should that be retracted."""
    if case.thread is not None or case.rule is None or case.rule.inhibited_by is None:
        return None
    active = case.past.active.get(case.destination_id, ())
    other = hidden_by(case.rule.inhibited_by, case.change, active, case.at)
    if other is None:
        return None
    why = f"by the alert about event {other.event_id} of {other.at:%Y-%m-%d %H:%M %Z}; {case.rule.inhibited_by.summary}"
    return Verdict(Result.INHIBITED, why, hidden_by=other.event_id)


def silence(case: Case) -> Verdict | None:
    """Recorded, not sent later: after a silence only a material change alerts."""
    held_by = next((one for one in case.book.silences if _silences(one, case)), None)
    if held_by is not None:
        until = f"until {held_by.ends_at:%Y-%m-%d %H:%M %Z}"
        return Verdict(Result.SILENCED, f"by {held_by.created_by} {until}: {held_by.comment}")
    before = case.past.hidden.get((case.rule.id, case.version, case.destination_id)) if case.rule else None
    if before is not None and case.thread is None and not case.change.material:
        return Verdict(before, f"{before} before, and nothing material changed since")
    return None


def _silences(silence: Silence, case: Case) -> bool:
    return (
        silence.starts_at <= case.at < silence.ends_at
        and (not silence.rule or (case.rule is not None and case.rule.id in silence.rule))
        and (not silence.destination or case.destination_id in silence.destination)
        and first_miss(silence.when, case.change) is None
    )


def group(case: Case) -> Verdict | None:
    """Only new events: what has a thread goes on in it."""
    asked = case.destination.config.group if case.destination else None
    if asked is None or case.thread is not None or _urgent(case):
        return None
    due = _pending(case, Result.GROUPED)
    recent = _since(case, timedelta(minutes=asked.minutes))
    alerts = {told.event_id for told in recent if told.kind is MessageKind.ALERT}
    if due is None and len(alerts) < asked.more_than:
        return None
    why = f"more than {_many(asked.more_than, 'alert')} in {asked.minutes} min: gathered for one message"
    return Verdict(Result.GROUPED, why, due or case.at + timedelta(minutes=asked.wait_minutes))


def quiet_hours(case: Case) -> Verdict | None:
    if case.destination is None or _urgent(case):
        return None
    config = case.destination.config
    until = quiet_until(case.at, config.quiet_hours, config.timezone)
    return Verdict(Result.QUIET, f"quiet hours until {_when(until, case)}", until) if until else None


def throttle(case: Case) -> Verdict | None:
    asked = case.destination.config.throttle if case.destination else None
    if asked is None or _urgent(case):
        return None
    window = timedelta(minutes=asked.minutes)
    times = sorted(told.at for told in _since(case, window) if told.kind not in PAST_EVERYTHING)
    if len(times) < asked.messages:
        return None
    due = _pending(case, Result.THROTTLED) or times[-asked.messages] + window
    return Verdict(Result.THROTTLED, f"no more than {_many(asked.messages, 'message')} in {asked.minutes} min", due)


def late(case: Case) -> Verdict | None:
    """After an outage a few late alerts are told one by one; the rest becomes one digest."""
    most = case.destination.config.late_digest_after if case.destination else None
    if most is None or case.thread is not None or not case.change.late_seconds or _urgent(case):
        return None
    due = _pending(case, Result.LATE)
    if due is None and sum(told.late for told in _since(case, LATE_WINDOW)) < most:
        return None
    return Verdict(Result.LATE, f"more than {most} late alerts, after an outage", due or case.at + LATE_WAIT)


def stage(case: Case) -> Verdict | None:
    status = case.change.snapshot.status
    if case.follows:
        return None
    if case.stage == "confirmed" and not confirmed(status):
        return Verdict(Result.STAGED, f"waits for confirmation, the event is {status}")
    if case.stage == "unconfirmed" and confirmed(status):
        return Verdict(Result.STAGED, f"wants unconfirmed events only, this one is {status}")
    return None


def digest(case: Case) -> Verdict | None:
    if case.stage != "digest" or case.destination is None:
        return None
    config = case.destination.config
    due = next_digest(case.at, config.digest, config.timezone)
    return Verdict(Result.DIGESTED, f"for the digest of {_when(due, case)}", due)


def window(config: Pacing, change: EventChanged) -> timedelta | None:
    """How far back the messages of a destination are counted about this change; None: they are not."""
    asked = [timedelta(minutes=one.minutes) for one in (config.group, config.throttle) if one is not None]
    if config.late_digest_after is not None and change.late_seconds:
        asked.append(LATE_WINDOW)
    return max(asked, default=None)


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _urgent(case: Case) -> bool:
    return case.rule is not None and case.rule.urgent


def _since(case: Case, window: timedelta) -> list[Told]:
    told = case.past.told.get(case.destination_id, ())
    return [one for one in told if case.at - window < one.at]


def _pending(case: Case, why: Result) -> datetime | None:
    """When that which is held already is due: what follows is told together with it."""
    due = case.past.pending.get((case.destination_id, why))
    return due if due is not None and due > case.at else None


def _when(moment: datetime, case: Case) -> str:
    zone = case.destination.config.timezone if case.destination else "UTC"
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} ({zone})"
