"""Everything the finders say about one article, before it is decided which attack it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.enricher.domain.text.article import Document
from services.enricher.domain.toll import casualties
from services.enricher.domain.toll.casualties import TollMention
from services.enricher.domain.what import slots
from services.enricher.domain.what.slots import RoleMention, TypeMention
from services.enricher.domain.when import dates
from services.enricher.domain.when.dates import DateMention
from services.enricher.domain.where import places
from services.enricher.domain.where.places import Demonym, PlaceMention
from services.enricher.domain.who import actors
from services.enricher.domain.who.actors import ActorMention, Claim

TITLE = -1  # the title's place among the sentences


@dataclass(frozen=True, slots=True)
class Findings:
    """Spans are code points of the text, or of the title where a mention says so (or its sentence is `TITLE`).

    `individuals`, `targets`, `victims` and `weapons` are all that may be it (`fillers.py` decides).
    """

    places: Sequence[PlaceMention]
    dateline: PlaceMention | None
    demonyms: Sequence[Demonym]
    actors: Sequence[ActorMention]
    claims: Sequence[Claim]  # of each actor
    dates: Sequence[DateMention] = ()
    tolls: Sequence[TollMention] = ()
    types: Sequence[TypeMention] = ()
    individuals: Sequence[RoleMention] = ()
    targets: Sequence[RoleMention] = ()
    victims: Sequence[RoleMention] = ()
    weapons: Sequence[RoleMention] = ()
    published: date | None = None


def named(document: Document, source_country: str | None, source: str | None = None) -> Findings:
    """Places and actors: what is listed of every article, whatever its kind. `source`: the outlet's host name."""
    title, text, language = document.title or None, document.text, document.language
    found = places.find(text, title=title, language=language, source_country=source_country, source=source)
    demonyms = places.demonym_countries(text, title)
    countries = {one.country for one in found if one.country} | {one.country for one in demonyms}
    named = actors.find(text, title=title, language=language, countries=countries)
    spans = [(one.start, one.end) for one in document.sentences]
    return Findings(found, places.dateline(text), demonyms, named, actors.claims(text, spans, named))


def find(document: Document, published: date | None, source_country: str | None, source: str | None = None) -> Findings:
    """Run every finder over title and text."""
    title, text, sentences, language = document.title, document.text, document.sentences, document.language
    tolls = casualties.find(text, sentences, language)
    reads = slots.read(sentences)
    published = dates.written(text, sentences, published, language)
    return replace(
        named(document, source_country, source),
        dates=dates.find(text, sentences, published, language),
        tolls=[*casualties.find(title, document.headline, language, in_title=True), *tolls],
        types=[
            *(replace(one, sentence=TITLE) for one in slots.attack_types(title, document.headline, language)),
            *slots.attack_types(text, sentences, language),
        ],
        individuals=slots.individuals(text, reads),
        targets=slots.targets(text, reads),
        victims=slots.victims(text, reads, [(one.start, one.end, one.sentence) for one in tolls]),
        weapons=slots.weapons(text, reads),
        published=published,
    )
