"""Fitted weights, with the commands that fit them (`train`, `fit`, `fit_link`; each tells by `--help`)."""

import json
from pathlib import Path
from typing import Any

from services.enricher.domain.news.kind import Model, Stage, Stages
from services.enricher.encoder import Encoder

KIND = Path(__file__).with_name("kind.json")


def load(path: Path = KIND, *, encoder: bool = True) -> Model:
    """The kind classifier of a file that `fit` wrote, with the encoder beside it (`encoder.json`) if it weighs one.

    Without the encoder it goes by cues alone: several times as fast, less exact. Raises ValueError where the file is no
    such file, or the encoder not the one it was fitted with.
    """
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rules = _stages(held["rules"])
        if not encoder or "fused" not in held:
            return Model(rules)
        return Model(rules, _stages(held["fused"]), Encoder(path.with_name("encoder.json")))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no kind model; write one with python -m services.enricher.model.fit") from error


def _stages(held: dict[str, Any]) -> Stages:
    return Stages(**{name: Stage(held[name]["bias"], held[name]["weights"]) for name in Stages._fields})
