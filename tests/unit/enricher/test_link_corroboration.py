"""Who stands by an event, how reliable they are, and what that makes of it."""

from datetime import timedelta
from typing import Any

import pytest

from services.enricher.domain.linking import ledger
from services.enricher.domain.linking.claimed import claimed_tolls
from services.enricher.domain.linking.corroboration import corroborate, grade
from services.enricher.domain.linking.reports import ReportRecord, of_article
from shared.codes import AttackType, Credibility, EventStatus, Reliability
from shared.contracts import Evidence, Frame
from tests.builders import NOON, QUETTA, claimed_by, enriched, frame, toll


def report(
    source: str, hours: int = 0, told: Frame | None = None, reliability: Reliability = Reliability.F, **article: Any
) -> ReportRecord:
    at = NOON + timedelta(hours=hours)
    (one,) = of_article(
        enriched(f"{source}/{hours}", told or frame(), published_at=at, **article), at, reliability=reliability
    )
    return one


@pytest.mark.parametrize(
    ("held", "failed", "letter"),
    [(0, 0, "F"), (4, 0, "F"), (50, 1, "A"), (20, 0, "B"), (20, 2, "B"), (5, 0, "C"), (3, 2, "D"), (2, 4, "E")],
)
def test_a_letter_follows_from_a_record_long_enough(held: int, failed: int, letter: str) -> None:
    assert grade(held, failed) == letter


@pytest.mark.parametrize(("letter", "credibility"), [("A", 2), ("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)])
def test_one_source_is_worth_what_is_known_of_it(letter: str, credibility: int) -> None:
    worth = corroborate([report("caravel", reliability=Reliability(letter))])
    assert (worth.reliability, worth.credibility, worth.status) == (letter, credibility, EventStatus.UNCONFIRMED)


def test_two_that_agree_confirm() -> None:
    worth = corroborate([report("caravel"), report("ledger", 1, reliability=Reliability.B)])
    assert (worth.reliability, worth.credibility, worth.status) == ("B", Credibility.CONFIRMED, EventStatus.CONFIRMED)


def test_unreliable_ones_confirm_nothing() -> None:
    worth = corroborate([report("caravel"), report("rumour", 1, reliability=Reliability.E)])
    assert (worth.independent, worth.status, worth.credibility) == (2, EventStatus.UNCONFIRMED, 6)


def test_two_that_differ_in_what_it_was_are_believed_less() -> None:
    told = frame(attack_types=[AttackType.ARMED_ASSAULT])
    worth = corroborate([report("caravel"), report("ledger", 1, told)])
    assert (worth.status, worth.credibility) == (EventStatus.CONFIRMED, Credibility.PROBABLY_TRUE)


def test_who_takes_it_back_stands_by_it_no_more() -> None:
    said = [report("caravel", told=frame(killed=toll(9))), report("ledger", told=frame(killed=toll(5)))]
    snapshot = ledger.assess(said[0].report_id, 1, [*said, report("caravel", 2, frame(retraction=True))], {})
    assert (snapshot.status, snapshot.independent_sources) == (EventStatus.RETRACTED, 1)
    more = [*said, report("herald", 1, frame(killed=toll(5))), report("caravel", 2, frame(retraction=True))]
    snapshot = ledger.assess(said[0].report_id, 1, more, {})
    assert (snapshot.status, snapshot.credibility) == (EventStatus.CONFIRMED, Credibility.DOUBTFUL)
    assert snapshot.killed is not None
    assert (snapshot.killed.best, snapshot.killed.high) == (5, 5)
    assert len(snapshot.reports) == 4


def test_of_as_many_words_for_and_against_the_newest_counts() -> None:
    denial = report("ledger", 1, frame(retraction=True))
    assert corroborate([report("caravel"), denial]).status == EventStatus.RETRACTED
    later = report("caravel", 2)
    assert corroborate([report("caravel"), denial, later]).status == EventStatus.UNCONFIRMED


def _claimed(text: str, number: str, group: str = "Red Lantern") -> frozenset[str]:
    at, by = text.index(number), text.index(group)
    evidence = [
        Evidence(field="killed", start=at, end=at + len(number)),
        Evidence(field="perpetrators[0]", start=by, end=by + len(group)),
    ]
    return claimed_tolls(text, frame(perpetrators=[claimed_by(group)], evidence=evidence))


@pytest.mark.parametrize(
    "text",
    [
        "Red Lantern said its fighters killed 40 soldiers in Quetta.",
        "A bomb went off in Quetta. In a statement Red Lantern claimed that 40 soldiers had died.",
        "Red Lantern attacked a base. The group boasted of 40 dead.",
    ],
)
def test_a_toll_on_the_perpetrators_word_alone(text: str) -> None:
    assert _claimed(text, "40") == {"killed"}


@pytest.mark.parametrize(
    "text",
    [
        "Red Lantern claimed responsibility for the attack that killed 40 soldiers.",
        "Red Lantern said it was behind the blast, which police said killed 40 people.",
        "Red Lantern killed 40 soldiers, the ministry said.",
        "Red Lantern said nothing. Doctors counted 40 dead.",
    ],
)
def test_a_toll_on_others_word(text: str) -> None:
    assert _claimed(text, "40") == frozenset()


def test_a_claimed_toll_sets_nothing() -> None:
    said = report("caravel", told=frame(killed=toll(4), place=QUETTA))
    boast = report("ledger", 3, frame(killed=toll(40), place=QUETTA)).model_copy(update={"claimed": {"killed"}})
    snapshot = ledger.assess(said.report_id, 1, [said, boast], {})
    assert snapshot.killed is not None
    assert (snapshot.killed.best, snapshot.killed.high) == (4, 4)
