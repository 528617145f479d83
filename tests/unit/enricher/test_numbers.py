"""Quantities as news writes them, in every grouping, in words and in nine languages."""

import pytest

from services.enricher.domain.text import numbers


def found(text: str, language: str = "en") -> tuple[int | None, int | None, int | None]:
    quantities = numbers.find(text, language)
    assert len(quantities) == 1, quantities
    quantity = quantities[0][2]
    return quantity.low, quantity.best, quantity.high


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seven villagers", (7, 7, 7)),
        ("twenty-one villagers", (21, 21, 21)),
        ("one hundred and twelve villagers", (112, 112, 112)),
        ("two thousand three hundred villagers", (2300, 2300, 2300)),
        ("1,500 villagers", (1500, 1500, 1500)),
        ("1.500 villagers", (1500, 1500, 1500)),
        ("1,00,000 villagers", (100_000, 100_000, 100_000)),
        ("2 lakh villagers", (200_000, 200_000, 200_000)),
        ("1.5 million villagers", (1_500_000, 1_500_000, 1_500_000)),
        ("a dozen villagers", (12, 12, 12)),
        ("two dozen villagers", (24, 24, 24)),
        ("half a dozen villagers", (6, 6, 6)),
        ("a couple of villagers", (2, 2, 2)),
        ("at least 14 villagers", (14, 14, None)),
        ("no fewer than nine villagers", (9, 9, None)),
        ("more than 40 villagers", (40, 40, None)),
        ("nearly 50 villagers", (None, 50, 50)),
        ("up to 20 villagers", (None, 20, 20)),
        ("around 30 villagers", (None, 30, None)),
        ("15 or more villagers", (15, 15, None)),
        ("10-12 villagers", (10, 10, 12)),
        ("three or four villagers", (3, 3, 4)),
        ("between 10 and 12 villagers", (10, 10, 12)),
        ("dozens of villagers", (24, None, 99)),
        ("scores of villagers", (40, None, 99)),
        ("several villagers", (3, None, 9)),
        ("hundreds of villagers", (200, None, 999)),
    ],
)
def test_english(text: str, expected: tuple[int | None, int | None, int | None]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "trente-deux villageois", 32),
        ("fr", "vingt et un villageois", 21),
        ("fr", "1 200 villageois", 1200),
        ("es", "cuarenta y cinco campesinos", 45),
        ("es", "1.300 campesinos", 1300),
        ("pt", "vinte e dois moradores", 22),
        ("de", "fünfundzwanzig Dorfbewohner", 25),
        ("de", "1.100 Dorfbewohner", 1100),
        ("ru", "двадцать пять жителей", 25),
        ("tr", "otuz beş köylü", 35),
        ("ar", "خمسة قرويين", 5),
        ("ar", "٢٥ قرويا", 25),
        ("ur", "پندرہ دیہاتی", 15),
    ],
)
def test_other_languages(language: str, text: str, expected: int) -> None:
    assert found(text, language)[1] == expected


@pytest.mark.parametrize("text", ["on the 12th floor", "a 9mm pistol", "no number at all", "9" * 40])
def test_what_is_no_quantity(text: str) -> None:
    assert numbers.find(text) == []


def test_the_span_is_that_of_the_words() -> None:
    text = "They said at least twenty-one people came."
    start, end, _ = numbers.find(text)[0]
    assert text[start:end] == "at least twenty-one"
