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
        ("", "Four were hurt, not six as previously reported.", "not six as previously reported"),
        ("", "Earlier reports that ten had died were wrong, the hospital said.", "Earlier reports that ten"),
        ("", "Police initially said nine people were killed but later corrected that to five.", "initially said nine"),
        ("Three dead, not five, contrary to earlier reports", "Three died.", "contrary to earlier reports"),
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
        "Police initially said that the man had fled, but later found him.",
        "He said earlier that he had not been there, and was believed.",
    ],
)
def test_other_news_corrects_nothing(text: str) -> None:
    assert corrections.find("", text) is None


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Meridian Wire withdraws report of bombing in Peshawar", "It was based on a false account."),
        ("", "The Daily Caravel on Wednesday retracted its front-page story about an attack on a market."),
        ("", "Five died. " * 100 + "Editor's note: this story has been retracted."),
        ("", "Officers who searched the school said that there was no shooting."),
        ("", "Police said no such attack took place."),
        ("Suspected stabbing in Leeds did not happen, say police", "Two men had been hurt in a fall."),
        ("Reports of active shooter at hospital a hoax", "Nobody was hurt."),
        ("", "Reports of an explosion at the station were unfounded, the ministry said."),
        ("Blast was not an attack but a gas leak", "Three people died."),
        ("", "The town's police spoke of a false report of a shooting."),
    ],
)
def test_an_attack_that_never_was_is_taken_back(title: str, text: str) -> None:
    assert corrections.taken_back(title, text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Gunmen killed four people at a market. Reports of a second attack in the city were false.",
        "The school said that the shooting did not occur on its grounds.",
        "The army has withdrawn its troops after the attack.",
        "He retracted his confession.",
        "There was no attack on this scale before.",
        "It was not an attack on one religion, the bishop said.",
        "A bomb went off. " + "The street was closed. " * 40 + "Reports of a bombing in March were false.",
    ],
)
def test_an_attack_that_stands_is_not_taken_back(text: str) -> None:
    assert corrections.taken_back("", text) is None
