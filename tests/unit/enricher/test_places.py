"""Places: what is one, which one is meant, and where the attack was. Every sentence is the project's own."""

import pytest

from services.enricher.domain.where import outlets, places


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


@pytest.mark.parametrize(
    ("text", "name", "country"),
    [
        ("KABUL, Afghanistan (AP) — A bomb killed ten.", "Kabul", "AF"),
        ("GARY | Two men were shot.", "Gary", "US"),
        ("LONDON: A man was stabbed.", "London", "GB"),
        ("Srinagar, January 5 (ANI): Gunmen fired at a patrol.", "Srinagar", "IN"),
        ("san salvador, 12 jan 90 (acan-efe) -- guerrillas attacked.", "San Salvador", "SV"),
    ],
)
def test_dateline(text: str, name: str, country: str) -> None:
    line = places.dateline(text)
    assert line is not None
    assert (line.name, line.country) == (name, country)
    assert text[line.start : line.end] == line.text
    assert line.text.casefold() == name.casefold()


def test_no_dateline_in_running_text() -> None:
    assert places.dateline("Police said - as they do - that two men were shot.") is None


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Une bombe a explosé à Bagdad, en Irak.", "fr", {"Baghdad", "Iraq"}),
        ("Londres et Moscou ont condamné l'attentat d'Alep.", "fr", {"London", "Moscow", "Aleppo"}),
        ("Una bomba estalló cerca de Cúcuta, Colombia.", "es", {"Cúcuta", "Colombia"}),
        ("In München und Kabul starben zwei Menschen.", "de", {"Munich", "Kabul"}),
        ("В Москве и Багдаде прогремели взрывы.", "ru", {"Moscow", "Baghdad"}),
        ("انفجار في بغداد وهجوم قرب كركوك", "ar", {"Baghdad", "Kirkuk"}),
        ("کراچی میں دھماکہ، پشاور میں فائرنگ", "ur", {"Karachi", "Peshawar"}),
        ("Homem-bomba mata dez em Cabul, no Afeganistão.", "pt", {"Kabul", "Afghanistan"}),
        ("Diyarbakır'da ve İstanbul'da patlama oldu.", "tr", {"Diyarbakır", "Istanbul"}),
    ],
)
def test_other_languages(text: str, language: str, expected: set[str]) -> None:
    assert {m.name for m in places.find(text, language=language)} == expected


def test_text_without_capitals() -> None:
    text = "guerrillas attacked the town of usulutan in el salvador; a bomb went off near bogota, colombia."
    assert [m.name for m in places.find(text)] == ["Usulután", "El Salvador", "Bogotá", "Colombia"]


def test_nationalities_point_to_countries() -> None:
    hints = places.demonym_countries("French and Somali officials met.", "An Iraqi general")
    assert [(d.country, d.in_title) for d in hints] == [("IQ", True), ("FR", False), ("SO", False)]


def test_a_capital_known_by_its_country() -> None:
    [mention] = places.find("A car bomb went off in the Somali capital on Friday.")
    assert (mention.text, mention.name) == ("Somali capital", "Mogadishu")


def test_a_local_paper_means_its_own_town() -> None:
    text = "Two men were shot in Gainesville, police said."
    florida, georgia = (places.find(text, source=host)[0] for host in ("www.gainesville.com", "gainesvilletimes.com"))
    assert (florida.admin1, georgia.admin1) == ("Florida", "Georgia")


def test_a_surname_is_no_place_elsewhere_either() -> None:
    assert found("Detective Houston arrested him. Houston said two more fled.") == []


@pytest.mark.parametrize(
    ("text", "name", "precision"),
    [
        ("Police in Lahore said a bomb killed five people in Quetta on Monday.", "Quetta", 1),
        ("A bomb killed five people near Quetta. Officials in Islamabad condemned it.", "Quetta", 2),
        ("A bomb killed five people in Nangarhar province, in eastern Afghanistan.", "Nangarhar", 4),
        ("A bomb killed five people in Somalia, near the border with Kenya.", "Somalia", 6),
        ("Five people were killed when a bomb hit a ship in the Red Sea.", "Red Sea", 7),
        ("A bomb killed nine in Lahore, the worst attack since the school siege in Peshawar.", "Lahore", 1),
        ("A bomb hit a convoy in Quetta on its way to a camp at Gwadar.", "Quetta", 1),
        ("A bomb killed two in Quetta. The government in Islamabad blamed separatists.", "Quetta", 1),
        ("ISLAMABAD (AP) - A bomb killed two in the Pakistani city of Quetta.", "Quetta", 1),
        ("A bomb killed two in Somalia, at a market in Baidoa.", "Baidoa", 1),
        ("A bomb went off in Quetta, police said. A man was arrested in Lahore.", "Quetta", 1),
    ],
)
def test_the_place_of_the_event(text: str, name: str, precision: int) -> None:
    mentions = places.find(text)
    bomb = text.index("bomb")
    chosen = places.choose(mentions, [(bomb, text.find(".", bomb))], places.dateline(text), text)
    assert chosen is not None
    assert (chosen.name, chosen.precision) == (name, precision)
    assert text[chosen.start : chosen.end] == chosen.text


def test_the_dateline_steps_in() -> None:
    text = "GARY, Ind. (AP) — Two men were shot outside a shop."
    chosen = places.choose(places.find(text), [(19, len(text))], places.dateline(text), text)
    assert chosen is not None
    assert (chosen.locality, chosen.admin1, chosen.country, chosen.geonameid) == ("Gary", "Indiana", "US", 4920607)


def test_no_place_no_choice() -> None:
    assert places.choose([], [(0, 10)], None, "A man shot.") is None


@pytest.mark.parametrize(
    ("source", "url", "host"),
    [
        ("wral.com", "https://news.example.org/1", "wral.com"),
        ("Meridian Wire", "https://www.meridian.example/2024/a", "www.meridian.example"),
        ("Meridian Wire", None, None),
        (None, "http://[broken", None),
    ],
)
def test_the_host_of_an_outlet(source: str | None, url: str | None, host: str | None) -> None:
    assert outlets.host(source, url) == host
