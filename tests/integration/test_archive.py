"""The newsroom's archive through extract and link: each attack wakes once, nothing else wakes anybody."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.enricher import batch_link, model
from shared.contracts import ArticleEnriched

NEWSROOM = Path(__file__).parents[1] / "newsroom"
Read = tuple[str, ArticleEnriched]  # the article's id, and what was read in it


def alerts(articles: Iterable[Read]) -> Counter[str | None]:
    """How often each attack of the archive (null: no attack) is alerted, as its articles come in in this order."""
    linker = batch_link.BatchLinker()
    told = [(name, linker(article)["change"]) for name, article in articles]
    return Counter(attack_of()[name] for name, change in told if change == "created")


@cache
def read() -> tuple[Read, ...]:
    """The archive's articles; undated ones have the time of the one before, wherever they are moved to."""
    step, _ = batch_link.steps(model.load())
    articles: list[Read] = []
    for row in rows("archive.jsonl"):
        article: ArticleEnriched = step(row)["article"]
        if article.published_at is None and articles:
            article = article.model_copy(update={"published_at": articles[-1][1].published_at})
        articles.append((row["id"], article))
    return tuple(articles)


@cache
def attack_of() -> dict[str, str | None]:
    return {row["id"]: row["event"] for row in rows("expected.jsonl")}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (NEWSROOM / name).read_text(encoding="utf-8").splitlines()]


def fresh() -> Counter[str | None]:
    events = json.loads((NEWSROOM / "events.json").read_text(encoding="utf-8"))
    return Counter(name for name, event in events.items() if event["alert"])


def days_shuffled(seed: int) -> list[Read]:
    """What each attack has on one day in any order, everything else in its place."""
    slots = defaultdict(list)
    for number, (name, article) in enumerate(read()):
        slots[attack_of()[name] or name, str(article.published_at)[:10]].append(number)
    order = list(read())
    for places in slots.values():
        for place, taken in zip(places, random.Random(seed).sample(places, len(places)), strict=True):
            order[place] = read()[taken]
    return order


def test_every_fresh_attack_alerts_once_and_nothing_else_does() -> None:
    assert alerts(read()) == fresh()


@pytest.mark.parametrize("seed", range(8))
def test_the_order_in_which_a_days_articles_come_in_does_not_matter(seed: int) -> None:
    assert alerts(days_shuffled(seed)) == fresh()
