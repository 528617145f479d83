"""Language and fingerprint of a text."""

import pytest

from services.parser.domain.language import detect
from shared.fingerprint import minhash

SAMPLES = {
    "en": "At least two people were killed when a bomb went off at a market on Friday, police said.",
    "fr": "Au moins deux personnes ont été tuées vendredi par une bombe sur un marché, selon la police.",
    "de": "Mindestens zwei Menschen sind am Freitag bei einem Anschlag auf einem Markt getötet worden.",
    "es": "Al menos dos personas murieron el viernes al estallar una bomba en un mercado.",
    "ru": "По меньшей мере два человека погибли в пятницу при взрыве на рынке, сообщила полиция.",
    "ar": "قتل شخصان على الأقل في انفجار قنبلة في سوق يوم الجمعة، بحسب الشرطة.",
    "ur": "پولیس کے مطابق جمعے کو بازار میں بم دھماکے سے کم از کم دو افراد ہلاک ہو گئے۔",
    "zh": "警方说，星期五一个市场发生炸弹爆炸，至少两人死亡。",
    "tr": "Polis, cuma günü bir pazarda patlayan bombanın en az iki kişiyi öldürdüğünü söyledi.",
    "id": "Sedikitnya dua orang tewas ketika bom meledak di pasar pada hari Jumat, kata polisi.",
}


@pytest.mark.parametrize(("code", "text"), SAMPLES.items())
def test_language(code: str, text: str) -> None:
    assert detect(text) == code


def test_too_short_to_say_is_as_declared() -> None:
    assert detect("Bomb 12", "sw") == "sw"
    assert detect("", None) is None
    assert detect("12345 67890 " * 20, "sw") == "sw"


def test_fingerprints_are_alike_as_texts_are() -> None:
    words = [f"word{n}" for n in range(400)]
    text, copy = " ".join(words), " ".join([*words[:380], "and", "other", "things"])
    other = " ".join(f"thing{n}" for n in range(400))
    assert alike(text, text.upper()) == 1
    assert alike(text, copy) > 0.8
    assert alike(text, other) < 0.1


def alike(one: str, two: str) -> float:
    pairs = list(zip(minhash(one), minhash(two), strict=True))
    return sum(a == b for a, b in pairs) / len(pairs)


def test_the_format_does_not_change() -> None:
    """Fingerprints are stored and compared with those of later releases."""
    found = minhash("Gunmen attack boys' school in northwest Nigeria")
    assert len(found) == 128
    assert all(0 <= value < 2**32 for value in found)
    assert found[:4] == GOLDEN


GOLDEN = [3456720091, 3467014473, 3334357978, 3403777853]


def test_texts_without_spaces_and_without_words() -> None:
    assert alike("北京爆炸事件造成人员伤亡", "北京爆炸事件造成人员受伤") > 0.3
    assert minhash("!!!") == minhash("")
