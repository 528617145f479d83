"""Sentences keep their offsets and survive crawler text, wire text and other scripts."""

import pytest

from services.enricher.domain.text.article import MAX_TEXT, is_lower_case, read, sentence_at, split


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two died. Five were hurt.", ["Two died.", "Five were hurt."]),
        ("Lt. Col. J. R. Smith of the U.S. Army spoke.", ["Lt. Col. J. R. Smith of the U.S. Army spoke."]),
        ("It blew up at 5 p.m. Police came.", ["It blew up at 5 p.m.", "Police came."]),
        ('"We ran." He cried.', ['"We ran."', "He cried."]),
        ("Bomb kills three\nPolice said so.", ["Bomb kills three", "Police said so."]),
        ("On the former, the\n\nTaliban have failed.", ["On the former, the\n\nTaliban have failed."]),
        ("cut inside a line\nbreak it was.", ["cut inside a line\nbreak it was."]),
        ("guerrillas attacked the post. two died.", ["guerrillas attacked the post.", "two died."]),
        ("قتل خمسة أشخاص. وأصيب عشرة؟ نعم", ["قتل خمسة أشخاص.", "وأصيب عشرة؟", "نعم"]),
        ("دھماکہ ہوا۔ تین ہلاک ہوئے۔", ["دھماکہ ہوا۔", "تین ہلاک ہوئے۔"]),
        ("Погибли трое. Ранены пять.", ["Погибли трое.", "Ранены пять."]),
        ("   \n ", []),
        ("", []),
    ],
)
def test_splits(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_every_sentence_is_its_slice_and_only_white_space_lies_between() -> None:
    text = "KABUL — A 😀 bomb (on Mr. Khan). \n\n  Dead: 3!  “Why?” Nobody\nknows…"
    end = 0
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert not text[end : sentence.start].strip()
        end = sentence.end
    assert end == len(text)


def test_offset_finds_its_sentence() -> None:
    sentences = split("One here.  Two here.")
    assert sentence_at(sentences, 0) == 0
    assert sentence_at(sentences, 12) == 1
    assert sentence_at(sentences, 10) is None
    assert sentence_at(sentences, 99) is None


def test_case_is_told_by_script() -> None:
    assert is_lower_case("the army said on monday that five people were kidnapped near san salvador")
    assert not is_lower_case("The army said.")
    assert not is_lower_case("قتل خمسة أشخاص")


def test_paragraphs_are_numbered() -> None:
    assert [s.paragraph for s in split("One. Two.\n\nThree.")] == [0, 0, 1]


@pytest.mark.parametrize(
    "text", [" " * 50_000 + "a", "." * 50_000 + "a", "\n" * 50_000, 'x."""' * 20_000, "a. " * 30_000]
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    split(text)


def test_reads_no_more_than_its_limit() -> None:
    document = read(None, "x" * (MAX_TEXT + 5))
    assert document.title == ""
    assert len(document.text) == MAX_TEXT
