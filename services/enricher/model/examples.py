"""The labelled articles that the kind classifier and its encoder learn from, read from a folder of public sets.

Only the sets' training parts are read. Labels come from the sets where they have them, from `labels.tsv` (1,200 of
those articles, labelled by reading title and lead), and from `written/*.yml` (texts written for the purpose, a file for
each family). Articles of `kinds/dev`, those of the same incidents and near copies are left out, since it is what the
classifier is judged on.
"""

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from shared.codes import ArticleKind

Row = dict[str, Any]
Roles = Mapping[str, Sequence[Sequence[str]]]
NEWS = (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP)
HERE = Path(__file__).parent
NEAR_COPY = 0.3  # share of common runs of six words


class Example(NamedTuple):
    """`group`: the incident, or the article itself where no other tells of it. `kind` is null where only `attack` is
    known, `weak` where it was guessed from the dates; `by_hand`: somebody read the article and said. `roles`: by slot,
    the ways each of its entities is named; null where nobody marked them."""

    id: str
    group: str
    source: str
    title: str | None
    text: str
    attack: bool
    kind: ArticleKind | None
    weight: float
    weak: bool = False
    by_hand: bool = False
    roles: Roles | None = None


WEIGHTS = {
    "muc4": 0.7,
    "guns": 1.5,
    "accidental": 1.0,
    "bbc": 0.5,
    "india_police": 0.5,
    "wikinews": 2.0,
    "satp": 0.75,
    "wikilist": 0.45,
    "written": 1.5,
}


def read(data: Path) -> Iterator[Example]:
    """Every example of the training parts under DATA."""
    labels = {row[0]: ArticleKind(row[1]) for row in csv.reader((HERE / "labels.tsv").open(), delimiter="\t")}
    held_out = HeldOut(data)
    for source, row, attack, kind, weak in _labelled(data):
        if held_out.holds(row):
            continue
        kind = labels.get(row["id"], kind)
        if kind and source != "muc4":  # MUC counts state violence, so its own flag and ours may differ
            attack = kind in NEWS
        if attack is not None:
            by_hand = row["id"] in labels
            weight = (3.0 if source == "bbc" else 2.0 * WEIGHTS[source]) if by_hand else WEIGHTS[source]
            group, weak = row.get("incident") or row["id"], weak and not by_hand
            yield Example(
                *(row["id"], group, source, row.get("title"), row["text"], attack, kind, weight, weak, by_hand),
                roles=row.get("roles"),
            )
    yield from _written()


_Labelled = tuple[str, Row, bool | None, ArticleKind | None, bool]


def _labelled(data: Path) -> Iterator[_Labelled]:
    for row in read_rows(data / "muc4/train.jsonl.gz"):
        yield "muc4", row, row["attack"], None, False
    yield from _guns(data / "guns/train")
    for row in read_rows(data / "general_news/train.jsonl.gz"):
        source, _, label = row["label"].partition("/")
        known = ArticleKind(label) if source == "wikinews" and label in set(ArticleKind) else None
        if source == "wikinews" and known is None:
            continue
        kind = known or (ArticleKind.OTHER if row["attack"] is False else None)
        yield source, row, row["attack"], kind, False
    for name, every in (("satp", 3), ("wikilist", 4)):
        for row in read_rows(data / name / "train.jsonl.gz")[::every]:
            yield name, row, True, ArticleKind.ATTACK_REPORT, False


def _guns(folder: Path) -> Iterator[_Labelled]:
    """Shootings told on the day or the next are taken for reports, those told days later for follow-ups."""
    incidents = {row["incident"]: row for row in read_rows(folder / "incidents.jsonl.gz")}
    for row in read_rows(folder / "articles.jsonl.gz"):
        if row.get("accidental"):
            yield "accidental", row, False, ArticleKind.OTHER, False
            continue
        day = incidents[row["incident"]].get("date")
        lag = (date.fromisoformat(row["published_at"][:10]) - date.fromisoformat(day)).days if day else -1
        kind = ArticleKind.ATTACK_REPORT if 0 <= lag <= 1 else ArticleKind.FOLLOW_UP if 4 <= lag < 900 else None
        yield "guns", row, True, kind, True


def _written() -> Iterator[Example]:
    for item in written():
        kind = ArticleKind(item["kind"])
        identity, attack = item["id"], kind in NEWS
        yield Example(
            identity, identity, "written", item["title"], item["text"], attack, kind, WEIGHTS["written"], by_hand=True
        )


def written() -> Iterator[Row]:
    """Our own texts: id, kind, language, published (a date or null), title (or null), text, sometimes why the kind."""
    for path in sorted((HERE / "written").glob("*.yml")):
        yield from yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


class HeldOut:
    """The articles of kinds/dev, their incidents and near copies."""

    def __init__(self, data: Path) -> None:
        rows = list(read_rows(data / "kinds/dev.jsonl.gz"))
        self._ids = {row["id"] for row in rows}
        self._sizes = [max(1, len(_runs(row["text"]))) for row in rows]
        self._holders: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            for run in _runs(row["text"]):
                self._holders.setdefault(run, []).append(index)
        parts = (read_rows(data / "guns" / part / "articles.jsonl.gz") for part in ("train", "dev"))
        self._incidents = {row["incident"] for part in parts for row in part if row["id"] in self._ids}

    def holds(self, row: Row) -> bool:
        if row["id"] in self._ids or row.get("incident") in self._incidents:
            return True
        runs = _runs(row["text"])
        common = Counter(index for run in runs for index in self._holders.get(run, ()))
        return any(count > NEAR_COPY * min(len(runs), self._sizes[index]) for index, count in common.items())


def _runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + 6]) for i in range(len(words) - 5)}


def read_rows(path: Path) -> list[Row]:
    """The rows of a set, packed or not: a JSON object a line."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
