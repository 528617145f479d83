"""Link in batch mode: the predictions of `once` get their event, on a store in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.enricher.domain.linking.changes import link_article
from services.enricher.domain.linking.reports import reported_frames
from services.enricher.domain.news.kind import Model
from services.enricher.memory import MemoryStore
from services.enricher.service import prediction, read_article
from shared.codes import Change
from shared.contracts import ArticleEnriched, EventChanged
from shared.ids import uuid7

Record = dict[str, Any]
START = datetime(1970, 1, 1, tzinfo=UTC)  # message time of an undated article before any dated one


def steps(model: Model) -> tuple[Callable[[Record], Record], Callable[[Record], Record]]:
    """The two steps of `once --link`: read an article (in any process), then link it (in order, in one)."""
    linker = BatchLinker()

    def link(read: Record) -> Record:
        article: ArticleEnriched = read["article"]
        return {**prediction(read["id"], article.extraction), **linker(article)}

    return partial(_read, model=model), link


def _read(record: Record, model: Model) -> Record:
    return {"id": record["id"], "article": read_article(record, model)}


@dataclass
class BatchLinker:
    """Takes articles in order of arrival. Message time is an article's publication, else that of the one before it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    time: datetime = START
    alerted: set[UUID] = field(default_factory=set)

    def __call__(self, article: ArticleEnriched) -> Record:
        """`event_id`, `change`, `event` and `merged` of the first reported event, as the bench formats want them."""
        self.time = article.published_at or self.time
        changes = link_article(article, self.time, self.store, uuid7)
        if not changes or not reported_frames(article):
            return {"event_id": None, "change": None}
        first = changes[0]
        answer: Record = {"event_id": str(first.event_id), "change": self._change(first)}
        for later in changes[1:]:
            self._change(later)
        snapshot = self.store.events[first.event_id].snapshot
        answer["event"] = snapshot.model_dump(mode="json", include={"killed", "injured"})
        if first.merged_from:
            answer["merged"] = [str(first.merged_from[0]), str(first.event_id)]
        return answer

    def _change(self, changed: EventChanged) -> str:
        """created: alerts for the first time; filed, updated or unchanged otherwise."""
        if changed.alertable and changed.event_id not in self.alerted:
            self.alerted.add(changed.event_id)
            if not self.alerted.isdisjoint(changed.merged_from):
                return "updated"
            return "created"
        if changed.change == Change.FILED:
            return "filed"
        return "updated" if changed.material else "unchanged"
