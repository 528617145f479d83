"""What the next articles are going to ask of the database, asked for all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.enricher.domain.linking.reports import reported_frames
from services.enricher.domain.linking.search import Found, Search, search_for
from services.enricher.store.linking import PostgresStore
from shared.codes import Reliability
from shared.contracts import ArticleEnriched

Told = tuple[ArticleEnriched, datetime]  # an article and its message time


@dataclass(frozen=True)
class Ahead:
    """`new`: articles that are not on file; `reliability`: of the articles' sources; `related`: events that belong to
    each of the candidates."""

    new: set[UUID] = field(default_factory=set)
    reliability: Mapping[UUID, Reliability] = field(default_factory=dict)
    candidates: Mapping[Search, Found] = field(default_factory=dict)
    related: dict[UUID, set[UUID]] = field(default_factory=dict)


def read_ahead(store: PostgresStore, told: Sequence[Told]) -> Ahead:
    if not told:
        return Ahead()
    articles = store.articles([article for article, _ in told])
    new = {article_id for article_id, (on_file, _) in articles.items() if not on_file}
    candidates = store.nearest(
        search_for(frame, article.published_at or message_time)
        for article, message_time in told
        if article.article_id in new
        for _, frame in reported_frames(article)
    )
    events = {event.event_id for found in candidates.values() for event in found.fitting}
    related = {event_id: set(others) for event_id, others in store.relations(events).items()}
    return Ahead(new, {article_id: known for article_id, (_, known) in articles.items()}, candidates, related)
