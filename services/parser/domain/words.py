"""The words of a text, in any script."""

import re

# Thai, Japanese and Chinese write no spaces: there a character stands for a word.
_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def words(text: str) -> list[str]:
    """Case folded, in order."""
    return _WORD.findall(text.casefold())
