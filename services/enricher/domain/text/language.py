"""Which language of the trigger lexicon a text is in, for articles that come without one.

By script where that decides it, else by the commonest function words. A guess for short texts, which is why what the
page or the parser says goes first.
"""

import re
from functools import cache

from services.enricher.domain.text import lexicon

SAMPLE = 3_000  # characters looked at
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LEAST = 0.05  # share of words that must be function words of the language


def languages() -> frozenset[str]:
    """The languages (ISO 639-1) whose articles are read; the rest is passed on as `other`, reason `language`."""
    return lexicon.languages("triggers")


def of(declared: str | None, text: str) -> str | None:
    """The article's language, as declared ("en-GB" is "en") or guessed; null where neither says."""
    if declared:
        return declared.lower().replace("_", "-").split("-")[0]
    return guess(text)


def guess(text: str) -> str | None:
    """The language whose function words make up most of the text; null for none of them."""
    words = [word.lower() for word in _WORD.findall(text[:SAMPLE])]
    if not words:
        return None
    shares = {
        language: sum(word in common for word in words) / len(words) for language, common in _function_words().items()
    }
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= _LEAST or (len(words) < 8 and shares[best] > 0) else None


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(lexicon.load(f"triggers/{language}")["common"]) for language in sorted(languages())}
