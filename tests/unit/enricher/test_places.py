"""Places: what is one, which one is meant, and where the attack was. Every sentence is the project's own."""

import pytest

from services.enricher.domain import places


def found(text: str, **more: str) -> list[tuple[str, str, str | None]]:
    return [(m.text, m.name, m.country) for m in places.find(text, **more)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A bomb went off in Kabul on Monday.", [("Kabul", "Kabul", "AF")]),
        ("Two men were shot in Gary, Ind., police said.", [("Gary", "Gary", "US"), ("Ind.", "Indiana", "US")]),
        ("She was stabbed in Paris, Texas.", [("Paris", "Paris", "US"), ("Texas", "Texas", "US")]),
        ("The blast hit Moscow's outskirts.", [("Moscow", "Moscow", "RU")]),
        ("Officials in the U.S. condemned it.", [("U.S.", "United States", "US")]),
        ("The market in Cox's Bazar was burnt.", [("Cox's Bazar", "Cox's Bazar", "BD")]),
    ],
)
def test_finds_places(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Paris Hilton said she was shocked.",
        "Sheriff Jackson said two men fled.",
        "Mr. Washington denied the charge.",
        "The Washington Post reported the arrest.",
        "He robbed a Bank of America branch.",
        "French and Somali officials met.",
        "It happened on Lincoln Avenue.",
        "He will be tried in March.",
    ],
)
def test_leaves_out_what_is_no_place(text: str) -> None:
    assert found(text) == []


def test_offsets_point_at_the_name_in_text_or_title() -> None:
    title, text = "Bomb in Lahore", "A bomb killed two in Lahore, police said."
    mentions = places.find(text, title=title)
    assert [(title if m.in_title else text)[m.start : m.end] for m in mentions] == ["Lahore", "Lahore"]
    assert [m.in_title for m in mentions] == [True, False]
