"""The word lists of `services/enricher/lexicon/`, read once: knowledge that is data, kept out of the code."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parents[2] / "lexicon"


class _WordLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves `no`, `on` and `yes` the words that they are; only `true` and `false` are truth values."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (so it is in yaml)
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool") or first in "tTfF"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@cache
def load(name: str) -> Any:
    """The content of `lexicon/NAME.yml`; the same object for every caller, so don't change it.

    Raises FileNotFoundError where there is no such list: a broken installation, not bad input.
    """
    return yaml.load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"), _WordLoader)  # noqa: S506 (a safe loader)


@cache
def languages(folder: str) -> frozenset[str]:
    """The languages (ISO 639-1) that have a list in `lexicon/FOLDER/`."""
    return frozenset(path.stem for path in (_FOLDER / folder).glob("*.yml"))
