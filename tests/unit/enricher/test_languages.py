"""Texts of our own in the languages that are read by lexicon: their kind, and what a report says of the attack.

`languages/LANGUAGE.yml` holds the texts. `missed` names the fields that are known not to be read, as they should be;
`place` is the name or the town of GeoNames. What a report says is read as if its kind were beyond doubt.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.enricher import model
from services.enricher.domain.extraction import extract
from services.enricher.domain.news.kind import Model, Stage, Stages
from services.enricher.domain.text import language, numbers
from shared.codes import ArticleKind
from shared.contracts import Extraction, Frame, Toll

FOLDER = Path(__file__).with_name("languages")
TEXTS: dict[str, list[dict[str, Any]]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))
}
NEWS = (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP)
REPORTS = [
    pytest.param(code, item, id=item["id"])
    for code, items in TEXTS.items()
    for item in items
    if item["kind"] == ArticleKind.ATTACK_REPORT
]
ALL_IS_NEWS = Model(Stages(attack=Stage(20.0, {}), follow_up=Stage(-20.0, {}), background=Stage(0.0, {})))


def read(item: dict[str, Any], code: str, weights: Model) -> Extraction:
    return extract(weights, item["title"], item["text"], declared_language=code, published=item["published"])


def test_every_language_of_the_lexicon_has_its_texts() -> None:
    assert set(TEXTS) == {"ar", "de", "es", "fr", "pt", "ru", "tr", "ur"}
    assert all(len(items) >= 20 and {item["kind"] for item in items} == set(ArticleKind) for items in TEXTS.values())


@pytest.mark.parametrize(("code", "item"), REPORTS)
def test_what_a_report_says_of_the_attack(code: str, item: dict[str, Any]) -> None:
    frames = read(item, code, ALL_IS_NEWS).frames
    assert frames
    wrong = {field for field, right in _right(item, frames[0]).items() if not right}
    assert wrong == set(item.get("missed", ())), frames[0]


def _right(item: dict[str, Any], frame: Frame) -> dict[str, bool]:
    place = frame.place
    return {
        "type": not set(item["type"]).isdisjoint(frame.attack_types),
        "country": place is not None and place.country == item["country"],
        "place": place is not None and item["place"] in (place.name, place.locality, place.admin1),
        "killed": _number(frame.killed) == item["killed"],
        "injured": _number(frame.injured) == item["injured"],
    }


def _number(toll: Toll | None) -> int | None:
    """The number told, none and nobody alike: the texts say of few that nobody was hurt."""
    return toll.best or None if toll else None


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_kinds_are_told_apart(code: str) -> None:
    """Weights fitted on English are used in every language: most kinds are right, and news is seldom missed."""
    weights = model.load()
    kinds = [(ArticleKind(item["kind"]), read(item, code, weights).kind) for item in TEXTS[code]]
    assert sum(one == other for one, other in kinds) >= 0.8 * len(kinds), kinds
    assert sum((one in NEWS) == (other in NEWS) for one, other in kinds) >= 0.85 * len(kinds), kinds


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_the_language_is_told_from_the_text(code: str) -> None:
    """A short text may hold no function word, which leaves its language open, but it is never taken for another."""
    told = [language.of(None, item["text"]) for item in TEXTS[code]]
    assert set(told) <= {code, None}
    assert told.count(code) >= 0.85 * len(told)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("ar", "خمسة وأربعين", 45),
        ("ar", "مئة وخمسين", 150),
        ("ar", "ثلاثة وعشرون", 23),
        ("tr", "on iki", 12),
        ("tr", "yüz on iki", 112),
        ("fr", "soixante et onze", 71),
        ("fr", "quatre-vingt-dix-sept", 97),
        ("fr", "cent vingt-deux", 122),
        ("de", "siebenunddreißig", 37),
        ("es", "ciento treinta y cinco", 135),
        ("pt", "trinta e quatro", 34),
        ("ru", "двадцать четыре", 24),
        ("ru", "около пятидесяти", 50),
        ("ur", "ڈیڑھ سو", 150),
        ("ur", "پینتالیس", 45),
    ],
)
def test_number_words(code: str, text: str, value: int) -> None:
    [(start, end, quantity)] = numbers.find(text, code)
    assert (start, end, quantity.best) == (0, len(text), value)
