"""The encoder: what it is given to read, that only those who need it pay for it, that it is the file of its card."""

import json
import pickle
from pathlib import Path
from shutil import copyfile

import pytest

from services.enricher import model
from services.enricher.domain.news import cues, kind
from services.enricher.domain.news.features import classes
from services.enricher.domain.news.kind import Model, Stage, Stages
from services.enricher.domain.news.reading import HEAD, LONGEST, SLOTS, TOTAL, Answer, Logits, Piece, encoded, reading
from services.enricher.domain.text import article
from services.enricher.encoder import FILES, Encoder

SHIPPED = model.KIND.with_name("encoder.json")
FLAT = Stages(*[Stage(0.0, {"encoder:attack": 1.0})] * 3)
BOMB = "A bomb killed five people at a bus station on Friday, police said."
FILLER = "The council met on Tuesday to talk about the new bridge and the price of fish in the harbour towns."


class Spy:
    """An encoder that answers always the same and keeps what it was given, and how often it was asked for marks."""

    def __init__(self, attack: float = 2.0) -> None:
        self.read: list[tuple[str, str]] = []
        self.marked = 0
        self._logits = Logits(attack, 1.0, 0.0, 0.0, 0.0)

    def __call__(self, title: str, text: str) -> Answer:
        self.read.append((title, text))
        return Answer(self._logits, self._marks)

    def _marks(self) -> list[Piece]:
        self.marked += 1
        return [Piece(0, 1, (0.0,) * len(SLOTS), True)]


def read_of(text: str) -> str:
    document = article.read(None, text, "en")
    return reading(document, classes(document.sentences, cues.matcher("en"))).text


def judged(spy: Spy, text: str, language: str = "en") -> kind.Verdict:
    return kind.judge(article.read("Title", text, language), Model(FLAT, FLAT, spy))


def test_a_short_text_is_read_whole() -> None:
    assert read_of(f"{BOMB} {FILLER}") == f"{BOMB} {FILLER}"


def test_of_a_long_text_the_head_is_read_and_what_tells_of_an_attack() -> None:
    found = read_of(" ".join([FILLER] * 30 + [BOMB] + [FILLER] * 30))
    assert found.endswith(BOMB)
    assert found.count(FILLER) == HEAD // len(FILLER) + 1


def test_what_is_read_is_bounded() -> None:
    assert len(read_of(" ".join([BOMB] * 200))) <= TOTAL + LONGEST
    assert len(read_of("bomb killed " * 2000)) <= LONGEST


def test_word_pieces_are_found_again_in_the_document() -> None:
    text = f"{FILLER} {BOMB} " + "\n\n".join([FILLER] * 20) + f"\n\n{BOMB}"
    document = article.read(None, text, "en")
    read = reading(document, classes(document.sentences, cues.matcher("en")))
    at = [place for place in range(len(read.text)) if read.text.startswith("bomb", place)]
    found = read.in_document([Piece(start, start + 4, (), True) for start in at])
    assert len(found) == 2
    assert [text[one.start : one.end] for one in found] == ["bomb", "bomb"]
    assert found[1].start > len(text) - len(BOMB)


def test_word_pieces_of_the_title_are_left_out() -> None:
    found = Encoder(SHIPPED)("Bomb at bus station", BOMB).marks()
    assert "".join(BOMB[one.start : one.end] for one in found) == BOMB.replace(" ", "")


def test_it_marks_who_was_hit_and_with_what() -> None:
    text = "Gunmen killed the mayor, Luis Rojas, with a car bomb outside the town hall on Monday."
    found = Encoder(SHIPPED)("", text).marks()
    best = {text[one.start : one.end]: one.slots.index(max(one.slots)) for one in found if max(one.slots) > 0.5}
    assert (SLOTS[best["Luis"]], SLOTS[best["bomb"]], SLOTS[best["Gunmen"]]) == ("Victim", "Weapon", "PerpInd")


def test_its_answers_count_towards_the_score() -> None:
    spy = Spy()
    assert judged(spy, BOMB).score == pytest.approx(0.8808, abs=1e-4)  # logistic(2)
    assert spy.read == [("Title", BOMB)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The fair opens in May.", "en"),  # dropped at the gate
        ("Une bombe a tué cinq personnes vendredi dans une gare routière.", "fr"),  # read by cues alone
        ("Bomba beş kişiyi öldürdü.", "az"),  # not read at all
    ],
)
def test_only_candidates_in_english_pay_for_it(text: str, language: str) -> None:
    spy = Spy()
    judged(spy, text, language)
    assert spy.read == []


@pytest.mark.parametrize(("attack", "marked"), [(2.0, 1), (-2.0, 0)])
def test_only_what_is_of_an_attack_is_marked(attack: float, marked: int) -> None:
    spy = Spy(attack)
    verdict = judged(spy, BOMB)
    assert (spy.marked, len(verdict.pieces)) == (marked, marked)


def test_log_odds_of_kinds_taken_together() -> None:
    found = encoded(Logits(0.5, 3.0, 3.0, 1.0, 1.0))
    assert found["encoder:news"] == pytest.approx(2.0)
    assert (found["encoder:attack"], found["encoder:follow_up"]) == (0.5, 0.0)


def test_the_shipped_encoder_tells_news_of_attacks_from_other_news() -> None:
    encode = Encoder(SHIPPED)
    attack = encode("Bomb at bus station kills five", BOMB).logits
    trial = encode(
        "Two jailed over bus bombing", "A court jailed two men for life for the bombing of a bus in 2015."
    ).logits
    bridge = encode("Council talks about bridge", FILLER).logits
    assert attack.attack > 1.0 > -1.0 > bridge.attack
    assert trial.follow_up > trial.attack_report
    assert attack.attack_report > attack.follow_up


def test_it_takes_any_text() -> None:
    encode = Encoder(SHIPPED)
    for title, text in [("", ""), ("", "\u0000\ufffd"), ("a" * 5000, "b " * 5000), ("爆発", "💣")]:
        answer = encode(title, text)
        assert all(abs(logit) < 50 for logit in answer.logits)
        assert all(0 <= one.start < one.end <= len(text) for one in answer.marks())


def test_what_ships_is_small_and_says_what_it_was_trained_on() -> None:
    card = json.loads(SHIPPED.read_text())
    assert sum(SHIPPED.with_name(name).stat().st_size for name in FILES) < 30e6
    assert card["without"] == []
    assert set(card["trained_on"]) <= {
        "muc4", "guns", "accidental", "bbc", "india_police", "wikinews", "satp", "wikilist", "written",
    }  # fmt: skip


def test_a_file_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    for name in ("encoder.json", "tokenizer.json"):
        copyfile(SHIPPED.with_name(name), tmp_path / name)
    (tmp_path / "encoder.onnx").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"encoder\.onnx is not the file of encoder\.json"):
        Encoder(tmp_path / "encoder.json")


def test_a_missing_encoder_is_an_error_unless_it_is_not_wanted(tmp_path: Path) -> None:
    copyfile(model.KIND, tmp_path / "kind.json")
    with pytest.raises((ValueError, FileNotFoundError), match="encoder"):
        model.load(tmp_path / "kind.json")
    assert model.load(tmp_path / "kind.json", encoder=False).encode is None


def test_it_goes_to_worker_processes() -> None:
    """Batch mode hands the model to its processes; each opens the files for itself."""
    again: Model = pickle.loads(pickle.dumps(model.load()))  # noqa: S301
    assert again.encode is not None
    one, other = again.encode("", BOMB), Encoder(SHIPPED)("", BOMB)
    assert one.logits == other.logits
    assert one.marks() == other.marks()
