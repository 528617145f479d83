"""Places: what is one, which one is meant, and where the attack was. Every sentence is the project's own."""

import pytest

from services.enricher.domain.where import gazetteer, outlets, places


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


@pytest.mark.parametrize(
    ("title", "text", "source", "town"),
    [
        ("Five shot in Miami's Overtown", "Five people were shot in Overtown, Miami police said.", None, "Miami"),
        ("Man killed in Homewood", "A man was killed in a bar in Homewood.", "pittsburgh.cbslocal.com", "Pittsburgh"),
        ("Boy, 13, killed", "He was shot in the Austin neighborhood, Chicago police said.", None, "Chicago"),
        ("Three dead in Norfolk", "They lay in the Lexington Park Apartments in Norfolk, Va.", None, "Norfolk"),
        (
            "Two killed in Los Angeles",
            "Two men were shot in Harbor Gateway. Los Angeles police came.",
            None,
            "Los Angeles",
        ),
    ],
)
def test_a_quarter_that_the_gazetteer_lacks_takes_its_town(
    title: str, text: str, source: str | None, town: str
) -> None:
    mentions = places.find(text, title=title, source=source)
    quarter = next(m for m in mentions if not m.in_title and m.kind == "neighbourhood")
    assert (quarter.name, quarter.country) == (town, "US")
    assert quarter.radius_km >= 10
    assert text[quarter.start : quarter.end] == quarter.text != town


def test_a_place_far_off_stays_what_it_is_where_the_text_says_so() -> None:
    text = "A Memphis man was shot in Whitehaven, England. Memphis police were told."
    assert [m.country for m in places.find(text) if m.text == "Whitehaven"] == ["GB"]


def test_a_small_town_abroad_is_not_meant_where_one_country_is() -> None:
    [mention] = [m for m in places.find("Pakistani police said that a bus was attacked at Weir.") if m.text == "Weir"]
    assert (mention.country, mention.precision) == ("PK", 6)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A Manhattan man was convicted of murder.", "Manhattan"),
        ("Four people were hurt in York City on Monday.", "York"),
        ("A shooting in Winchester left two dead.", "Winchester"),
        ("It happened near Yosemite Avenue and Cleveland in Madera.", "Madera"),
        ("Shots fell on the Indianapolis east side. See example.org/indianapolis/police", "Indianapolis"),
    ],
)
def test_towns_that_look_like_something_else(text: str, name: str) -> None:
    assert [m.name for m in places.find(text)] == [name]


def test_a_rifle_is_no_town() -> None:
    assert found("He fired a Winchester rifle from a Pontiac.") == []


def test_a_township_lies_in_its_state() -> None:
    mention = places.find("A man was shot in Hamilton Township, New Jersey.")[0]
    assert (mention.text, mention.admin1) == ("Hamilton", "New Jersey")


@pytest.mark.parametrize(
    ("host", "town", "country"),
    [
        ("chicago.cbslocal.com", "Chicago", "US"),
        ("www.clickondetroit.com", "Detroit", "US"),
        ("manchestereveningnews.co.uk", "Manchester", "GB"),
        ("karachinews.pk", "Karachi", "PK"),
        ("example.com", None, None),
        ("reading.com", None, None),
        ("telegraph.co.uk", None, "GB"),
        ("kzzq.com", None, "US"),
        ("wikinews.org", None, None),
    ],
)
def test_what_a_host_name_says_of_its_home(host: str, town: str | None, country: str | None) -> None:
    home = outlets.home(host)
    assert (home.name if home else None, outlets.country(host)) == (town, country)


def test_the_outlets_own_name_behind_a_title_is_not_where_it_was() -> None:
    title, text = "Girl named in shooting - WXYZ News 5 - Memphis, Tennessee", "She was shot in Atlanta, police said."
    mentions = places.find(text, title=title)
    chosen = places.choose(mentions, [(0, len(text))], None, text)
    assert chosen is not None
    assert chosen.name == "Atlanta"
    alone = "She was shot at home, police said."
    fallback = places.choose(places.find(alone, title=title), [(0, len(alone))], None, alone)
    assert fallback is not None
    assert (fallback.name, fallback.in_title) == ("Memphis", True)


def test_every_country_lies_near_towns_of_its_own() -> None:
    for code in ("KW", "TM", "US", "IN", "LI", "NE"):
        point = gazetteer.countries()[code]
        towns = [c.place for c in gazetteer.lookup(gazetteer.capitals()[code].name) if c.place.country == code]
        assert min(gazetteer.kilometres(point, town) for town in towns) <= 2 * point.radius_km


def test_the_district_where_it_was_beats_the_places_of_other_attacks() -> None:
    text = (
        "ISLAMABAD (Agency) - Five engineers were killed on Tuesday when a bomber rammed their convoy. "
        "No group has claimed the bombing, in Shangla district of Khyber Pakhtunkhwa. "
        "Late on Monday separatists attacked a naval base at Turbat in Balochistan."
    )
    focus = [(m, text.find(".", m)) for m in (text.index("Five"), text.index("No group"), text.index("Late"))]
    chosen = places.choose(places.find(text), focus, places.dateline(text), text)
    assert chosen is not None
    assert chosen.text == "Shangla district"
