"""What a linker does with the articles of one transaction, without a stage around it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from services.enricher.linker import Linker
from shared.contracts import ARTICLES_ENRICHED, ArticleEnriched, EventChanged
from shared.stage import Filtered, Incoming, Produced
from tests.builders import NOON

Messages = Iterable[Incoming[ArticleEnriched]]


def incoming(article: ArticleEnriched, time: datetime | None = None) -> Incoming[ArticleEnriched]:
    """`time`: message time, else that of publication."""
    at = time or article.published_at or NOON
    return Incoming(str(article.article_id), at, article, None, ARTICLES_ENRICHED.name, 0, 0, at, None)


def link(messages: Messages, connection: Connection, linker: Linker | None = None) -> list[Produced | Filtered]:
    """All in one transaction; what came of each."""
    linker, batch = linker or Linker(), list(messages)
    linker.prepare(batch, connection)
    outcomes = [linker.handle(message, connection) for message in batch]
    linker.finish(connection)
    return outcomes


def changes(outcomes: Iterable[Produced | Filtered]) -> list[EventChanged]:
    """The changes of events among what was sent."""
    bodies = [message.body for outcome in outcomes if isinstance(outcome, Produced) for message in outcome.messages]
    return [body for body in bodies if isinstance(body, EventChanged)]
