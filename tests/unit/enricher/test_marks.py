"""Roles by rules and by what the encoder marked: who is kept, dropped and added."""

import re

import pytest

from services.enricher.domain.news.reading import SLOTS, Piece
from services.enricher.domain.text.article import split
from services.enricher.domain.what import marks
from services.enricher.domain.what.role_words import RoleMention

TEXT = "Masked riders shot the judge Ana Lopez. They fled past the chapel in a lorry bomb."


def pieces(slot: str, odds: dict[str, float]) -> list[Piece]:
    """A word piece for each word; those named are in the slot as probably as said."""
    number, before, found = SLOTS.index(slot), 0.0, []
    for word in re.finditer(r"\w+|\W", TEXT):
        if not word.group().isspace():
            chance = odds.get(word.group(), 0.0)
            slots = [chance if index == number else 0.0 for index in range(len(SLOTS))]
            found.append(Piece(word.start(), word.end(), slots, before < 0.5))
            before = chance
    return found


def of_rules(words: str) -> RoleMention:
    start = TEXT.index(words)
    return RoleMention(words, start, start + len(words), 0)


def both(slot: str, rules: list[str], odds: dict[str, float]) -> list[str]:
    found = marks.laid_over(slot, [of_rules(one) for one in rules], pieces(slot, odds), TEXT, split(TEXT))
    assert all(TEXT[one.start : one.end] == one.text for one in found)
    return [one.text for one in found]


@pytest.mark.parametrize(
    ("rules", "odds", "expected"),
    [
        ([], {"Masked": 0.95, "riders": 0.99}, ["Masked riders"]),  # sure, and no rule has it
        ([], {"Masked": 0.6, "riders": 0.6}, []),  # not sure enough
        (["riders"], {"Masked": 0.95, "riders": 0.99}, ["riders"]),  # the rules have it already
        (["riders"], {"riders": 0.2}, ["riders"]),  # doubted, but not enough
        (["riders"], {}, []),  # sure that it is none
    ],
)
def test_perpetrators(rules: list[str], odds: dict[str, float], expected: list[str]) -> None:
    assert both("PerpInd", rules, odds) == expected


def test_two_marked_in_one_text_stand_in_its_order() -> None:
    assert both("Victim", ["Ana Lopez"], {"Ana": 0.9, "Lopez": 0.9, "Masked": 0.99}) == ["Masked", "Ana Lopez"]


def test_an_article_is_no_part_of_a_mention_and_its_type_is_read_off_its_words() -> None:
    odds = {"a": 0.9, "lorry": 0.99, "bomb": 0.99}
    (weapon,) = marks.laid_over("Weapon", [], pieces("Weapon", odds), TEXT, split(TEXT))
    assert (weapon.text, weapon.type, weapon.sentence) == ("lorry bomb", "explosives", 1)


def test_where_nothing_was_read_the_rules_say() -> None:
    rules = [of_rules("riders")]
    assert marks.laid_over("PerpInd", rules, [], TEXT, split(TEXT)) == rules


def test_what_lies_outside_of_what_was_read_stays() -> None:
    rules = [of_rules("riders")]
    rest = [one for one in pieces("PerpInd", {}) if one.start > TEXT.index("riders") + 10]
    assert marks.laid_over("PerpInd", rules, rest, TEXT, split(TEXT)) == rules
