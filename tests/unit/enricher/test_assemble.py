"""Frames: every value with its words, one attack apart from another, the unknown null."""

from datetime import date

import pytest

from services.enricher import model
from services.enricher.domain.extraction import extract
from shared.codes import AttackType, ClaimMode, DatePrecision, WherePrecision
from shared.contracts import Extraction

MODEL = model.load()
REPORT = (
    "KANO, Nigeria - A car bomb exploded near a bus station in Kano on Monday, killing nine people and wounding 23, "
    "police said. Boko Haram claimed responsibility for the attack. The explosion destroyed two buses.\n\nIn January "
    "2012 bombs in Maiduguri killed 37 people."
)
COMMENT = (
    "The attack on a theatre in Vienna in 2019 should have taught us something. More than 4,000 people were killed in "
    "terrorist attacks worldwide last year, and we counted 312 attacks in 2020. Analysts say that counterterrorism has "
    "failed. What should be done? Terrorism is a threat that policy has not understood."
)


def extracted(text: str, title: str | None = None, published: date | None = date(2015, 3, 4)) -> Extraction:
    return extract(MODEL, title, text, declared_language="en", published=published)


def test_a_report_gives_one_reported_frame_with_its_values() -> None:
    extraction = extracted(REPORT, "Nine dead in Kano blast")
    frame, *others = extraction.frames
    assert frame.role == "reported"
    assert AttackType.BOMBING_EXPLOSION in frame.attack_types
    assert frame.place is not None
    assert (frame.place.name, frame.place.country) == ("Kano", "NG")
    assert frame.date is not None
    assert (frame.date.start, frame.date.precision) == (date(2015, 3, 2), DatePrecision.DAY)
    assert frame.killed is not None
    assert frame.killed.best == 9
    assert frame.injured is not None
    assert frame.injured.best == 23
    assert [(one.name, one.claim) for one in frame.perpetrators] == [("Boko Haram", ClaimMode.CLAIMED)]
    assert frame.claim is ClaimMode.CLAIMED
    assert all(other.role == "mentioned" for other in others)


def test_an_earlier_attack_is_mentioned_and_keeps_its_numbers_to_itself() -> None:
    mentioned = [frame for frame in extracted(REPORT).frames if frame.role == "mentioned"]
    assert [frame.place.name for frame in mentioned if frame.place] == ["Maiduguri"]
    assert mentioned[0].killed is not None
    assert mentioned[0].killed.best == 37
    assert mentioned[0].date is not None
    assert mentioned[0].date.start.year == 2012


def test_every_piece_of_evidence_is_a_span_of_title_or_text() -> None:
    title = "Nine dead in Kano blast"
    extraction = extracted(REPORT, title)
    spans = [*extraction.evidence, *(span for frame in extraction.frames for span in frame.evidence)]
    assert {"killed", "place", "date", "kind"} <= {span.field for span in spans}
    for span in spans:
        assert 0 <= span.start < span.end <= len(title if span.in_title else REPORT)
    killed = next(span for frame in extraction.frames for span in frame.evidence if span.field == "killed")
    assert "nine" in (title if killed.in_title else REPORT)[killed.start : killed.end].lower()


def test_comment_mentions_attacks_and_its_statistics_are_nobodys_toll() -> None:
    extraction = extracted(COMMENT, "We have learned nothing", date(2021, 5, 1))
    assert extraction.kind == "background"
    assert [(frame.role, frame.place and frame.place.name) for frame in extraction.frames] == [("mentioned", "Vienna")]
    assert extraction.frames[0].killed is None
    assert extraction.frames[0].date is not None
    assert extraction.frames[0].date.start.year == 2019


def test_relative_dates_stay_null_without_a_day_of_publication() -> None:
    frame = extracted(REPORT.split("\n\n")[0], published=None).frames[0]
    assert frame.date is None


HOUR = "Two men were shot dead outside a cafe in Lyon when gunmen opened fire about 2 p.m., police said."


def test_first_news_that_gives_the_hour_only_is_of_the_day_it_appeared() -> None:
    frame = extracted(HOUR).frames[0]
    assert frame.date is not None
    assert (frame.date.start, frame.date.end) == (date(2015, 3, 4), date(2015, 3, 4))
    assert [HOUR[one.start : one.end] for one in frame.evidence if one.field == "date"] == ["2 p.m."]
    assert extracted(HOUR, published=None).frames[0].date is None


def test_a_year_in_the_text_needs_no_day_of_publication() -> None:
    comment = f"{COMMENT} In Kano, Nigeria, gunmen bombed a bus station in 2014."
    found = {frame.place.name: frame.date for frame in extracted(comment, published=None).frames if frame.place}
    assert found["Kano"] is not None
    assert (found["Kano"].start, found["Kano"].precision) == (date(2014, 1, 1), DatePrecision.YEAR)


def test_a_sentence_that_gives_the_attacks_own_day_beside_an_older_one_is_its_own() -> None:
    text = (
        "Five men were indicted on Friday.\n\nThey are accused of the January 15 shooting in Kano that left a girl "
        "dead, a year after she moved there in 2013. The gunmen opened fire at a street party."
    )
    frame = extracted(text, "Five charged with killing of girl").frames[0]
    assert frame.date is not None
    assert frame.date.start == date(2015, 1, 15)


@pytest.mark.parametrize("text", ["", " \n ", "?", "Gunmen", "💥" * 500])
def test_poor_texts_are_read_without_error(text: str) -> None:
    assert extracted(text).kind in ("other", "background", "attack_report", "follow_up")


def test_other_news_has_no_frames_but_its_places() -> None:
    extraction = extract(MODEL, None, "The fair in Lyon opens in May.", declared_language="en", every_place=True)
    assert extraction.kind == "other"
    assert not extraction.frames
    assert [place.text for place in extraction.places] == ["Lyon"]


def test_the_gate_saves_the_finders() -> None:
    extraction = extract(MODEL, None, "The fair in Lyon opens in May.", declared_language="en")
    assert extraction.reason == "gate"
    assert not extraction.places


def test_a_headline_name_is_no_town_where_the_group_never_strikes() -> None:
    text = (
        "The number of people killed in the attack on a hotel has risen to 21, police said on Tuesday. Sixteen of the "
        "dead are Kenyans, one is an American. Al-Shabaab said that its fighters had carried out the attack."
    )
    place = extracted(text, "Riverside attack: toll now 21").frames[0].place
    assert place is not None
    assert (place.country, place.precision) == ("KE", WherePrecision.COUNTRY)
    place = extracted(text.replace("a hotel", "a hotel in Riverside"), "Riverside attack: toll now 21").frames[0].place
    assert place is not None
    assert place.country == "US"
