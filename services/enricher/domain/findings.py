"""Everything the finders say about one article, before it is decided which attack it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.enricher.domain import attack_types, casualties, dates, places
from services.enricher.domain.attack_types import TypeMention
from services.enricher.domain.casualties import TollMention
from services.enricher.domain.dates import DateMention
from services.enricher.domain.places import Demonym, PlaceMention
from services.enricher.domain.text import Document

TITLE = -1  # the title's place among the sentences


@dataclass(frozen=True, slots=True)
class Findings:
    """Spans are code points of the text, or of the title where a mention says so (or its sentence is `TITLE`)."""

    places: Sequence[PlaceMention]
    dateline: PlaceMention | None
    demonyms: Sequence[Demonym]
    dates: Sequence[DateMention]
    tolls: Sequence[TollMention]
    types: Sequence[TypeMention]
    published: date | None


def find(document: Document, published: date | None, source_country: str | None) -> Findings:
    """Run every finder over title and text."""
    title, text, language = document.title, document.text, document.language
    return Findings(
        places=places.find(text, title=title or None, language=language, source_country=source_country),
        dateline=places.dateline(text),
        demonyms=places.demonym_countries(text, title or None),
        dates=dates.find(text, document.sentences, published, language),
        tolls=[
            *casualties.find(title, document.headline, language, in_title=True),
            *casualties.find(text, document.sentences, language),
        ],
        types=[
            *(replace(one, sentence=TITLE) for one in attack_types.attack_types(title, document.headline, language)),
            *attack_types.attack_types(text, document.sentences, language),
        ],
        published=published,
    )
