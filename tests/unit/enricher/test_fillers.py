"""Which mentions are taken for attackers, targets, victims and weapons."""

import json
from datetime import date

from services.enricher import model
from services.enricher.domain.extraction import extract
from services.enricher.domain.frames import fillers
from services.enricher.domain.frames.fillers import Weights
from services.enricher.model.fit_roles import fit_roles
from shared.contracts import Frame

MODEL = model.load(encoder=False)
REPORT = (
    "LIMA, 3 May - Masked gunmen threw a bomb at the Grand Hotel in Lima on Monday and killed Mayor Ana Ruiz. "
    "The bomb destroyed the hotel. A judge, Luis Paz, told reporters at the town hall that no arrests had been made."
)


def reported(text: str, language: str = "en") -> Frame:
    return extract(MODEL, None, text, declared_language=language, published=date(2021, 5, 4)).frames[0]


def test_who_and_what_the_attack_hit_and_nobody_else() -> None:
    frame = reported(REPORT)
    assert [one.mention for one in frame.weapons] == ["bomb"]
    assert "Grand Hotel" in [one.mention for one in frame.targets]
    assert "town hall" not in [one.mention for one in frame.targets]
    assert [one.mention for one in frame.victims] == ["Ana Ruiz"]
    assert "Masked gunmen" in [one.mention for one in frame.perpetrators]


def test_every_filler_keeps_its_words() -> None:
    frame = reported(REPORT)
    for field in ("targets", "victims", "weapons"):
        for number, one in enumerate(getattr(frame, field)):
            span = next(span for span in frame.evidence if span.field == f"{field}[{number}]")
            assert REPORT[span.start : span.end] == one.mention


def test_in_other_languages_grammar_alone_decides() -> None:
    frame = reported("Un bus a explosé à Lyon lundi ; une bombe a tué cinq personnes, selon la police.", "fr")
    assert frame.victims == []


def test_each_role_has_weights_that_tell_the_likely_from_the_unlikely() -> None:
    for role, weights in fillers.weights().items():
        likely, unlikely = (
            {"in the telling", "with harm", "told"},
            {"told of with military", "part of a longer mention"},
        )
        assert weights.probability(likely) > weights.probability(unlikely), role


def test_fitting_learns_what_goes_with_the_right_spellings() -> None:
    rows = [{"roles": {"Weapon": [["the bomb"]]}} for _ in range(400)]
    proposed = [
        {"weapons": [("Bomb", ["after aim"]), ("pistol", ["after speech"])], "targets": [], "victims": []} for _ in rows
    ]
    fitted = fit_roles(rows, [one | {"individuals": []} for one in proposed])
    weapons = Weights(**fitted["weapons"])
    assert weapons.probability(["after aim"]) > weapons.at > weapons.probability(["after speech"])
    assert fitted["card"]["fitted_on"] == {"muc4": 400}
    assert fitted["card"]["held_out"]["weapons"] == {"spellings": 800, "entities": 400, "f1": 1.0}


def test_what_ships_says_what_it_was_fitted_on_and_how_well() -> None:
    card = json.loads(model.KIND.with_name("roles.json").read_text())["card"]
    assert set(card["fitted_on"]) == {"muc4"}
    assert set(card["held_out"]) == set(fillers.ROLES)
