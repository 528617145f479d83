"""Kinds of articles, told apart on texts written for these tests."""

# ruff: noqa: E501 - the texts

import json
from pathlib import Path

import pytest

from services.enricher import model
from services.enricher.domain.news import kind
from services.enricher.domain.news.kind import Verdict
from services.enricher.domain.text import article
from shared.codes import ArticleKind

ARCHIVE = Path(__file__).parents[2] / "newsroom"
NEWS = (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP)
MODEL = model.load()


def judged(title: str | None, body: str, language: str = "en") -> Verdict:
    return kind.judge(article.read(title, body, language), MODEL)


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        (
            "Bomb at fish market kills six",
            "A bomb hidden in a cool box killed six people and wounded 14 at a fish market on Tuesday, police said. No "
            "group claimed responsibility.",
            "attack_report",
        ),
        (
            "Gunmen seize four teachers",
            "Gunmen abducted four teachers from a village school on Sunday night, the governor said. A search is under way.",
            "attack_report",
        ),
        (
            None,
            "Militants ambushed a police patrol in the northern district, killing three officers and wounding two.",
            "attack_report",
        ),
        (
            "Two jailed for life over ferry bombing",
            "A court on Thursday sentenced two men to life in prison for the bombing of a ferry that killed 31 people in "
            "2015. Prosecutors had called 90 witnesses.",
            "follow_up",
        ),
        (
            "Suspect arrested in killing of mayor",
            "Police on Monday arrested a man suspected of murdering the mayor of a harbour town last week, prosecutors said. "
            "He was charged and remanded in custody.",
            "follow_up",
        ),
        (
            "Parliament debates terror law",
            "Ministers defended a bill that would let police hold terror suspects without trial for a month. The opposition "
            "said the government was exploiting fear of terrorism and that the new law would not prevent an attack.",
            "background",
        ),
        (
            "Striker's double sinks champions",
            "The striker scored two goals as the visitors beat the champions 3-1 in the league on Saturday.",
            "other",
        ),
        (
            "Quake kills hundreds",
            "A strong earthquake killed at least 300 people and injured thousands on Friday, rescue workers said.",
            "other",
        ),
        (
            "Boy wounded in hunting accident",
            "A boy of 12 was accidentally shot in the leg by his uncle while hunting on Saturday, the sheriff said.",
            "other",
        ),
    ],
)  # fmt: skip
def test_kinds(title: str | None, body: str, expected: str) -> None:
    assert judged(title, body).kind == expected


def test_the_score_is_the_probability_of_news() -> None:
    assert (
        judged("Car bomb kills nine", "A car bomb killed nine people in the capital on Monday, police said.").score
        > 0.5
    )
    assert judged("Shares fall", "Shares fell after the bank's profits were killed by a price war.").score < 0.5


def test_the_deciding_sentence_tells_of_the_attack() -> None:
    verdict = judged(None, "It rained in the capital. Gunmen shot dead a judge at his home on Monday. Shops were open.")
    assert verdict.deciding is not None
    assert "Gunmen" in verdict.deciding.text


@pytest.mark.parametrize(("language", "reason"), [("sw", "language"), (None, "language"), ("en", "gate")])
def test_what_is_not_read_says_why(language: str | None, reason: str) -> None:
    verdict = kind.judge(article.read(None, "Mji una soko jipya na barabara nzuri.", language), MODEL)
    assert (verdict.kind, verdict.score, verdict.reason) == (ArticleKind.OTHER, 0.0, reason)


@pytest.mark.parametrize(
    ("language", "title", "body"),
    [
        ("fr", "Attentat devant une gare : trois morts", "Un homme armé a tué trois personnes lundi devant une gare, a annoncé la police."),
        ("es", "Coche bomba mata a cinco policías", "Un coche bomba mató el martes a cinco policías e hirió a nueve, informaron las autoridades."),
        ("de", "Anschlag auf Moschee: vier Tote", "Bei einem Anschlag auf eine Moschee wurden am Freitag vier Menschen getötet, teilte die Polizei mit."),
        ("pt", "Homens armados matam seis em aldeia", "Homens armados atacaram uma aldeia na noite de domingo e mataram seis pessoas, informou a polícia."),
        ("tr", "Pazarda bombalı saldırı: 5 ölü", "Pazartesi günü pazarda düzenlenen bombalı saldırıda beş kişi öldü, 12 kişi yaralandı."),
        ("ru", "Теракт в метро: семь погибших", "Смертник взорвал себя в метро во вторник, погибли семь человек, сообщили власти."),
        ("ar", "تفجير انتحاري يقتل ثمانية", "قتل ثمانية أشخاص وأصيب عشرون في تفجير انتحاري استهدف سوقا يوم الاثنين، وقالت الشرطة."),
        ("ur", "کوئٹہ میں خودکش دھماکہ", "کوئٹہ میں پیر کو خودکش دھماکے میں سات افراد ہلاک اور بیس زخمی ہو گئے، پولیس کے مطابق۔"),
        ("nl", "Schutter doodt drie mensen in tram", "Een schutter heeft maandag drie mensen doodgeschoten in een tram, meldt de politie."),
    ],
)  # fmt: skip
def test_attacks_in_other_languages_are_news(language: str, title: str, body: str) -> None:
    assert judged(title, body, language).kind in NEWS


def test_the_newsroom_archive() -> None:
    """No article of the archive that reports no attack is taken for news, and nearly every other one is."""
    articles = map(json.loads, (ARCHIVE / "archive.jsonl").read_text(encoding="utf-8").splitlines())
    lines = (ARCHIVE / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = {row["id"]: row["kind"] for row in map(json.loads, lines)}
    told = {row["id"]: judged(row["title"], row["text"], row["language"] or "en").kind for row in articles}
    false = [name for name, found in told.items() if found in NEWS and expected[name] not in NEWS]
    missed = [name for name, found in told.items() if found not in NEWS and expected[name] in NEWS]
    right = sum(found == expected[name] for name, found in told.items())
    assert not false
    assert len(missed) <= 3
    assert right >= 0.85 * len(told)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kind.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="no kind model"):
        model.load(path)


FURNITURE = (
    "The lake festival returns in May with boat races and a market. Here is where to find the best pancakes in town. "
    "Please enable JavaScript to watch this video."
)


def test_a_headline_above_the_furniture_of_a_page_is_read_alone() -> None:
    found = judged("Two dead, four wounded in drive-by shooting", FURNITURE)
    assert found.kind in NEWS
    assert found.in_title
    assert judged("Coach fired after third defeat", FURNITURE).kind is ArticleKind.OTHER


def test_an_outlets_name_behind_the_title_is_no_genre() -> None:
    body = (
        "Four people were shot at a block party on Alder Street early on Sunday, police said. The gunman fled on foot."
    )
    title = "Four shot at block party"
    assert judged(f"{title} - KQZ-TV: News, Weather and Sports", body).kind is ArticleKind.ATTACK_REPORT
    assert judged(f"TV: {title}, a drama in six parts", body).score <= kind.DENIED


def test_who_kills_others_and_then_himself_had_no_accident() -> None:
    body = "A man killed his two children on Friday at their home in Alder County and then shot himself, deputies said."
    assert judged("Father kills two children", body).kind is ArticleKind.ATTACK_REPORT
