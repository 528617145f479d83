"""The encoder that reads an article for the kind classifier: an ONNX file, run by onnxruntime on one thread.

The file and its tokenizer lie in `services/enricher/model/`, beside the card (`encoder.json`) that says what it was
trained on and holds the hashes that are checked before anything is run.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from services.enricher.domain.news.reading import Answer, Logits, Piece

FILES = ("encoder.onnx", "tokenizer.json")


class Encoder:
    """Reads a title and a text. The files are opened at the first reading, in each process anew."""

    def __init__(self, card: Path) -> None:
        """Raises ValueError where the files are not those that the card names."""
        self._card = card
        _check(card)

    def __call__(self, title: str, text: str) -> Answer:
        session, tokenizer = _open(self._card)
        read = tokenizer.encode(title, text) if title else tokenizer.encode(text)
        ids = np.array([read.ids], np.int64)
        logits, tags = session.run(None, {"ids": ids, "mask": np.ones_like(ids)})
        return Answer(Logits(*map(float, logits[0])), _pieces(tags[0], read))


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


@cache
def _open(card: Path) -> tuple[Any, Tokenizer]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one process a core
    options.enable_cpu_mem_arena = False  # its arena keeps the peak of the longest text for good
    path = card.with_name("encoder.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(card.with_name("tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(json.loads(card.read_text(encoding="utf-8"))["word_pieces"])
    return session, tokenizer
