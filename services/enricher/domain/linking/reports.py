"""A report: one attack in one article, with what linking and the ledger need to know of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from services.enricher.domain.linking.claimed import claimed_tolls
from services.enricher.domain.linking.spots import Spot, spot
from shared.codes import ArticleKind, Reliability
from shared.contracts import Article, ArticleEnriched, EventSnapshot, Frame, Message, ReportBrief, report_id
from shared.words import words

NAMES_KEPT = 60
POINTS_KEPT = 24
LEAD, SHORTEST_TERM, TERMS_KEPT = 1200, 4, 120
SENTENCE_KEPT = 400  # characters

_CAPITALISED = r"[^\W\d_][\w.'’-]*"
_NAME = re.compile(rf"\b(?=[A-ZÀ-ÖØ-ÞА-ЯЁ]){_CAPITALISED}(?: (?=[A-ZÀ-ÖØ-ÞА-ЯЁ]){_CAPITALISED}){{1,3}}")
_AGE = re.compile(r"\b(\d{1,2})[- ]years?[- ]olds?\b|(?<=, )(\d{2})(?=[,.;])")
_ADDRESS = re.compile(r"\b(\d{2,5}) block\b|\b(?:route|highway|interstate|exit) (\d{1,4})\b", re.IGNORECASE)


class ReportRecord(Message):
    """As it is stored with the event. `names`: people, streets, ages and numbers of addresses that tell one attack from
    another in the same town; the attack's own place names are left out, since place is compared for itself. `terms`:
    words of title and lead. `mentions`: latitude and longitude of the places that the article names, the attack's or
    not."""

    report_id: UUID
    article_id: UUID
    version: str
    frame_index: int
    url: str
    title: str | None
    source: str
    owner: str | None
    wire: str | None
    language: str | None
    kind: ArticleKind
    score: float
    published_at: AwareDatetime | None
    published_day_only: bool = False
    fetched_at: AwareDatetime
    message_time: AwareDatetime
    backfill: bool
    frame: Frame
    sentence: str | None
    names: frozenset[str]
    terms: frozenset[str]
    mentions: tuple[tuple[float, float], ...]
    fingerprint: tuple[int, ...]
    extractor: str
    reliability: Reliability = Reliability.F  # of its source when it was linked
    claimed: frozenset[str] = frozenset()  # tolls that are only on the perpetrators' word

    @property
    def said_at(self) -> datetime:
        return self.published_at or self.message_time

    @property
    def teller(self) -> str:
        """Whose story it is: the agency credited, else the outlet."""
        return self.wire or self.source

    @property
    def origin(self) -> str:
        """Who vouches for it: the agency credited, else the owner, else the outlet."""
        return self.wire or self.owner or self.source


@dataclass(frozen=True)
class KnownEvent:
    """An event on file as linking sees it. `names` and `terms`: of all its reports; times in seconds since 1970."""

    event_id: UUID
    snapshot: EventSnapshot
    alertable: bool
    reports: tuple[ReportRecord, ...]
    pinned: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(report.names for report in self.reports))

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset().union(*(report.terms for report in self.reports))

    @cached_property
    def spot(self) -> Spot | None:
        return spot(self.snapshot.place)

    @cached_property
    def first_reported(self) -> float:
        return self.snapshot.first_reported_at.timestamp()

    @cached_property
    def last_reported(self) -> float:
        return self.snapshot.last_reported_at.timestamp()

    @cached_property
    def said(self) -> Sequence[float]:
        """When its reports were published, in order."""
        return sorted(report.said_at.timestamp() for report in self.reports)


def of_article(
    article: ArticleEnriched, message_time: datetime, reliability: Reliability = Reliability.F
) -> list[ReportRecord]:
    """The reports of an article. Attacks that it only mentions stay with the article."""
    extraction, names, mentions = article.extraction, telling_names(article), mentioned_points(article)
    return [
        ReportRecord(
            **{name: getattr(article, name) for name in _COPIED},
            frame_index=index,
            report_id=report_id(article.article_id, article.version, index),
            kind=extraction.kind,
            score=extraction.score,
            message_time=message_time,
            frame=frame,
            sentence=deciding_sentence(article, frame),
            names=names,
            terms=lead_terms(article),
            mentions=mentions,
            fingerprint=tuple(article.fingerprint),
            extractor=extraction.extractor,
            reliability=reliability,
            claimed=claimed_tolls(article.text, frame),
        )
        for index, frame in reported_frames(article)
    ]


def reported_frames(article: ArticleEnriched) -> list[tuple[int, Frame]]:
    """The attacks that an article reports, with their index; none where it is no news."""
    if article.extraction.kind not in (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP):
        return []
    return [(index, frame) for index, frame in enumerate(article.extraction.frames) if frame.role == "reported"]


_COPIED = Article.model_fields.keys() & ReportRecord.model_fields.keys() - {"fingerprint"}


def brief(report: ReportRecord) -> ReportBrief:
    return ReportBrief.model_validate(report, from_attributes=True)


def mentioned_points(article: ArticleEnriched) -> tuple[tuple[float, float], ...]:
    """Points of the places named, in order, to about a kilometre; not those of other attacks that it looks back at."""
    others = {
        (frame.place.lat, frame.place.lon)
        for frame in article.extraction.frames
        if frame.role == "mentioned" and frame.place
    }
    points = {
        (round(place.lat, 2), round(place.lon, 2)): None
        for place in article.extraction.places
        if place.lat is not None and place.lon is not None and (place.lat, place.lon) not in others
    }
    return tuple(points)[:POINTS_KEPT]


def lead_terms(article: Article) -> frozenset[str]:
    """The longer words of title and lead, case folded."""
    lead = f"{article.title or ''} {article.text[:LEAD]}"
    return frozenset([word for word in dict.fromkeys(words(lead)) if len(word) >= SHORTEST_TERM][:TERMS_KEPT])


def telling_names(article: Article | ArticleEnriched) -> frozenset[str]:
    """Capitalised phrases, ages and addresses of an article, lower case, at most `NAMES_KEPT`."""
    text = article.text[:6000]
    places = {mention.text.casefold() for mention in getattr(getattr(article, "extraction", None), "places", ())}
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        words = _without_sentence_opener(match.group().split(), text, match.start())
        name = " ".join(words).casefold().rstrip(".'’-")
        if len(words) > 1 and name not in places:
            found.setdefault(name)
    numbers = [f"age {a or b}" for a, b in _AGE.findall(text)] + [f"no {a or b}" for a, b in _ADDRESS.findall(text)]
    return frozenset([*list(found)[:NAMES_KEPT], *dict.fromkeys(numbers[:20])])


def _without_sentence_opener(words: list[str], text: str, start: int) -> list[str]:
    """A capital that opens a sentence says nothing: "Police Chief Ingram" keeps its tail only when it has one."""
    opens = start == 0 or text[max(0, start - 2) : start].strip() in {"", ".", "!", "?", '"', "“"}
    return words[1:] if opens and len(words) > 2 else words


def deciding_sentence(article: ArticleEnriched, frame: Frame) -> str | None:
    """The sentence an alert quotes: where the toll, place or type stands, else the one that decided the kind."""
    by_field = {evidence.field: evidence for evidence in reversed(frame.evidence)}
    order = ("killed", "injured", "attack_types[0]", "attack_types", "place", "date")
    spans = [by_field[field] for field in order if field in by_field]
    spans += [evidence for evidence in article.extraction.evidence if evidence.field == "kind"]
    for span in spans:
        if not span.in_title:
            return _sentence_around(article.text, span.start, span.end)
    return article.title


def _sentence_around(text: str, start: int, end: int) -> str:
    left = max((match.end() for match in re.finditer(r"[.!?]\s+|\n", text[:start])), default=0)
    right = re.search(r"[.!?](?=\s|$)|\n", text[end:])
    stop = end + right.end() if right else len(text)
    return text[left:stop].strip()[:SENTENCE_KEPT]


def newest_first(reports: Iterable[ReportRecord]) -> list[ReportRecord]:
    return sorted(reports, key=lambda report: (report.said_at, str(report.report_id)), reverse=True)
