"""Events, revisions, reports and ledger entries as rows, before they become JSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.contracts import ArticleEnriched, EventChanged

Row = dict[str, Any]


def article_row(article: ArticleEnriched, message_time: datetime) -> Row:
    said = article.extraction
    of_article = {"id": article.article_id, "message_time": message_time, "kind": said.kind, "score": said.score}
    return {**dict(article), **of_article}


def event_row(event: KnownEvent, changed: EventChanged) -> Row:
    snapshot = event.snapshot
    place, when = snapshot.place, snapshot.date
    return {
        "id": event.event_id,
        "revision": snapshot.revision,
        "status": snapshot.status,
        "alertable": event.alertable,
        "merged_into": changed.merged_into,
        "country": place.country if place else None,
        "admin1": place.admin1 if place else None,
        "locality": place.locality if place else None,
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "place_precision": int(place.precision) if place else None,
        "date_start": when.start if when else None,
        "date_end": when.end if when else None,
        "attack_types": snapshot.attack_types,
        "perpetrators": [perpetrator.id or perpetrator.name for perpetrator in snapshot.perpetrators],
        "killed": snapshot.killed.best if snapshot.killed else None,
        "injured": snapshot.injured.best if snapshot.injured else None,
        "independent_sources": snapshot.independent_sources,
        "score": snapshot.score,
        "first_reported_at": snapshot.first_reported_at,
        "last_reported_at": snapshot.last_reported_at,
        "snapshot": snapshot,
        "pinned": event.pinned,
    }


def revision_row(changed: EventChanged, message_time: datetime, actor: str) -> Row:
    told = {name: getattr(changed, name) for name in ("event_id", "revision", "change", "material", "alertable")}
    return {**told, "body": changed, "actor": actor, "message_time": message_time}


def report_row(event_id: UUID, report: ReportRecord, decision: Decision) -> Row:
    return {
        "id": report.report_id,
        "article_id": report.article_id,
        "frame_index": report.frame_index,
        "event_id": event_id,
        "record": report,
        "link_score": decision.score if decision.event else None,
        "link_factors": decision.factors,
        "message_time": report.message_time,
    }


def ledger_row(event_id: UUID, report: ReportRecord, field: str, value: Any) -> Row:
    span = next((evidence for evidence in report.frame.evidence if evidence.field.startswith(field)), None)
    return {
        "event_id": event_id,
        "report_id": report.report_id,
        "field": field,
        "value": value,
        "source": report.source,
        "owner": report.owner,
        "wire": report.wire,
        "said_at": report.said_at,
        "span": span.model_dump(exclude={"field"}) if span else None,
        "sentence": report.sentence,
        "extractor": report.extractor,
    }
