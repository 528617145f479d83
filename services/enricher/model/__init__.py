"""Fitted weights, with the command that fits them (`python -m services.enricher.model.fit --help`)."""

import json
from pathlib import Path

from services.enricher.domain.news.kind import Model, Stage

KIND = Path(__file__).with_name("kind.json")


def load(path: Path = KIND) -> Model:
    """The kind classifier of a file that `fit` wrote. Raises ValueError where it is no such file."""
    try:
        stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
        return Model(**{name: Stage(stages[name]["bias"], stages[name]["weights"]) for name in Model._fields})
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no kind model; write one with python -m services.enricher.model.fit") from error
