"""The encoder that reads an article for the kind classifier, and marks who did what to whom if it is asked to.

Two ONNX files, run by onnxruntime on one thread: the second goes on from what the lower half of the first made of the
text. They and the tokenizer lie in `services/enricher/model/`, beside the card (`encoder.json`) that says what they
were trained on and holds the hashes that are checked before anything is run.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from services.enricher.domain.news.reading import Answer, Logits, Piece

FILES = ("encoder.onnx", "roles.onnx", "tokenizer.json")


class Encoder:
    """Reads a title and a text. The files are opened at the first reading, in each process anew."""

    def __init__(self, card: Path) -> None:
        """Raises ValueError where the files are not those that the card names."""
        self._card = card
        _check(card)

    def __call__(self, title: str, text: str) -> Answer:
        opened = _open(self._card)
        read = opened.tokenizer.encode(title, text) if title else opened.tokenizer.encode(text)
        ids = np.array([read.ids], np.int64)
        mask = np.ones_like(ids)
        logits, states = opened.kind.run(None, {"ids": ids, "mask": mask})

        def marks() -> list[Piece]:
            (tags,) = opened.roles.run(None, {"states": states, "mask": mask})
            return _pieces(tags[0], read)

        return Answer(Logits(*map(float, logits[0])), marks)


def _pieces(tags: Any, read: Encoding) -> list[Piece]:
    """The word pieces of the text, without those of the title; `tags` are their logits (`model/marking.py`)."""
    odds = np.exp(tags - tags.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    first, further = odds[:, 1::2], odds[:, 2::2]
    slots, begins = (first + further).tolist(), (first.max(1) > further.max(1)).tolist()
    text = max((part for part in read.sequence_ids if part is not None), default=0)
    return [
        Piece(start, end, slots[row], begins[row])
        for row, ((start, end), part) in enumerate(zip(read.offsets, read.sequence_ids, strict=True))
        if part == text and end > start
    ]


def _check(card: Path) -> None:
    expected: dict[str, str] = json.loads(card.read_text(encoding="utf-8"))["sha256"]
    for name in FILES:
        path = card.with_name(name)
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no such file"
        if found != expected[name]:
            raise ValueError(
                f"{path} is not the file of {card.name} (sha256 {found}, card {expected[name]}): get both of one "
                "commit, or train anew with python -m services.enricher.model.train"
            )


class _Opened(NamedTuple):
    kind: onnxruntime.InferenceSession
    roles: onnxruntime.InferenceSession
    tokenizer: Tokenizer


@cache
def _open(card: Path) -> _Opened:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one process a core
    options.enable_cpu_mem_arena = False  # its arena keeps the peak of the longest text for good
    kind, roles = (
        onnxruntime.InferenceSession(card.with_name(name), options, providers=["CPUExecutionProvider"])
        for name in FILES[:2]
    )
    tokenizer = Tokenizer.from_file(str(card.with_name("tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(json.loads(card.read_text(encoding="utf-8"))["word_pieces"])
    return _Opened(kind, roles, tokenizer)
