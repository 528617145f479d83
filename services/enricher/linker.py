"""Link as a stage: enriched articles in, changes of events out; and the cursor under which they were published."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from services.enricher.domain.linking.changes import link_article
from services.enricher.domain.linking.reports import reported_frames
from services.enricher.store import PostgresStore, lock_countries, number_published
from services.enricher.store.reviews import outgoing
from shared.contracts import EVENTS_CHANGED, ArticleEnriched
from shared.ids import uuid7
from shared.stage import Filtered, Incoming, Produced


def handle(message: Incoming[ArticleEnriched], connection: Connection) -> Produced | Filtered:
    """Every article is kept; one that reports an attack changes an event, another one is filtered by its kind."""
    article = message.body
    frames = reported_frames(article)
    if frames:
        lock_countries(connection, {frame.place.country if frame.place else None for _, frame in frames})
    changes = link_article(article, message.time, PostgresStore(connection), uuid7)
    if not changes:
        return Filtered(article.extraction.kind if not frames else "no_change")
    return Produced([outgoing(change) for change in changes])


def on_published(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Give each change on `events.changed` its place in the API's gap-free cursor, in the order it was published."""
    published = [json.loads(row.value) for row in rows if row.topic == EVENTS_CHANGED.name]
    number_published(connection, [(change["event_id"], change["revision"]) for change in published])
