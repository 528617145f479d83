import pytest

from services.enricher.domain.frames import corrections


@pytest.mark.parametrize(
    ("title", "text", "words"),
    [
        (
            "",
            "Two died.\nAn earlier version of this story said that three had died.",
            "An earlier version of this story",
        ),
        ("Police revise market bombing toll to 12", "Twelve died.", "revise market bombing toll"),
        ("", "The ministry lowered the death toll from 40 to 31.", "lowered the death toll"),
        ("", "Officials have since lowered the number to five.", "have since lowered the number"),
        ("", "Correction: the attack was on Monday, not on Tuesday.", "Correction: the attack"),
        ("", "The death toll was revised to nine.", "death toll was revised"),
    ],
)
def test_a_correction_is_found_with_its_words(title: str, text: str, words: str) -> None:
    found = corrections.find(title, text)
    assert found is not None
    assert (title if found.in_title else text)[found.start : found.end].startswith(words)


@pytest.mark.parametrize(
    "text",
    [
        "The death toll rose to 12.",
        "A pupil who had not revised made the call.",
        "Rescuers reached the lower floors, where the toll may be higher.",
        "He was taken to a correctional facility.",
    ],
)
def test_other_news_corrects_nothing(text: str) -> None:
    assert corrections.find("", text) is None
