"""One article in, all that the extractor says of it out."""

from datetime import date

from services.enricher.domain.frames import assemble, findings
from services.enricher.domain.frames.findings import Findings
from services.enricher.domain.news import kind
from services.enricher.domain.news.kind import Model, Verdict
from services.enricher.domain.text import article, language
from shared.codes import ArticleKind
from shared.contracts import ActorMention, Evidence, Extraction, PlaceMention

EXTRACTOR = "rules-3"


def extract(
    model: Model,
    title: str | None,
    body: str,
    *,
    declared_language: str | None = None,
    published: date | None = None,
    source_country: str | None = None,
    source: str | None = None,
    every_place: bool = False,
) -> Extraction:
    """Kind, frames, places and actors of one article.

    published       the day on which it appeared: relative dates are resolved against it, null leaves them null
    source_country  ISO 3166-1 alpha-2 code of where the outlet is: it decides between towns of one name
    source          host name of the outlet: local papers leave out the state, national domains say the country
    every_place     name places and actors of articles too that are dropped at the gate (it costs a hundredfold)
    """
    document = article.read(title, body, language.of(declared_language, body))
    verdict = kind.judge(document, model)
    if verdict.reason and not every_place:
        return Extraction(kind=verdict.kind, score=verdict.score, reason=verdict.reason, extractor=EXTRACTOR)
    if verdict.kind is ArticleKind.OTHER:
        found = findings.named(document, source_country, source)
    else:
        found = findings.find(document, published, source_country, source)
    return Extraction(
        kind=verdict.kind,
        score=verdict.score,
        reason=verdict.reason,
        frames=assemble.frames(document, verdict, found),
        places=_places(found),
        actors=_actors(found),
        evidence=_deciding(verdict),
        extractor=EXTRACTOR,
    )


def _deciding(verdict: Verdict) -> list[Evidence]:
    if verdict.deciding is None:
        return []
    return [Evidence(field="kind", start=verdict.deciding.start, end=verdict.deciding.end, in_title=verdict.in_title)]


def _places(found: Findings) -> list[PlaceMention]:
    return [
        PlaceMention(
            start=one.start,
            end=one.end,
            in_title=one.in_title,
            text=one.text,
            lat=one.lat,
            lon=one.lon,
            geonameid=one.geonameid,
            country=one.country,
        )
        for one in found.places
    ]


def _actors(found: Findings) -> list[ActorMention]:
    return [
        ActorMention(start=one.start, end=one.end, in_title=one.in_title, text=one.text, name=one.name, id=one.id)
        for one in found.actors
        if one.kind != "generic"
    ]
