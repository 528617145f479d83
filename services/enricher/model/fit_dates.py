"""Fits the weights by which a date is taken for that of the attack, and writes `dates.json`.

    python -m services.enricher.model.fit_dates ../shared/data

Articles of guns/train and muc4/train are read by the extractor as the pipeline reads them; a date that a text gives is
right where it is the day on record (a week, month or year where it holds it and no day does). Says how many
articles get the right day from weights that were not fitted on them or on others of their incident (five folds), and
of each source from weights fitted on the other alone. What kinds/dev holds is left out, as in every fit.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from tqdm import tqdm, trange

from services.enricher import model
from services.enricher.domain.frames.assemble import FOCUS
from services.enricher.domain.news import kind
from services.enricher.domain.news.kind import Model
from services.enricher.domain.text import article
from services.enricher.domain.when import dates, likely
from services.enricher.domain.when.likely import Weights
from services.enricher.domain.when.mention import DateMention
from services.enricher.model.examples import HeldOut, Row, read_rows
from shared.codes import ArticleKind, DatePrecision

OUT = Path(__file__).with_name("dates.json")
WEIGHTS = {"guns": 1.0, "muc4": 0.3}  # of an article, by source: muc4 has several attacks to an article
PENALTY = 3.0  # of squared weights
FOLDS = 5
RARE = 8  # features of fewer dates say nothing
ROUNDS = 300
PACE = 0.03


class Dated(NamedTuple):
    """An article, the days of the attacks that it stands for, and the dates that it gives."""

    source: str
    incident: str
    days: frozenset[date]
    mentions: Sequence[DateMention]
    focus: Sequence[int]
    published: date | None


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher.model.fit_dates",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with the public sets; guns/train and muc4/train are read")
    parser.add_argument("--out", type=Path, default=OUT, help="file to write (default: the one that is shipped)")
    options = parser.parse_args()
    rows = [*_guns(options.data), *_muc(options.data)]
    with Pool() as pool:
        read = pool.imap(partial(_read, model=model.load()), rows, chunksize=8)
        found = [one for one in tqdm(read, "read", len(rows), disable=None) if one]
    for source in ("guns", "muc4"):
        own = [one for one in found if one.source == source]
        total = sum(row["source"] == source for row in rows)
        across = _right(fit_dates([one for one in found if one.source != source]), own)
        print(f"{source}: {_unseen(found, own)} of {total} right, by the other source alone {across}", file=sys.stderr)  # noqa: T201
    weights = fit_dates(found)
    card = {
        "what": "weights of the dates of attacks (services/enricher/domain/when/likely.py)",
        "fitted_on": dict(sorted(Counter(one.source for one in found).items())),
        "command": "python -m services.enricher.model.fit_dates DATA",
    }
    written = {"card": card, "features": weights}
    options.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


def fit_dates(found: Iterable[Dated]) -> Weights:
    """The weights that make the right ones of each article's dates, or that it has none, likeliest."""
    choices = [_choice(one) for one in found]
    counts = Counter(name for choice in choices for seen in choice.seen for name in seen)
    column = {name: number for number, name in enumerate(sorted(name for name in counts if counts[name] >= RARE))}
    article_of = np.repeat(np.arange(len(choices)), [len(choice.seen) for choice in choices])
    right = np.concatenate([np.array(choice.right) for choice in choices])
    weight = np.array([WEIGHTS[choice.source] for choice in choices])[article_of]
    seen = np.zeros((len(right), len(column)))
    for row, names in enumerate(names for choice in choices for names in choice.seen):
        seen[row, [column[name] for name in names if name in column]] = 1
    fitted, mean, spread = np.zeros((3, len(column)))
    for turn in trange(1, ROUNDS + 1, desc="dates", disable=None):  # Adam
        odds = np.exp(seen @ fitted)
        share = odds / np.bincount(article_of, odds)[article_of]
        share_of_right = odds * right / np.bincount(article_of, odds * right)[article_of]
        slope = seen.T @ (weight * (share_of_right - share)) - PENALTY * fitted
        mean, spread = 0.9 * mean + 0.1 * slope, 0.999 * spread + 0.001 * slope**2
        fitted = fitted + PACE * (mean / (1 - 0.9**turn)) / (np.sqrt(spread / (1 - 0.999**turn)) + 1e-8)
    return {name: round(float(fitted[number]), 4) for name, number in column.items()}


class Choice(NamedTuple):
    """The features of an article's dates and, last, of it that none is the attack's; which of them are right."""

    source: str
    seen: Sequence[Sequence[str]]
    right: Sequence[bool]


def _choice(one: Dated) -> Choice:
    """A week, month or year is right where no day is."""
    known = likely.possible(one.mentions, one.published)
    holds = [_holds(mention, one.days) for mention in known]
    days = [held and mention.precision is DatePrecision.DAY for held, mention in zip(holds, known, strict=True)]
    right = days if any(days) else holds
    seen = [*likely.features(known, one.focus, one.published), likely.nothing(known)]
    return Choice(one.source, seen, [*right, not any(right)])


def _guns(data: Path) -> list[Row]:
    incidents = {row["incident"]: row for row in read_rows(data / "guns/train/incidents.jsonl.gz")}
    held_out = HeldOut(data)
    return [
        {**row, "source": "guns", "host": row["source"], "days": [incidents[row["incident"]]["date"]]}
        for row in read_rows(data / "guns/train/articles.jsonl.gz")
        if not row.get("accidental") and incidents[row["incident"]]["date"] and not held_out.holds(row)
    ]


def _muc(data: Path) -> list[Row]:
    rows = read_rows(data / "muc4/train.jsonl.gz")
    dated = ((row, sorted({one["date"] for one in row["templates"] if one["date"]})) for row in rows)
    return [
        {**row, "source": "muc4", "incident": row["id"], "days": days}
        for row, days in dated
        if days and row["published_at"]
    ]


def _read(row: Row, model: Model) -> Dated | None:
    document = article.read(row["title"], row["text"], "en")
    verdict = kind.judge(document, model)
    if verdict.kind is ArticleKind.OTHER:
        return None
    published = date.fromisoformat(row["published_at"][:10])
    day = dates.written(document.text, document.sentences, published, "en")
    mentions = dates.find(document.text, document.sentences, day, "en")
    days = frozenset(map(date.fromisoformat, row["days"]))
    return Dated(row["source"], row["incident"], days, mentions, verdict.telling[:FOCUS] or [0], day)


def _holds(one: DateMention, days: Iterable[date]) -> bool:
    return one.first is not None and one.last is not None and any(one.first <= day <= one.last for day in days)


def _right(weights: Weights, found: Iterable[Dated]) -> int:
    """How many of the articles get a right day."""
    chosen = ((one, dates.choose(one.mentions, one.focus, one.published, weights)) for one in found)
    return sum(best is not None and best.first == best.last and best.first in one.days for one, best in chosen)


def _unseen(found: Sequence[Dated], own: Sequence[Dated]) -> int:
    right = 0
    for fold in range(FOLDS):
        weights = fit_dates([one for one in found if _fold(one) != fold])
        right += _right(weights, [one for one in own if _fold(one) == fold])
    return right


def _fold(one: Dated) -> int:
    return crc32(one.incident.encode()) % FOLDS


if __name__ == "__main__":
    sys.exit(main())
