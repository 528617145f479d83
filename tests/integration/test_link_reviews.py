"""A person's word on an event, on real Postgres: one transaction, and nothing the machine does later undoes it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from services.enricher.domain.linking.review import Review, ReviewError, StaleReview
from services.enricher.store import PostgresStore, ReviewResult, apply_review, sources
from shared.codes import Change, Credibility, EventStatus, Reliability
from shared.contracts import ArticleEnriched, EventChanged, EventSnapshot
from shared.database.tables import AuditEntry, Event, LedgerEntry, Outbox, Report, Revision
from tests.builders import NOON, QUETTA, day, enriched, frame, toll
from tests.linking import changes, incoming
from tests.linking import link as linked

HOUR = timedelta(hours=1)


@pytest.fixture
def link(engine: Engine) -> Callable[[ArticleEnriched], list[EventChanged]]:
    def run(article: ArticleEnriched) -> list[EventChanged]:
        with engine.begin() as connection:
            return changes(linked([incoming(article)], connection))

    return run


@pytest.fixture
def review(engine: Engine) -> Callable[..., ReviewResult]:
    def run(action: str, event: UUID, revision: int, at: datetime = NOON + 2 * HOUR, **more: Any) -> ReviewResult:
        asked = {"action": action, "event_id": event, "expected_revision": revision, "by": "ana", "reason": "I called"}
        with engine.begin() as connection:
            return apply_review(connection, Review.model_validate(asked | more), at)

    return run


def snapshot(engine: Engine, event: UUID) -> EventSnapshot:
    with engine.connect() as connection:
        known = PostgresStore(connection).event(event)
    assert known is not None
    return known.snapshot


def rows(engine: Engine, table: Any, *where: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table.__table__).where(*where)))


def test_a_correction_stands_and_the_machine_is_shown_beside_it(engine: Engine, link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    result = review("correct", created.event_id, 1, field="killed", value=9)
    assert (result.revision, result.snapshot.killed.best) == (2, 9)
    (changed,) = result.changes
    assert (changed.change, changed.material) == (Change.CORRECTED, True)
    assert [(reason.field, reason.old, reason.new) for reason in changed.reasons] == [
        ("review", None, "correct"),
        ("killed", "5", "9"),
    ]
    (later,) = link(enriched("ledger/1", frame(killed=toll(14)), published_at=NOON + HOUR))
    assert later.snapshot.killed.best == 9
    assert later.snapshot.reviewed["killed"]["best"] == 14
    beside = next(reason for reason in later.reasons if reason.field == "reviewed.killed")
    assert not beside.material
    (said,) = rows(engine, LedgerEntry, LedgerEntry.report_id.is_(None))
    assert (said.field, said.value["best"], said.source, said.sentence) == ("killed", 9, "reviewer", "I called")


def test_unpinned_the_machine_says_it_again(link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    review("pin", created.event_id, 1, field="killed")
    (later,) = link(enriched("ledger/1", frame(killed=toll(14)), published_at=NOON + HOUR))
    assert later.snapshot.killed.best == 5
    result = review("unpin", created.event_id, 3, field="killed")
    assert result.snapshot.killed.best == 14
    assert result.changes[0].material
    assert result.snapshot.reviewed == {}


def test_unknown_is_a_value_that_a_person_may_set(link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    assert review("correct", created.event_id, 1, field="killed", value=None).snapshot.killed is None


def test_confirmed_by_a_person_stays_so_whatever_a_source_says(link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame()))
    result = review("confirm", created.event_id, 1)
    assert (result.changes[0].change, result.snapshot.status) == (Change.CONFIRMED, EventStatus.CONFIRMED)
    (later,) = link(enriched("caravel/2", frame(retraction=True), published_at=NOON + HOUR))
    assert later.snapshot.status == EventStatus.CONFIRMED
    assert later.snapshot.reviewed["status"] == EventStatus.RETRACTED


def test_rejected_takes_alerts_back_and_later_reports_wake_nobody(link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    (changed,) = review("reject", created.event_id, 1).changes
    assert (changed.change, changed.material, changed.alertable) == (Change.RETRACTED, True, False)
    (later,) = link(enriched("ledger/1", frame(killed=toll(50)), published_at=NOON + HOUR))
    assert later.event_id == created.event_id
    assert (later.snapshot.status, later.material, later.alertable) == (EventStatus.REJECTED, False, False)
    (back,) = review("confirm", created.event_id, 3).changes
    assert (back.alertable, back.snapshot.status, back.material) == (True, EventStatus.CONFIRMED, True)


def test_a_merge_survives_later_reports(engine: Engine, link: Any, review: Any) -> None:
    later = NOON + timedelta(days=90)

    def elsewhere(name: str, hours: int = 0, **values: Any) -> ArticleEnriched:
        there = frame(place=QUETTA, date=day("2023-04-30"), **values)
        return enriched(name, there, published_at=later + hours * HOUR, version=str(hours))

    (one,) = link(enriched("caravel/1", frame(killed=toll(5))))
    (other,) = link(elsewhere("ledger/1"))
    result = review("merge", other.event_id, 1, into=one.event_id)
    assert result.event_id == one.event_id
    stays, ends = result.changes
    assert (stays.change, stays.merged_from) == (Change.MERGED, [other.event_id])
    assert (ends.merged_into, ends.snapshot.status) == (one.event_id, EventStatus.MERGED)
    changes = link(elsewhere("herald/1", hours=1)) + link(elsewhere("ledger/1", hours=2, killed=toll(7)))
    assert {change.event_id for change in changes} == {one.event_id}
    assert [row.merged_into for row in rows(engine, Event, Event.id == other.event_id)] == [one.event_id]


def test_an_id_merged_twice_leads_to_the_end(engine: Engine, link: Any, review: Any) -> None:
    far = [
        enriched(f"caravel/{n}", frame(killed=toll(1)), published_at=NOON + timedelta(days=90 * n)) for n in range(3)
    ]
    a, b, c = (
        link(article.model_copy(update={"extraction": _dated(article, 90 * n)}))[0] for n, article in enumerate(far)
    )
    review("merge", a.event_id, 1, into=b.event_id)
    review("merge", b.event_id, 2, into=c.event_id)
    assert {row.merged_into for row in rows(engine, Event, Event.id != c.event_id)} == {c.event_id}
    assert len(snapshot(engine, c.event_id).reports) == 3


def _dated(article: ArticleEnriched, days: int) -> Any:
    first = article.extraction.frames[0]
    assert first.date is not None
    moment = first.date.start + timedelta(days=days)
    date = first.date.model_copy(update={"start": moment, "end": moment})
    return article.extraction.model_copy(update={"frames": [first.model_copy(update={"date": date})]})


def test_a_split_gives_the_reports_named_to_a_new_event_for_good(engine: Engine, link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    link(enriched("ledger/1", frame(killed=toll(5)), published_at=NOON + HOUR))
    taken = next(row.id for row in rows(engine, Report) if row.record["source"] == "ledger")
    rest, apart = review("split", created.event_id, 2, report_ids=[taken]).changes
    assert (rest.change, apart.change, apart.revision) == (Change.SPLIT, Change.SPLIT, 1)
    assert [len(one.snapshot.reports) for one in (rest, apart)] == [1, 1]
    assert apart.alertable
    # A report that fits both and would prove them one does not merge what a person parted.
    for paper in ("herald", "post", "star"):
        (later,) = link(enriched(f"{paper}/1", frame(killed=toll(5)), published_at=NOON + 2 * HOUR))
        assert later.change != Change.MERGED
    assert [row.merged_into for row in rows(engine, Event)] == [None, None]
    assert {row.event_id for row in rows(engine, LedgerEntry, LedgerEntry.report_id == taken)} == {apart.event_id}


def test_a_review_of_what_has_changed_since_is_refused(engine: Engine, link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame()))
    link(enriched("ledger/1", frame(), published_at=NOON + HOUR))
    with pytest.raises(StaleReview, match="is at revision 2, the review is of 1"):
        review("reject", created.event_id, 1)
    assert len(rows(engine, Revision)) == 2
    assert rows(engine, AuditEntry) == []


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"action": "correct", "field": "killed", "value": "many"}, "does not fit"),
        ({"action": "unpin", "field": "place"}, "is not pinned"),
        ({"action": "split", "report_ids": [uuid4()]}, "has no report"),
        ({"action": "merge", "into": uuid4()}, "no event has the id"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(
    engine: Engine, link: Any, review: Any, asked: dict[str, Any], complaint: str
) -> None:
    (created,) = link(enriched("caravel/1", frame()))
    with pytest.raises((ReviewError, LookupError), match=complaint):
        review(asked.pop("action"), created.event_id, 1, **asked)
    assert len(rows(engine, Revision)) == 1


@pytest.mark.parametrize("action", ["merge", "split", "correct", "pin", "unpin"])
def test_an_incomplete_review_says_what_it_needs(action: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        Review(action=action, event_id=uuid4(), expected_revision=1, by="ana", reason="x")


def test_revision_audit_and_message_are_written_together(engine: Engine, link: Any, review: Any) -> None:
    (created,) = link(enriched("caravel/1", frame(killed=toll(5))))
    review("confirm", created.event_id, 1)
    revision = rows(engine, Revision, Revision.revision == 2)[0]
    assert (revision.actor, revision.change, revision.message_time) == ("ana", "confirmed", NOON + 2 * HOUR)
    (audit,) = rows(engine, AuditEntry)
    assert (audit.actor, audit.action, audit.target) == ("ana", "event.confirm", str(created.event_id))
    assert audit.detail["revision"] == 2
    (sent,) = rows(engine, Outbox)
    assert sent.topic.endswith("events.changed")
    assert sent.service == "link"
    assert EventChanged.model_validate_json(sent.value).change == Change.CONFIRMED


def test_a_source_is_as_reliable_as_its_judged_events(engine: Engine, link: Any, review: Any) -> None:
    def event(paper: str, number: int) -> EventChanged:
        later = day("2023-01-30").start + timedelta(days=90 * number)
        when = day(later.isoformat())
        at = NOON + timedelta(days=90 * number)
        (changed,) = link(enriched(f"{paper}/{number}", frame(date=when), published_at=at))
        return cast(EventChanged, changed)

    for number in range(5):
        review("reject", event("rumour", number).event_id, 1)
    assert event("rumour", 5).snapshot.reliability == Reliability.E
    with engine.begin() as connection:
        (known,) = sources.records(connection)
        assert (known["source"], known["held"], known["failed"]) == ("rumour", 0, 5)
        sources.set_grade(connection, "rumour", Reliability.B)
    graded = event("rumour", 6)
    assert (graded.snapshot.reliability, graded.snapshot.credibility) == (Reliability.B, Credibility.PROBABLY_TRUE)
    assert graded.snapshot.reports[0].reliability == Reliability.B
    review("confirm", graded.event_id, 1)
    review("unpin", graded.event_id, 2, field="status")
    with engine.connect() as connection:
        assert sources.records(connection)[0]["held"] == 0


def test_a_person_grades_sources_by_hand(engine: Engine, database_url: str) -> None:
    def sources_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.enricher", "sources", *arguments]
        environment = os.environ | {"DATABASE_URL": database_url}
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    assert "A, set" in sources_command("--grade", "Meridian Wire=A", "--grade", "Daily Rumour=E").stdout
    taken_back = sources_command("--grade", "Daily Rumour=").stdout
    assert [line.split(maxsplit=3) for line in taken_back.splitlines()[1:2]] == [["F", "0", "0", "Daily Rumour"]]
    wrong = sources_command("--grade", "Daily Rumour=Z")
    assert (wrong.returncode, "a letter from A to F" in wrong.stderr) == (2, True)
