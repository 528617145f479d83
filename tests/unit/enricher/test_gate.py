"""The gate lets attacks through in every language of the lexicon, and drops what has none of its words."""

import pytest

from services.enricher.domain.news import cues, gate
from services.enricher.domain.text import language, lexicon

ATTACKS = {
    "en": "Gunmen killed four people near the market on Monday.",
    "fr": "Un kamikaze s'est fait exploser devant l'ambassade.",
    "es": "Un coche bomba estalló junto a la comisaría.",
    "de": "Bei einem Sprengstoffanschlag starben drei Menschen.",
    "pt": "Homens armados atacaram uma aldeia durante a noite.",
    "tr": "Karakola bombalı saldırı düzenlendi, iki polis öldü.",
    "ru": "Смертник взорвал себя у входа в мечеть.",
    "ar": "قتل خمسة أشخاص في تفجير سيارة مفخخة وسط المدينة.",
    "ur": "کوئٹہ میں خودکش دھماکہ، سات افراد ہلاک ہو گئے۔",
    "nl": "Bij een aanslag op een moskee vielen drie doden.",
}  # fmt: skip
PEACEFUL = {
    "en": "The museum opens its new wing in June with paintings lent by the city.",
    "fr": "Le musée ouvre sa nouvelle aile en juin avec des tableaux prêtés par la ville.",
    "es": "El museo abre en junio su nueva ala con cuadros de la ciudad.",
    "de": "Das Museum zeigt im Juni Bilder aus dem Besitz der Stadt.",
    "ru": "Музей открывает новое крыло в июне.",
    "ar": "يفتتح المتحف جناحه الجديد في يونيو.",
}


def test_every_language_of_the_lexicon_has_its_attack() -> None:
    assert set(ATTACKS) == language.languages()


@pytest.mark.parametrize("code", ATTACKS)
def test_attacks_pass_with_and_without_their_language(code: str) -> None:
    assert gate.passes(None, ATTACKS[code], code)
    assert gate.passes(None, ATTACKS[code])


@pytest.mark.parametrize("code", PEACEFUL)
def test_peaceful_news_is_dropped(code: str) -> None:
    assert not gate.passes(None, PEACEFUL[code], code)


def test_a_long_text_needs_two_different_words_that_are_not_certain() -> None:
    filler = "The committee met again and the committee rose. " * 40
    assert not gate.passes(None, f"{filler} He was killed. She was killed.", "en")
    assert gate.passes(None, f"{filler} He was killed by a blast.", "en")


@pytest.mark.parametrize(
    "text",
    [
        "A lorry drove on through families who had watched the parade.",
        "Passengers fell down on Monday morning. It was nerve gas, and someone had put it there.",
        "A driver was pulled from his cab, kicked, and struck on the head with a brick.",
        "Officers have found the man who sold it. Shopkeepers were let through the cordon to fetch their takings.",
        "The funeral home in the square takes nineteen of the forty-nine; the county sends a clerk.",
    ],
)
def test_attacks_told_without_the_usual_words_pass(text: str) -> None:
    assert gate.passes(None, text, "en")


def test_the_title_counts() -> None:
    assert gate.passes("Suicide bomber strikes", "It was a quiet day." * 100, "en")


@pytest.mark.parametrize("code", sorted(language.languages()))
def test_lexica_are_words_and_name_the_same_classes_as_english(code: str) -> None:
    data, english = lexicon.load(f"triggers/{code}"), lexicon.load("triggers/en")
    lists = [data["common"], data["certain"], data["possible"], *data["cues"].values()]
    assert data["language"] == code
    assert all(isinstance(word, str) and word.strip("*") for words in lists for word in words)
    assert not [word for words in lists for word in words if "*" in word.strip("*")]
    assert set(data["cues"]) <= set(english["cues"])


def test_longer_entries_cover_shorter_ones_and_words_are_whole() -> None:
    found = cues.matcher("en").find("He had a heart attack after the photo shoot; the attacker fled.")
    texts = {cue.classes for cue in found}
    assert not any("deed" in classes for classes in texts)
    assert any("perpetrator" in classes for classes in texts)
    assert not cues.matcher("en").find("unbombable attackment")


def test_an_entry_with_a_caret_stands_at_the_beginning() -> None:
    matcher = cues.Matcher({"^tv:": frozenset({"genre"})})
    assert [cue[:2] for cue in matcher.find("TV: a siege in three parts")] == [(0, 3)]
    assert not matcher.find("Two shot at bar - KQZ-TV: News, Weather")


def test_folding_keeps_every_character_in_its_place() -> None:
    text = "İstanbul’da\nSALDIRI"
    assert len(cues.fold(text)) == len(text)
    assert cues.fold(text).endswith("da saldiri")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{ATTACKS['fr']} {PEACEFUL['fr']}", "fr"),
        (ATTACKS["es"], "es"),
        (ATTACKS["ru"], "ru"),
        (ATTACKS["ur"], "ur"),
        ("12345", None),
    ],
)
def test_language_is_guessed_where_none_is_declared(text: str, code: str | None) -> None:
    assert language.of(None, text) == code


def test_declared_language_goes_first() -> None:
    assert language.of("en-GB", ATTACKS["fr"]) == "en"
