"""The word lists of `services/enricher/lexicon/`, read once: knowledge that is data, kept out of the code."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parents[1] / "lexicon"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load(name: str) -> Any:
    """The content of `lexicon/NAME.yml`; the same object for every caller, so don't change it.

    Raises FileNotFoundError where there is no such list: a broken installation, not bad input.
    """
    return yaml.load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a safe loader)


@cache
def languages(folder: str) -> frozenset[str]:
    """The languages (ISO 639-1) that have a list in `lexicon/FOLDER/`."""
    return frozenset(path.stem for path in (_FOLDER / folder).glob("*.yml"))
