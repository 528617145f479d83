"""Attack types, weapons, targets, perpetrators, victims and how an attack went."""

import pytest

from services.enricher.domain.text.article import split
from services.enricher.domain.toll import casualties
from services.enricher.domain.what import slots
from shared.codes import AttackType as A


def best_type(text: str, language: str = "en") -> A | None:
    types = slots.best_types(slots.attack_types(text, split(text), language))
    return types[0] if types else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A car bomb exploded outside the ministry.", A.BOMBING_EXPLOSION),
        ("Gunmen opened fire on a bus.", A.ARMED_ASSAULT),
        ("A man with a knife stabbed two people.", A.ARMED_ASSAULT),
        ("Gunmen kidnapped three engineers.", A.HOSTAGE_TAKING_KIDNAPPING),
        ("Armed men took hostages inside the embassy; the hostage crisis lasted a day.", A.HOSTAGE_TAKING_BARRICADE),
        ("The senator was assassinated on his doorstep.", A.ASSASSINATION),
        ("Two men hijacked an airliner.", A.HIJACKING),
        ("Arsonists set fire to the mosque.", A.FACILITY_INFRASTRUCTURE_ATTACK),
        ("A van ploughed into a crowd of shoppers.", A.UNARMED_ASSAULT),
        ("The council met on Tuesday.", None),
    ],
)
def test_attack_type(text: str, expected: A | None) -> None:
    assert best_type(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Une voiture piégée a explosé devant le marché.", A.BOMBING_EXPLOSION),
        ("es", "Hombres armados abrieron fuego en un bar.", A.ARMED_ASSAULT),
        ("pt", "Três estudantes foram raptados.", A.HOSTAGE_TAKING_KIDNAPPING),
        ("de", "Ein Selbstmordattentäter sprengte sich in die Luft.", A.BOMBING_EXPLOSION),
        ("ru", "Неизвестные открыли огонь по автобусу.", A.ARMED_ASSAULT),
        ("tr", "Bombalı saldırı düzenlendi.", A.BOMBING_EXPLOSION),
        ("ar", "انفجار سيارة مفخخة في السوق.", A.BOMBING_EXPLOSION),
        ("ur", "مسلح افراد نے فائرنگ کر دی۔", A.ARMED_ASSAULT),
    ],
)
def test_attack_type_in_other_languages(language: str, text: str, expected: A) -> None:
    assert best_type(text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A car bomb exploded. The bomb was powerful.", [("car bomb", "explosives")]),
        ("They carried assault rifles and machetes.", [("assault rifles", "firearms"), ("machetes", "melee")]),
        ("Molotov cocktails were thrown.", [("Molotov cocktails", "incendiary")]),
        ("The council met on Tuesday.", []),
    ],
)
def test_weapons(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.text, one.type) for one in slots.told(slots.weapons(text, slots.read(split(text))))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A bomb exploded in front of the police station.", [("police station", "police")]),
        ("The bridge was destroyed by rebels.", [("bridge", "transportation")]),
        ("Guerrillas attacked the embassy with rockets.", [("embassy", "government_diplomatic")]),
        ("He walked to the school on Tuesday.", []),
    ],
)
def test_targets(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.text, one.type) for one in slots.told(slots.targets(text, slots.read(split(text))))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Masked gunmen opened fire on the crowd.", ["Masked gunmen"]),
        ("The mayor was killed by two unidentified men.", ["two unidentified men"]),
        ("Two men walked to the shop.", []),
    ],
)
def test_individuals(text: str, expected: list[str]) -> None:
    assert [one.text for one in slots.told(slots.individuals(text, slots.read(split(text))))] == expected


def test_victims_are_those_named_beside_the_toll() -> None:
    text = "Gunmen killed Maria Lopez outside her office. The police chief, Juan Perez, visited the family."
    sentences = split(text)
    spans = [(one.start, one.end, one.sentence) for one in casualties.find(text, sentences)]
    assert [one.text for one in slots.told(slots.victims(text, slots.read(sentences), spans))] == ["Maria Lopez"]


@pytest.mark.parametrize(
    ("text", "suicide", "success", "damage"),
    [
        ("A suicide bomber blew himself up; the gate was damaged.", True, None, True),
        ("Police defused the bomb.", None, False, None),
        ("The plot was foiled.", None, False, None),
        ("The blast caused no damage.", None, None, False),
        ("A bomb went off.", None, None, None),
    ],
)
def test_circumstances(text: str, suicide: bool | None, success: bool | None, damage: bool | None) -> None:
    sentences = split(text)
    assert slots.suicide(sentences).value is suicide
    assert slots.success(sentences).value is success
    assert slots.property_damage(sentences).value is damage


def test_spans_hold_the_words() -> None:
    text = "Last night a suicide bomber blew himself up."
    told = slots.suicide(split(text))
    assert told.start is not None
    assert text[told.start : told.end] == "suicide bomber"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The attack on the national guard headquarters was made by rebels.", ["national guard headquarters"]),
        ("Her vehicle sustained heavy damage in the blast.", ["vehicle"]),
        ("Rebels set two trucks loaded with cement on fire.", ["trucks"]),
        ("Rebels attacked the Red Cross ambulance.", ["Red Cross ambulance"]),
        ("Masked men threw a grenade at a privately owned passenger bus.", ["passenger bus"]),
        ("A device went off outside a private factory.", ["private factory"]),
        ("Two banks, one store and a movie theater were attacked.", ["banks", "store", "movie theater"]),
        ("A bomb damaged a hotel, a restaurant and two medical clinics.", ["hotel", "restaurant", "medical clinics"]),
        ("Guerrillas sabotaged several electric pylons.", ["electric pylons"]),
        ("A bomb exploded outside the Chinese embassy.", ["Chinese embassy"]),
        ("Police held talks at the hotel, a bus ride from the fire.", []),
    ],
)
def test_things_attacked(text: str, expected: list[str]) -> None:
    assert [one.text for one in slots.told(slots.targets(text, slots.read(split(text))))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the murdered men are jose lopez, 25, from leon; ana ruiz, 52, from vigo; and luis paz.", 3),
        ("gunmen killed three: maria soto, a radio reporter, carlos vega, a driver, and juan mora.", 3),
        ("maria soto, a judge of the court of appeals in leon, was murdered today.", 1),
        ("after the attack against attorney general juan mora the street was closed.", 1),
        ("a tourist died today. he was identified as carlos vega.", 1),
        ("the suspect in the murder was identified as a worker. police said carlos vega had spoken.", 0),
    ],
)
def test_names_of_those_harmed(text: str, expected: int) -> None:
    assert len(slots.told(slots.victims(text, slots.read(split(text)), []))) == expected
