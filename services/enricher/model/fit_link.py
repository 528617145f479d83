"""Fits the weights by which a report is linked to an event, and writes `link.json`.

    python -m services.enricher.model.fit_link ../shared/data

Articles of guns/train are read by the extractor as the pipeline reads them; each report is held against the events on
file (built from the incidents' own reports), which gives pairs that are of one attack or are not. L2-regularised
logistic regression by Newton's method. The threshold is the one with the best B-cubed F1 of linking the training
articles themselves.

Pairs are made three times over, since what is seen once is learned by heart: in order of publication, some places
late; so again with the years laid over one another, for a world in which more happens than one set can hold; and in no
order, as a backfill comes. Accidents that are taken for news are in it too, as they are when it counts.
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from services.enricher import model
from services.enricher.domain.linking import ledger, link, search
from services.enricher.domain.linking.factors import Factors, factors, rarity_among
from services.enricher.domain.linking.link import Weights
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord, of_article
from services.enricher.memory import MemoryStore
from services.enricher.model.examples import Row, read_rows
from services.enricher.service import read_article
from shared.ids import uuid7

LINK = Path(__file__).with_name("link.json")
PENALTY = 0.3
DELAY = 20  # reports come in up to so many places late
FIRST_YEAR, A_YEAR = 2013, timedelta(weeks=52)  # the same day of the week
MERGE_AT = 0.95
# What the training articles (shootings of one country, by nobody known) cannot teach; set by judgement. The others are
# fitted beside them.
SET = {
    "types_same": 0.0,
    "types_differ": -0.7,
    "rare_type": 1.2,  # two bombings or kidnappings in one town and week are seldom two
    "perpetrators_same": 1.0,
    "perpetrators_differ": -1.0,
    "country_differs": -5.0,
    "place_far": -5.5,  # towns are often taken for others there; elsewhere bombs go off in two towns a day
    "killed_rises": 0.0,  # of an attack that goes on being counted
    "injured_rises": 0.0,
    "mass": 2.0,  # many victims twice in one place and week: seldom anywhere but in a list of mass shootings
    "other_language": 2.0,  # names and words are not shared then, and their lack says nothing
}
# What they say little of: where the weights start from, and end where nothing speaks against it.
EXPECTED = {"copy": 4.0, "alone_in_country": 2.0, "killed_same": 0.5, "injured_same": 0.8}
# Without these what is left out of a fit is foretold better (four folds of incidents): each says again what others say.
SPARED = frozenset(
    {"date_far", "date_recent_later", "date_same", "date_some", "gap_over_3_days_later", "injured_falls_later"}
    | {"killed_falls", "news_apart", "place_same", "place_some", "text"}
)
THRESHOLDS = [0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8]
ORDERS, ROUNDS, LONGEST_STEP = 3, 40, 2.0
Array = NDArray[np.float64]
Labelled = tuple[ReportRecord, str]  # a report and its incident


class Pair(NamedTuple):
    held: Factors  # a report against an event
    same: bool


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher.model.fit_link",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with the public sets; guns/train is read")
    parser.add_argument("--out", type=Path, default=LINK, help="file to write (default: the one that is shipped)")
    options = parser.parse_args()
    rows = read_rows(options.data / "guns/train/articles.jsonl.gz")
    reports = list(_reports(sorted(rows, key=lambda row: row["published_at"] or "")))
    weights = fit([pair for order in _orders(reports) for pair in _pairs(order)])
    scores = {at: _b_cubed(reports, Weights(weights.bias, weights.factors, at, MERGE_AT)) for at in THRESHOLDS}
    for at, score in scores.items():
        print(f"link at {at}: B-cubed F1 {score:.4f}", file=sys.stderr)  # noqa: T201
    best = max(scores, key=lambda at: scores[at])
    chosen = Weights(weights.bias, weights.factors, best, MERGE_AT)
    options.out.write_text(json.dumps(asdict(chosen), indent=1) + "\n", encoding="utf-8")
    return 0


def _reports(rows: Sequence[Row]) -> Iterator[Labelled]:
    """The first report of each article that the extractor takes for news."""
    read = partial(read_article, model=model.load())
    with Pool() as pool:
        articles = pool.imap(read, rows, chunksize=8)
        for row, article in zip(rows, tqdm(articles, "read", len(rows), disable=None), strict=True):
            if found := of_article(article, article.published_at or article.fetched_at):
                yield found[0], row["incident"]


def _orders(reports: Sequence[Labelled]) -> Iterator[Sequence[Labelled]]:
    chance = random.Random(1)  # noqa: S311 - the same each time
    denser = list(_laid_over(reports))
    yield _late(reports, chance)
    yield _late(denser, chance)
    yield chance.sample(denser, len(denser))


def _late(reports: Sequence[Labelled], chance: random.Random) -> Sequence[Labelled]:
    in_order = sorted(reports, key=lambda told: told[0].said_at)
    places = sorted((number + chance.uniform(0, DELAY), number) for number in range(len(in_order)))
    return [in_order[number] for _, number in places]


def _laid_over(reports: Iterable[Labelled]) -> Iterator[Labelled]:
    """Every incident in the first year, told of as long after as it was."""
    later: dict[str, timedelta] = {}
    for report, incident in reports:
        years = later.setdefault(incident, max(0, report.said_at.year - FIRST_YEAR) * A_YEAR)
        yield _earlier(report, years), incident


def _earlier(report: ReportRecord, by: timedelta) -> ReportRecord:
    when, said = report.frame.date, report.published_at
    date = when and when.model_copy(update={"start": when.start - by, "end": when.end - by})
    frame = report.frame.model_copy(update={"date": date})
    times = {"published_at": said and said - by, "message_time": report.message_time - by}
    return report.model_copy(update={**times, "frame": frame})


def _pairs(reports: Iterable[Labelled]) -> Iterator[Pair]:
    store, ids = MemoryStore(), defaultdict[str, UUID](uuid7)
    for report, incident in tqdm(reports, "pairs", disable=None):
        found = store.candidates(search.search(report))
        rarity = rarity_among(found.fitting, report, None, found.others)
        for event in found.fitting:
            yield Pair(factors(report, event, rarity), event.event_id == ids[incident])
        _file(store, report, ids[incident])


def _file(store: MemoryStore, report: ReportRecord, event_id: UUID) -> None:
    known = store.events.get(event_id)
    reports = (*known.reports, report) if known else (report,)
    store.keep_event(KnownEvent(event_id, ledger.assess(event_id, len(reports), reports, {}), True, reports))


def fit(pairs: Sequence[Pair]) -> Weights:
    """Weights that make the pairs likeliest, less the penalty on their squared distance from what was expected."""
    names = sorted({name for pair in pairs for name in pair.held} - SET.keys() - SPARED)
    held = np.array([[pair.held.get(name, 0.0) for name in names] + [1.0] for pair in pairs])
    given = np.array([sum(SET.get(name, 0.0) * value for name, value in pair.held.items()) for pair in pairs])
    same = np.array([float(pair.same) for pair in pairs])
    expected = np.array([EXPECTED.get(name, 0.0) for name in names] + [0.0])
    *fitted, bias = _newton(held, given, same, expected)
    found = {name: round(float(weight), 4) for name, weight in zip(names, fitted, strict=True)} | SET
    return Weights(round(float(bias), 4), dict(sorted(found.items())), 0.5, MERGE_AT)


def _newton(held: Array, given: Array, same: Array, expected: Array) -> Array:
    """Each order of the pairs counts a third."""
    penalty = np.array([PENALTY] * (len(expected) - 1) + [0.0])
    weights = expected
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-np.clip(held @ weights + given, -30, 30)))
        slope = held.T @ (likely - same) / ORDERS + penalty * (weights - expected)
        curve = (held * (likely * (1 - likely))[:, None]).T @ held / ORDERS + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights - step * min(1.0, LONGEST_STEP / float(np.abs(step).max()))
    return weights


def _b_cubed(reports: Sequence[Labelled], weights: Weights) -> float:
    """F1 of the partition that linking with these weights makes."""
    store, event_of = MemoryStore(), []
    for report, _ in reports:
        decision = link.decide(report, store.candidates(search.search(report)), weights)
        event_id = decision.event.event_id if decision.event else uuid7()
        _file(store, report, event_id)
        event_of.append(event_id)
    incidents = [incident for _, incident in reports]
    together = Counter(zip(event_of, incidents, strict=True))
    by_event, by_incident = Counter(event_of), Counter(incidents)
    precision = sum(n * n / by_event[event] for (event, _), n in together.items()) / len(reports)
    recall = sum(n * n / by_incident[incident] for (_, incident), n in together.items()) / len(reports)
    return 2 * precision * recall / (precision + recall)


if __name__ == "__main__":
    sys.exit(main())
