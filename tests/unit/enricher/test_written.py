"""The texts written for the fit: whole, told apart by their ids, of known kinds, and no two of them alike."""

import gzip
import json
import os
import re
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from services.enricher.model import examples
from shared.codes import ArticleKind
from shared.fingerprint import PERMUTATIONS, minhash

ITEMS = list(examples.written())
NEAR = 0.4  # share of common runs of three words
BORROWED = 0.15  # share of runs of eight words that stand in published texts: stock phrases of police reports


def test_items_are_whole() -> None:
    for item in ITEMS:
        assert {"id", "kind", "language", "published", "title", "text"} <= item.keys(), item
        assert item["kind"] in set(ArticleKind), item["id"]
        assert item["language"] == "en", item["id"]
        assert item["published"] is None or type(item["published"]) is date, item["id"]
        assert item["title"] is None or item["title"].strip(), item["id"]
        assert 5 <= len(item["text"].split()) <= 260, item["id"]


def test_ids_are_unique() -> None:
    assert len({item["id"] for item in ITEMS}) == len(ITEMS)


@pytest.mark.parametrize("kind", list(ArticleKind))
def test_every_kind_is_there_in_number(kind: ArticleKind) -> None:
    assert sum(item["kind"] == kind for item in ITEMS) >= 100


def test_no_two_texts_are_alike() -> None:
    holders: dict[tuple[int, int], list[str]] = {}
    for item in ITEMS:
        for place in enumerate(minhash(f"{item['title'] or ''} {item['text']}")):
            holders.setdefault(place, []).append(item["id"])
    agreeing = Counter(pair for ids in holders.values() for pair in combinations(ids, 2))
    assert [pair for pair, places in agreeing.items() if places > NEAR * PERMUTATIONS] == []


@pytest.mark.data
def test_every_text_is_our_own() -> None:
    data = os.environ.get("TOCSIN_DATA")
    if not data:
        pytest.skip("TOCSIN_DATA is not set")
    own = {item["id"]: _runs(item["text"]) for item in ITEMS}
    ours = frozenset().union(*own.values())
    published = set()
    for path in Path(data).rglob("*.jsonl.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            published |= {run for line in lines for run in _runs(json.loads(line).get("text") or "") if run in ours}
    assert published, "no published text was read"
    assert [name for name, runs in own.items() if len(runs & published) > BORROWED * len(runs)] == []


def _runs(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[i : i + 8]) for i in range(len(words) - 7))
