"""Actors: armed groups by every name, in context; claims. Every sentence is the project's own."""

import pytest

from services.enricher.domain.text.article import split
from services.enricher.domain.who import actors, groups
from services.enricher.domain.who.blame import responsible


def names(text: str, *countries: str) -> list[str]:
    return [m.name for m in actors.find(text, countries=set(countries)) if m.kind == "organisation"]


def test_knows_three_hundred_groups_with_a_source_each() -> None:
    known = groups.groups()
    assert len(known) >= 300
    assert all(group.source and group.countries for group in known.values())
    assert {group.parent for group in known.values()} - {None} <= set(known)


@pytest.mark.parametrize(
    ("text", "countries", "expected"),
    [
        ("The Taliban claimed the blast in Peshawar.", {"PK"}, ["Tehrik-i-Taliban Pakistan"]),
        ("The Taliban claimed the blast in Kabul.", {"AF"}, ["Taliban"]),
        ("The Taliban took Kabul, Pakistan said.", {"AF", "PK"}, ["Taliban"]),
        ("The Pakistani Taliban fled.", set(), ["Tehrik-i-Taliban Pakistan"]),
        ("IS-K and ISIS are two.", set(), ["Islamic State Khorasan Province", "Islamic State"]),
        ("ISWAP raided the camp.", {"NG"}, ["Islamic State West Africa Province"]),
        ("Gunmen of the ELN attacked.", {"CO"}, ["National Liberation Army"]),
        ("guerrillas of the fmln blew up a pylon.", {"SV"}, ["Farabundo Marti National Liberation Front"]),
        ("Militants of Lashkar-e-Tayyiba crossed.", {"IN"}, ["Lashkar-e-Taiba"]),
        ("Боевики Исламское государство взяли на себя.", set(), ["Islamic State"]),
        ("أعلن تنظيم الدولة الإسلامية مسؤوليته", set(), ["Islamic State"]),
    ],
)
def test_groups_in_context(text: str, countries: set[str], expected: list[str]) -> None:
    assert names(text, *countries) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Her son is a nurse and he let her go.",
        "The Indian Army and the police took the town.",
        "The Socialist Party lost the vote.",
        "The blast hit a post near Arish in the Sinai Province.",
        "Put money in an IRA before you retire.",
    ],
)
def test_leaves_out_what_is_no_armed_group(text: str) -> None:
    assert names(text, "US") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A little-known group calling itself Sword of the Valley said it did it.", "Sword of the Valley"),
        ("The Upper River Liberation Front sent a letter.", "Upper River Liberation Front"),
        ("Police blame Jaish-e-Sahil for it.", "Jaish-e-Sahil"),
        ("The Save Our Hills Movement later claimed responsibility.", "Save Our Hills Movement"),
        ("Members of the Upper River Liberation Front burned a bus.", "Upper River Liberation Front"),
    ],
)
def test_unknown_groups_are_kept_by_name(text: str, name: str) -> None:
    found = [m for m in actors.find(text) if m.kind == "organisation"]
    assert [(m.name, m.id, text[m.start : m.end]) for m in found] == [(name, None, name)]


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("Boko Haram claimed responsibility for the raid.", ["claimed"]),
        ("Responsibility was claimed by Boko Haram.", ["claimed"]),
        ("Officials blamed Boko Haram for the raid.", ["blamed"]),
        ("Suspected Boko Haram fighters burnt the village.", ["suspected"]),
        ("Boko Haram denied it had any part in the raid.", ["denied"]),
        ("Boko Haram is active there. No group has claimed responsibility.", ["unknown"]),
        ("Boko Haram has struck before. The group claimed responsibility.", ["claimed"]),
    ],
)
def test_claims(text: str, modes: list[str]) -> None:
    found = [m for m in actors.find(text) if m.kind == "organisation"]
    claims = actors.claims(text, [(s.start, s.end) for s in split(text)], found)
    assert [claim.mode for claim in claims] == modes
    assert all((claim.start is None) == (claim.mode == "unknown") for claim in claims)


def test_the_group_that_suffered_is_not_responsible() -> None:
    text = "A bomb hit the Houthi headquarters; Al-Qaeda in the Arabian Peninsula claimed responsibility."
    found = [m for m in actors.find(text, countries={"YE"}) if m.kind == "organisation"]
    claims = actors.claims(text, [(0, len(text))], found)
    assert found[responsible(text, found, claims)[0]].name == "Al-Qaeda in the Arabian Peninsula"


@pytest.mark.parametrize("name", ["Balkh Province", "Five Saudi", "An Israeli", "East Harbour Market"])
def test_places_and_counted_people_are_no_persons(name: str) -> None:
    assert [m.name for m in actors.find(f"{name} attacked the checkpoint.") if m.kind == "individual"] == []


def test_the_group_that_another_is_linked_to_is_not_responsible() -> None:
    text = "The attack was carried out by Al-Shabaab, a group linked to Al-Qaeda."
    found = [m for m in actors.find(text, countries={"SO"}) if m.kind == "organisation"]
    claims = actors.claims(text, [(0, len(text))], found)
    assert [found[index].name for index in responsible(text, found, claims)] == ["Al-Shabaab"]


def doers(text: str, countries: frozenset[str] = frozenset()) -> list[str]:
    mentions = actors.find(text, countries=countries)
    modes = actors.claims(text, [(0, len(text))], mentions)
    return [mentions[i].text for i in responsible(text, mentions, modes) if mentions[i].kind != "generic"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Karim Kotine, 37, rammed his car into people at a bus stop.", ["Karim Kotine"]),
        ("Tarak Yasin (20) stabbed two people in Afula.", ["Tarak Yasin"]),
        ("The bombing was carried out by Tim Farrow and Terry Nolan.", ["Tim Farrow", "Terry Nolan"]),
        ("Sarah Jane Doe tries to assassinate the president.", ["Sarah Jane Doe"]),
        ("Nadine Amra, a Belgian of 33, threw grenades into the crowd.", ["Nadine Amra"]),
        ("Police said he killed 18-year-old Shane Moor.", []),
        ("Forty-year-old Karim Kotine rammed his car into people.", ["Karim Kotine"]),
        ("A bomb at a square in Bab Sahil killed nine people.", []),
        ("Former minister Ann Roe assassinated by her guard.", []),
        ("A man, Ben Moor, was stabbed outside the Roe Theatre.", []),
        ("Mir Kotine opened fire on guards at the gate.", ["Mir Kotine"]),
        ("Hamas and the Al-Aqsa Martyrs Brigade jointly claimed responsibility.", ["Hamas", "Al-Aqsa Martyrs Brigade"]),
        ("Hamas killed three guards in Gaza. Islamic Jihad called for calm.", ["Hamas"]),
        ("Officials blamed Boko Haram for some of last year's bombings and Islamic State for others.", []),
        ("Officials blamed Boko Haram fighters for similar raids.", []),
        ("Officials blamed Boko Haram for the raid.", ["Boko Haram"]),
    ],
)
def test_who_did_it(text: str, expected: list[str]) -> None:
    assert doers(text, frozenset({"PS"})) == expected


@pytest.mark.parametrize(
    ("text", "countries", "expected"),
    [
        ("The Jaish-ul-Sahil claimed the blast; officials blamed the Taliban.", "AF", ["Jaish-ul-Sahil", "Taliban"]),
        ("The Taliban claimed the blast; officials blamed the Haqqani network.", "AF", ["Taliban"]),
        ("Hamas and the Al-Aqsa Martyrs' Brigades claimed it.", "PS", ["Hamas", "Al-Aqsa Martyrs' Brigades"]),
        ("Nigerian troops killed at least 20 suspected Boko Haram fighters in a raid.", "NG", []),
        ("A bomb killed six guards at a checkpoint manned by the Levant Front. ISIS was blamed.", "SY", ["ISIS"]),
        ("Jamaat-ul-Ahrar, a group that split off the TTP, claimed responsibility.", "PK", ["Jamaat-ul-Ahrar"]),
        ("The UVF shot two men in retaliation for an IRA bombing.", "GB", ["UVF"]),
        ("Karim Kotine killed two guards. Hamas was blamed.", "PS", ["Hamas"]),
        ("Karim Kotine stabbed two guards. Hamas claimed responsibility.", "PS", ["Hamas", "Karim Kotine"]),
        ("ISIL's men attacked a market.", "IQ", ["ISIL"]),
    ],
)
def test_whose_deed_it_is(text: str, countries: str, expected: list[str]) -> None:
    assert doers(text, frozenset({countries})) == expected


@pytest.mark.parametrize(
    ("text", "countries", "expected"),
    [
        ("Communist rebels ambushed a patrol.", {"PH"}, ["New People's Army"]),
        ("Communist rebels ambushed a patrol.", {"FR"}, []),
        ("Kurdish militants blew up a bridge.", {"TR"}, ["Kurdistan Workers' Party"]),
        ("Kurdish militants blew up a bridge.", {"DE"}, []),
        ("They want an Islamic state.", {"SA"}, []),
        ("Police suspect the Islamic state.", {"TR"}, ["Islamic State"]),
        ("Al-Qaeda said so.", {"SA", "US"}, ["Al-Qaeda in the Arabian Peninsula"]),
        ("Hizbul-Mujahedin is blamed.", {"IN"}, ["Hizbul Mujahideen"]),
        ("The outlawed Kurdistan Workers' Party fired.", {"TR"}, ["Kurdistan Workers' Party"]),
        ("The Abu Nidal Organisation struck.", {"GR"}, ["Abu Nidal Organization"]),
        ("Officials say the ISI knew.", {"PK"}, []),
    ],
)
def test_names_in_context(text: str, countries: set[str], expected: list[str]) -> None:
    assert names(text, *countries) == expected


def test_a_person_who_claims_a_deed_is_no_group() -> None:
    found = actors.find("Karim Kotine claimed responsibility. So did the Sons of the Valley, who claimed credit.")
    assert [(m.text, m.kind) for m in found][:1] == [("Karim Kotine", "individual")]


def test_a_spokesman_is_no_group() -> None:
    text = "Taliban spokesman Ihsan Khan claimed responsibility for the attack."
    assert doers(text, frozenset({"AF"})) == ["Taliban"]


def test_everyday_words_in_text_without_capitals_are_no_acronyms() -> None:
    text = "the ministry took note of the fact that a bomb went off in the port."
    assert names(text, "PE") == []
