"""What an alert says, and that nothing an article brings in turns into markup."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from services.alerting.domain import blocks, cards, rendering
from services.alerting.domain.alert import Alert, check_message, compose, map_link
from services.alerting.domain.links import Action, Signer
from shared.codes import (
    AttackType,
    Change,
    ClaimMode,
    DatePrecision,
    EventStatus,
    MessageKind,
    TargetType,
    WherePrecision,
)
from shared.contracts import Perpetrator, Place, Reason, Target, Toll, WhenRange
from tests.alerts import NOON, OTHER, SENTENCE, change, report, rule
from tests.builders import PESHAWAR, claimed_by, day, toll

HOSTILE = '<!channel> <script>alert(1)</script> *bold* @here & "x" <https://evil.example|click>'


def alert(event: Any = None, kind: Any = MessageKind.ALERT, **values: Any) -> Any:
    return compose(event or change(**values), kind, [rule()], "Asia/Karachi")


def test_the_text_says_what_where_when_toll_and_source_first() -> None:
    beginning = rendering.text(alert(injured=toll(30), suicide=True))[:300]
    for fact in (
        "Suicide bombing",
        "Peshawar, Pakistan",
        "Mon 30 Jan 2023",
        "12 killed; 30 injured",
        "Dawn",
        "Unconfirmed",
    ):
        assert fact in beginning


def test_the_beginning_holds_however_long_the_names_are() -> None:
    long = change(
        attack_types=list(AttackType),
        place=Place(name="N" * 300, locality="L" * 300, admin1="A" * 300, country="CD", precision=WherePrecision.EXACT),
        reports=[report("S" * 300, title="T" * 900, url="https://news.example/" + "u" * 3000)],
        killed=Toll(low=10, best=12, high=15, perpetrators=1),
        date=WhenRange(start=NOON.date(), end=NOON.date() + timedelta(6), precision=DatePrecision.WEEK),
    )
    beginning = rendering.text(alert(long))[:300]
    congo = "Democratic Republic of the Congo"
    for fact in ("ALERT", "LLL", congo, "12 killed", "Mon 30 Jan 2023 to Sun 5 Feb 2023", "SSS"):
        assert fact in beginning
    assert len(alert(long).subject) <= 140


@pytest.mark.parametrize("kind", [MessageKind.ALERT, MessageKind.CORRECTION, MessageKind.RETRACTION])
def test_the_beginning_says_what_is_not_known(kind: Any) -> None:
    unknown = change(attack_types=[], place=None, date=None, killed=None, reports=[report("S" * 300)])
    beginning = rendering.text(alert(unknown, kind))[:300]
    for fact in (kind.upper(), "Attack", "place not known", "Day not known", "toll not known", "SSS"):
        assert fact in beginning


def test_a_report_of_another_day_says_which() -> None:
    assert alert(date=day("2023-01-29")).when.startswith("Sun 29 Jan 2023; first reported Mon 30 Jan 2023 12:00 UTC")


def test_every_fact_has_its_words() -> None:
    said = alert(
        killed=Toll(low=10, best=12, high=15, perpetrators=1),
        injured=toll(0),
        perpetrators=[
            claimed_by("IS-K"),
            Perpetrator(name="TTP", kind="organisation", mention="TTP", claim=ClaimMode.SUSPECTED),
        ],
        targets=[Target(type=TargetType.RELIGIOUS, mention="mosque")],
        reports=[report("Dawn"), report("Reuters")],
        independent_sources=2,
        status=EventStatus.CONFIRMED,
    )
    assert said.what == "Bombing; target: religious site or figure"
    assert said.where == "Peshawar, Pakistan (within about 25 km)"
    assert said.when == "Mon 30 Jan 2023; first reported 12:00 UTC (Mon 17:00 Asia/Karachi)"
    assert said.toll == "12 killed (10–15; 1 of them an attacker); nobody injured"
    assert said.who == "claimed by IS-K; suspected: TTP"
    assert said.how_sure == "Confirmed, 2 independent sources: Dawn, Reuters"
    assert said.quote == SENTENCE
    assert said.why == ["rule all: every attack"]
    assert said.links[0].url == "https://news.example/dawn/1"


def test_a_suicide_attack_is_named_after_its_bomb() -> None:
    both = [AttackType.ARMED_ASSAULT, AttackType.BOMBING_EXPLOSION]
    assert alert(suicide=True, attack_types=both).what == "Suicide bombing and armed assault"
    assert alert(suicide=True, attack_types=both[:1]).what == "Suicide armed assault"
    assert alert(attack_types=both).what == "Armed assault and bombing"


def test_unknown_is_said() -> None:
    said = alert(place=None, date=None, killed=None, attack_types=[], reports=[])
    assert said.headline == "Attack, place not known"
    assert said.subject == "Attack, place not known: toll not known"
    assert (said.where, said.day, said.toll) == ("place not known", "Day not known", "toll not known")
    assert said.who == "perpetrator not known"
    assert said.quote is None


def test_per_whom_the_toll_is_comes_from_the_reasons() -> None:
    reason = Reason(field="killed", old="5", new="12", source="Reuters", sentence="Twelve died.", material=True)
    said = alert(change(Change.UPDATED, 2, reasons=(reason,)), MessageKind.UPDATE)
    assert said.toll == "12 killed, per Reuters"
    assert said.changes == ["killed 5 → 12, per Reuters"]
    assert (said.quote, said.quote_source) == ("Twelve died.", "Reuters")
    assert said.why[0] == "you were alerted to this event"
    assert "Changed: killed 5 → 12" in rendering.text(said)


@pytest.mark.parametrize(
    ("reliability", "credibility", "words"),
    [
        ("B", 2, "Dawn (B2: best source usually reliable, probably true)"),
        ("F", 3, "Dawn (F3: best source of unknown reliability, possibly true)"),
        ("F", 6, "independent source: Dawn"),
    ],
)
def test_how_sure_says_the_grade_where_there_is_one(reliability: str, credibility: int, words: str) -> None:
    assert alert(reliability=reliability, credibility=credibility).how_sure.endswith(words)


def test_one_source_is_named_once() -> None:
    dawn = [Reason(field=field, new="1", source="Dawn", material=True) for field in ("killed", "injured")]
    afp = Reason(field="hostages", new="3", source="AFP", material=True)
    event = change(Change.UPDATED, 2, reasons=(*dawn, afp), injured=toll(30), hostages=toll(3))
    said = alert(event, MessageKind.UPDATE)
    assert said.toll == "12 killed, 30 injured, per Dawn; 3 taken hostage, per AFP"
    assert rendering.text(said).splitlines()[0].endswith(": 12 killed; 30 injured; 3 taken hostage")
    assert said.subject.endswith(": 12 killed, 30 injured, 3 taken hostage")


def test_who_was_only_described_is_no_name() -> None:
    def reported(name: str, kind: Any = "individual") -> Perpetrator:
        return Perpetrator(name=name, kind=kind, mention=name)

    said = alert(perpetrators=[reported("gunman"), reported("lone gunman"), reported("Islamic State", "organisation")])
    assert said.who == "Islamic State (named in reports); unidentified (lone gunman)"
    assert alert(perpetrators=[reported("Salman Abedi")]).who == "Salman Abedi (named in reports)"
    reason = Reason(field="perpetrators", old="TTP (unknown)", new="TTP (claimed), gunmen (unknown)", material=True)
    assert alert(change(reasons=(reason,)), MessageKind.UPDATE).changes == ["perpetrators TTP → TTP (claimed), gunmen"]


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (change(Change.MERGED, 2, merged_into=OTHER), MessageKind.UPDATE, f"Same attack as event {OTHER}"),
        (change(Change.RETRACTED, 2), MessageKind.RETRACTION, "no longer held to have happened"),
        (change(Change.CORRECTED, 2), MessageKind.CORRECTION, "told before was wrong"),
        (change(late_seconds=7300), MessageKind.ALERT, "This comes 2 h late"),
        (change(late_seconds=125), MessageKind.ALERT, "This comes 2 min late"),
        (change(), MessageKind.ALERT, None),
    ],
)
def test_what_a_reader_must_know_first(event: Any, kind: Any, words: Any) -> None:
    said = compose(event, kind, [])
    if words is None:
        assert said.note is None
    else:
        assert words in str(said.note)
        assert words in rendering.text(said)
        assert words in rendering.html(said)
        assert words in json.dumps(blocks.slack_blocks(said), ensure_ascii=False)


def hostile() -> Any:
    event = change(
        place=Place(name=HOSTILE, locality=HOSTILE, country="PK", precision=WherePrecision.EXACT),
        perpetrators=[claimed_by(HOSTILE)],
        reports=[report(HOSTILE, title=HOSTILE, sentence=HOSTILE), report("Bad", url="javascript:alert(1)")],
        reasons=(Reason(field=HOSTILE, new=HOSTILE, source=HOSTILE, sentence=HOSTILE, material=True),),
    )
    return compose(event, MessageKind.UPDATE, [rule(description=HOSTILE)])


def test_nothing_becomes_markup_in_html() -> None:
    page = rendering.html(hostile())
    assert "<script" not in page
    assert "javascript:" not in page
    assert "&lt;script&gt;" in page


def test_nothing_becomes_markup_in_slack() -> None:
    assert not re.search(r"<[!@#h]", blocks.slack_text(hostile()))
    allowed = {"header", "rich_text", "rich_text_section", "rich_text_quote", "rich_text_list", "context", "plain_text"}
    allowed |= {"text", "link"}
    shown = blocks.slack_blocks(hostile())
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(shown)))
    assert kinds <= allowed  # mrkdwn, where * and <> mean something, is not among them
    assert "javascript:" not in json.dumps(shown)


def test_nothing_becomes_markup_in_teams() -> None:
    shown = json.dumps(cards.card(hostile()))
    kinds = set(re.findall(r'"type": "([\w.]+)"', shown))
    assert kinds == {"AdaptiveCard", "RichTextBlock", "TextRun", "Action.OpenUrl"}  # a TextBlock would read Markdown
    assert "javascript:" not in shown
    assert len(shown) < 28 * 1024


def test_links_stand_at_the_end_of_the_text_and_in_the_page() -> None:
    links = Signer("k" * 32, "https://tocsin.example").links(OTHER, MessageKind.ALERT, NOON)
    text, page = rendering.text(alert(), links), rendering.html(alert(), links)
    assert "https://tocsin.example/a/" not in text[:300]
    for name, address in links.offered:
        assert f"{name}: {address}" in text
        assert f'href="{address}"' in page
    assert [name for name, _ in links.offered] == ["Acknowledge", "Useful", "False alarm"]
    assert f'href="{links.url(Action.UNSUBSCRIBE)}"' in page
    assert "/a/" not in rendering.text(alert()) + rendering.html(alert())


def test_slack_limits_hold() -> None:
    shown = blocks.slack_blocks(hostile())
    assert len(shown) <= 50
    assert len(shown[0]["text"]["text"]) <= 150
    assert len(blocks.slack_text(hostile())) <= 3000 * 5  # each & < > may take five


def test_a_subject_is_one_line() -> None:
    place = Place(name="a\r\nBcc: x@evil.example", country="PK", precision=WherePrecision.EXACT)
    assert "\n" not in alert(place=place).subject
    assert "\r" not in alert(place=place).subject


def test_characters_that_cannot_be_seen_are_left_out() -> None:
    assert alert(place=Place(name="a\x00b\u202ec", precision=WherePrecision.EXACT)).where == "abc (exact place)"


def test_a_thread_keeps_its_subject() -> None:
    assert compose(change(), MessageKind.UPDATE, [], subject="Bombing in Peshawar: 5 killed").subject.endswith(
        "5 killed"
    )


def test_a_map_only_where_the_place_is_known_well_enough() -> None:
    peshawar = PESHAWAR
    assert "mlat=34.0080&mlon=71.5780" in str(map_link(peshawar))
    assert map_link(peshawar.model_copy(update={"precision": WherePrecision.PROVINCE})) is None
    assert map_link(None) is None


def test_an_alert_survives_its_row() -> None:
    assert Alert.model_validate(alert().model_dump(mode="json")) == alert()


def test_a_test_says_that_it_is_one() -> None:
    text = rendering.text(check_message("desk"))
    assert text.startswith("TEST: Test of the destination desk")
    assert "no attack is reported" in text
