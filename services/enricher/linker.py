"""Link as a stage: enriched articles in, changes of events out; and the cursor under which they were published."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from services.enricher.domain.linking.borders import countries_near
from services.enricher.domain.linking.changes import link_article
from services.enricher.domain.linking.reports import reported_frames
from services.enricher.store import BatchStore, PostgresStore, lock_countries, number_published
from services.enricher.store.remembered import Remembered
from services.enricher.store.reviews import outgoing
from shared.contracts import ARTICLES_ENRICHED, EVENTS_CHANGED, ArticleEnriched
from shared.ids import uuid7
from shared.stage import Filtered, Incoming, Produced, Stage


def stage() -> Stage[ArticleEnriched]:
    """The stage, with a memory of its own of the events that it read last."""
    linker = Linker()
    return Stage("link", ARTICLES_ENRICHED, (EVENTS_CHANGED,), linker.handle, linker.prepare, linker.finish)


class Linker:
    """Links the messages of one transaction after the other, for which see `Stage`."""

    def __init__(self) -> None:
        self._remembered = Remembered()
        self._store: BatchStore | None = None

    def prepare(self, messages: Sequence[Incoming[ArticleEnriched]], connection: Connection) -> None:
        """Keep other linkers out of every country that an attack of these may be in, or was linked in before."""
        articles = [message.body for message in messages]
        places = {frame.place for article in articles for _, frame in reported_frames(article)}
        countries = {country for place in places for country in countries_near(place)}
        before = PostgresStore(connection).countries_of([article.article_id for article in articles])
        lock_countries(connection, countries | before)
        self._store = BatchStore(connection, self._remembered, [(message.body, message.time) for message in messages])

    def handle(self, message: Incoming[ArticleEnriched], connection: Connection) -> Produced | Filtered:
        """Every article is kept; one that reports an attack changes an event, another one is filtered by its kind."""
        assert self._store is not None, "prepare comes first"  # noqa: S101
        article = message.body
        changes = link_article(article, message.time, self._store, uuid7)
        if not changes:
            return Filtered(article.extraction.kind if not reported_frames(article) else "no_change")
        return Produced([outgoing(change) for change in changes])

    def finish(self, connection: Connection) -> None:
        """Write what changed."""
        if self._store:
            self._store.flush()


def on_published(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Give each change on `events.changed` its place in the API's gap-free cursor, in the order it was published."""
    published = [json.loads(row.value) for row in rows if row.topic == EVENTS_CHANGED.name]
    number_published(connection, [(change["event_id"], change["revision"]) for change in published])
