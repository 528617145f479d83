"""The linker's store in memory: what the batch mode links on."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from services.enricher.domain.linking import search
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Found, Search
from shared.codes import Reliability
from shared.contracts import ArticleEnriched, EventChanged


class Edition(NamedTuple):
    """Which version of an article, read by which extractor, was fetched when."""

    version: str
    extractor: str
    fetched_at: datetime

    def covers(self, other: "Edition") -> bool:
        return self.fetched_at > other.fetched_at or self[:2] == other[:2]


class MemoryStore:
    def __init__(self, reliability: Mapping[str, Reliability] | None = None) -> None:
        self.reliability = reliability or {}  # of sources; one that is missing cannot be judged
        self.events: dict[UUID, KnownEvent] = {}
        self.merged: dict[UUID, UUID] = {}
        self.apart: dict[UUID, set[UUID]] = defaultdict(set)
        self._by_country: dict[str | None, dict[UUID, None]] = defaultdict(dict)
        self._by_cell: dict[tuple[int, int], dict[UUID, None]] = defaultdict(dict)
        self._by_time: list[tuple[datetime, UUID]] = []
        self._kept: dict[UUID, Edition] = {}
        self._by_article: dict[UUID, dict[int, tuple[UUID, UUID]]] = {}
        self._related: dict[UUID, list[UUID]] = defaultdict(list)

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        self._kept[article.article_id] = _edition(article)
        return self.reliability.get(article.wire or article.source, Reliability.F)

    def linked_before(self, article: ArticleEnriched) -> dict[int, KnownEvent] | None:
        if (known := self._kept.get(article.article_id)) and known.covers(_edition(article)):
            return None
        before: dict[int, KnownEvent] = {}
        for index, (event_id, report_id) in self._by_article.pop(article.article_id, {}).items():
            while event_id in self.merged:
                event_id = self.merged[event_id]
            event = self.events[event_id]
            kept = tuple(report for report in event.reports if report.report_id != report_id)
            self.events[event_id] = before[index] = replace(event, reports=kept)
        return before

    def candidates(self, asked: Search) -> Found:
        fitting = [event for event in self._nearby(asked) if event.reports and search.could_be(event.snapshot, asked)]
        others: Iterable[KnownEvent] = ()
        if len(fitting) < asked.least:
            fit = {event.event_id for event in fitting}
            others = [event for event in self._in_days_of(asked) if event.reports and event.event_id not in fit]
        return search.found_among(fitting, others, asked)

    def related(self, event_id: UUID) -> Sequence[UUID]:
        return self._related[event_id]

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        return sorted(self.apart[event_id])

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime) -> None:
        self.keep_event(event)
        if changed.merged_into is not None:
            self._drop(event)

    def keep_event(self, event: KnownEvent) -> None:
        """Insert or update an event without a word of what changed."""
        if known := self.events.get(event.event_id):
            self._drop(known)
        self.events[event.event_id] = event
        insort(self._by_time, (event.snapshot.last_reported_at, event.event_id))
        self._by_country[_country(event)][event.event_id] = None
        if cell := _cell(event):
            self._by_cell[cell][event.event_id] = None

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        links = self._by_article.setdefault(report.article_id, {})
        links[report.frame_index] = (event_id, report.report_id)

    def absorb(self, absorbed: UUID, surviving: UUID) -> None:
        self.merged[absorbed] = surviving

    def relate(self, a: UUID, b: UUID, relation: str) -> None:
        for one, other in ((a, b), (b, a)):
            if other not in self._related[one]:
                self._related[one].append(other)

    def held_together(self, event_id: UUID) -> bool:
        return False  # nobody reviews here

    def move(self, reports: Collection[UUID], event_id: UUID) -> None:
        for links in self._by_article.values():
            links.update({index: (event_id, moved) for index, (_, moved) in links.items() if moved in reports})

    def _nearby(self, asked: Search) -> Iterable[KnownEvent]:
        """More than the search asks for, each once."""
        countries = list(self._by_country) if asked.country is None else [asked.country, None]
        ids = {event_id: None for country in countries for event_id in self._by_country[country]}
        if asked.box:
            ids.update({event_id: None for cell in search.cells(asked.box) for event_id in self._by_cell[cell]})
        return (self.events[event_id] for event_id in ids)

    def _in_days_of(self, asked: Search) -> Iterable[KnownEvent]:
        """The nearest in time, `least` of them to both sides."""
        times, most = self._by_time, asked.least
        at = bisect_right(times, asked.around, key=itemgetter(0))
        some = times[max(0, at - most) : at + most]
        if not some:
            return []
        first, last = bisect_left(times, (some[0][0],)), bisect_right(times, some[-1][0], key=itemgetter(0))
        return (self.events[event_id] for _, event_id in times[first:last])

    def _drop(self, event: KnownEvent) -> None:
        stamp = (event.snapshot.last_reported_at, event.event_id)
        if (at := bisect_left(self._by_time, stamp)) < len(self._by_time) and self._by_time[at] == stamp:
            del self._by_time[at]
        self._by_country[_country(event)].pop(event.event_id, None)
        if cell := _cell(event):
            self._by_cell[cell].pop(event.event_id, None)


def _edition(article: ArticleEnriched) -> Edition:
    return Edition(article.version, article.extraction.extractor, article.fetched_at)


def _country(event: KnownEvent) -> str | None:
    return event.snapshot.place.country if event.snapshot.place else None


def _cell(event: KnownEvent) -> search.Cell | None:
    place = event.snapshot.place
    if place is None or place.lat is None or place.lon is None:
        return None
    return math.floor(place.lat), math.floor(place.lon)
