"""News of a made-up world as the linker takes it in: what `articles.enriched` would carry after all that is on file."""

import random
from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from shared.contracts import ARTICLES_ENRICHED, ArticleEnriched
from shared.fingerprint import minhash
from shared.stage import Incoming
from tests.benchmarks.world import World


def news(per_day: float, seed: int) -> Iterator[Incoming[ArticleEnriched]]:
    """Reports of the attacks after those on file, in order of time, without an end; another seed, other articles."""
    dice, world = random.Random(seed), World()
    waiting: list[tuple[datetime, int, Incoming[ArticleEnriched]]] = []
    for number, attack in enumerate(world.later(per_day, seed)):
        began = datetime.fromisoformat(attack.reports[0]["published_at"])
        while waiting and waiting[0][0] < began:
            yield heappop(waiting)[2]
        for index, report in enumerate(attack.reports):
            message = _message(report, world, dice)
            heappush(waiting, (message.time, number * 100 + index, message))


def _message(report: dict[str, Any], world: World, dice: random.Random) -> Incoming[ArticleEnriched]:
    text = f"{report['sentence']} " + ". ".join(" ".join(dice.choice(world.phrases)) for _ in range(15))
    extraction = {"kind": report["kind"], "score": report["score"], "frames": [report["frame"]], "extractor": "world"}
    article = ArticleEnriched.model_validate(
        {**report, "feed_url": "", "text": text, "fingerprint": minhash(text), "extraction": extraction}
    )
    at = article.fetched_at
    return Incoming(str(article.article_id), at, article, None, ARTICLES_ENRICHED.name, 0, 0, at, None)
