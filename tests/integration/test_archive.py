"""The newsroom's archive through extract and link: each attack wakes once, nothing else wakes anybody."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from services.enricher import batch_link, model

NEWSROOM = Path(__file__).parents[1] / "newsroom"
# Still told twice, each by a report whose place or toll is read wrongly; what mends one takes it off this list.
SPLIT = {"strasbourg-2018", "dusit-2019"}


@cache
def alerts() -> Counter[str | None]:
    """How often each attack of the archive (null: no attack) is alerted."""
    read, link = batch_link.steps(model.load())
    told = (link(read(article)) for article in rows("archive.jsonl"))
    reports = {row["id"]: row["event"] for row in rows("expected.jsonl")}
    return Counter(reports[row["id"]] for row in told if row["change"] == "created")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (NEWSROOM / name).read_text(encoding="utf-8").splitlines()]


def test_every_fresh_attack_alerts_and_old_ones_do_not() -> None:
    events = json.loads((NEWSROOM / "events.json").read_text(encoding="utf-8"))
    assert {event for event in alerts() if event} == {name for name, event in events.items() if event["alert"]}


def test_what_is_no_attack_alerts_nobody() -> None:
    assert alerts()[None] == 0


def test_no_attack_alerts_twice() -> None:
    assert {event for event, times in alerts().items() if times > 1} <= SPLIT
