"""Extract: one parsed article in, the same with what it says of attacks out; as a stage's handler and as batch mode."""

from datetime import UTC, datetime
from typing import Any

from services.enricher.domain.extraction import extract
from services.enricher.domain.news.kind import Model
from services.enricher.domain.where import outlets
from shared.codes import ArticleKind
from shared.contracts import (
    ARTICLES_ENRICHED,
    ArticleEnriched,
    ArticleParsed,
    Extraction,
    Frame,
    Span,
    article_id,
    message_id,
)
from shared.fingerprint import minhash
from shared.stage import Incoming, Outgoing, Produced

Record = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def handle(message: Incoming[ArticleParsed], model: Model) -> Produced:
    """The stage's handler: every article is passed on, whatever its kind."""
    article = message.body
    enriched = enrich(article, model)
    identity = message_id(ARTICLES_ENRICHED, article.article_id, article.version)
    return Produced([Outgoing(ARTICLES_ENRICHED, key(enriched), enriched, identity)])


def enrich(article: ArticleParsed, model: Model) -> ArticleEnriched:
    """The article with what it says of attacks."""
    extraction = extract(
        model,
        article.title,
        article.text,
        declared_language=article.language,
        published=article.published_at.date() if article.published_at else None,
        source_country=article.source_country,
        source=outlets.host(article.source, article.url),
    )
    return ArticleEnriched(**dict(article), extraction=extraction)


def warm_up(model: Model) -> None:
    """Read the word lists and tables that are read on first use; it takes a second."""
    extract(model, "Blast in Kabul", "KABUL: A bomb killed five people in Kabul on Friday. The Taliban claimed it.")


def key(article: ArticleEnriched) -> str:
    """The country of the first reported attack, so that one linker at a time sees all of a country's."""
    if article.extraction.kind in (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP):
        for frame in article.extraction.frames:
            if frame.role == "reported" and frame.place and frame.place.country:
                return frame.place.country
    return str(article.article_id)


def answer(record: Record, model: Model, *, every_place: bool = True) -> Record:
    """The batch mode: an article as a line of JSON to its prediction. Raises ValueError for a line that holds none."""
    return prediction(record["id"], read_article(record, model, every_place=every_place).extraction)


def read_article(record: Record, model: Model, *, every_place: bool = False) -> ArticleEnriched:
    """An article of the batch formats as the pipeline would have it after extraction.

    Message time is not the record's to say: an article without `published_at` was fetched at the epoch.
    """
    title, text, url = _string(record, "title"), _string(record, "text"), _string(record, "url")
    if text is None:
        raise ValueError('needs "text", the text of the article')
    published, day_only = _time(_string(record, "published_at"))
    language = _string(record, "language")
    extraction = extract(
        model,
        title,
        text,
        declared_language=language,
        published=published.date() if published else None,
        source=outlets.host(_string(record, "source"), url),
        every_place=every_place,
    )
    identity = f"urn:tocsin:{record['id']}"  # the line's own id: sets hold one page under several
    return ArticleEnriched(
        article_id=article_id(identity),
        version="1",
        url=url or identity,
        feed_url="",
        source=_string(record, "source") or "",
        fetched_at=published or EPOCH,
        title=title,
        text=text,
        published_at=published,
        published_day_only=day_only,
        language=language,
        fingerprint=minhash(text),
        extraction=extraction,
    )


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


def _time(written: str | None) -> tuple[datetime | None, bool]:
    """An ISO 8601 day (midnight UTC, true) or time, in the outlet's own zone: "yesterday" is said against its clock."""
    if not written:
        return None, False
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f'"published_at" is no ISO 8601 day or time: {written[:40]!r}') from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), len(written) == len("2024-04-05")
