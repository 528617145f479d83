"""Extract: one parsed article in, the same with what it says of attacks out; as a stage's handler and as batch mode."""

from datetime import UTC, date, datetime
from typing import Any

from services.enricher.domain.extraction import extract
from services.enricher.domain.kind import Model
from shared.codes import ArticleKind
from shared.contracts import ARTICLES_ENRICHED, ArticleEnriched, ArticleParsed, Extraction, Frame, Span, message_id
from shared.stage import Incoming, Outgoing, Produced

Record = dict[str, Any]


def handle(message: Incoming[ArticleParsed], model: Model) -> Produced:
    """The stage's handler: every article is passed on, whatever its kind."""
    article = message.body
    extraction = extract(
        model,
        article.title,
        article.text,
        declared_language=article.language,
        published=article.published_at.date() if article.published_at else None,
        source_country=article.source_country,
    )
    enriched = ArticleEnriched(**dict(article), extraction=extraction)
    identity = message_id(ARTICLES_ENRICHED, article.article_id, article.version)
    return Produced([Outgoing(ARTICLES_ENRICHED, key(enriched), enriched, identity)])


def key(article: ArticleEnriched) -> str:
    """The country of the first reported attack, so that one linker at a time sees all of a country's."""
    if article.extraction.kind in (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP):
        for frame in article.extraction.frames:
            if frame.role == "reported" and frame.place and frame.place.country:
                return frame.place.country
    return str(article.article_id)


def answer(record: Record, model: Model, *, every_place: bool = True) -> Record:
    """The batch mode: an article as a line of JSON to its prediction. Raises ValueError for a line that holds none."""
    title, text = _string(record, "title"), _string(record, "text")
    if text is None:
        raise ValueError('needs "text", the text of the article')
    extraction = extract(
        model,
        title,
        text,
        declared_language=_string(record, "language"),
        published=_day(_string(record, "published_at")),
        every_place=every_place,
    )
    return prediction(record["id"], extraction)


def prediction(identity: object, extraction: Extraction) -> Record:
    """An extraction in the form that the scorers read."""
    return {
        "id": identity,
        "kind": extraction.kind,
        "score": extraction.score,
        "reason": extraction.reason,
        "events": [_event(frame) for frame in extraction.frames],
        "places": [_plain(place) for place in extraction.places],
        "actors": [_plain(actor) for actor in extraction.actors],
        "evidence": [_plain(span) for span in extraction.evidence],
    }


def _event(frame: Frame) -> Record:
    event = frame.model_dump(mode="json", exclude={"evidence", "correction", "retraction", "property_damage"})
    event["property"] = frame.property_damage
    event["radius_km"] = frame.place.radius_km if frame.place else None
    event["evidence"] = [_plain(span) for span in frame.evidence]
    return event


def _plain(span: Span) -> Record:
    """Spans of the text need no word about where they are; those of the title say `"in": "title"`."""
    plain = span.model_dump(mode="json", exclude={"in_title"})
    return {**plain, "in": "title"} if span.in_title else plain


def _string(record: Record, field: str) -> str | None:
    value = record.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f'"{field}" must be a string or null')
    return value


def _day(written: str | None) -> date | None:
    """The UTC day of an ISO 8601 day or time."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f'"published_at" is no ISO 8601 day or time: {written[:40]!r}') from None
    return (at.astimezone(UTC) if at.tzinfo else at).date()
