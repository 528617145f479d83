"""An event and its ledger as rows."""

from typing import Any
from uuid import UUID

from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.contracts import EventChanged


def event_row(event: KnownEvent, changed: EventChanged) -> dict[str, Any]:
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
        "attack_types": list(snapshot.attack_types),
        "perpetrators": [perpetrator.id or perpetrator.name for perpetrator in snapshot.perpetrators],
        "killed": snapshot.killed.best if snapshot.killed else None,
        "injured": snapshot.injured.best if snapshot.injured else None,
        "independent_sources": snapshot.independent_sources,
        "score": snapshot.score,
        "first_reported_at": snapshot.first_reported_at,
        "last_reported_at": snapshot.last_reported_at,
        "snapshot": snapshot.model_dump(mode="json"),
        "pinned": dict(event.pinned),
    }


def ledger_entry(event_id: UUID, report: ReportRecord, field: str, value: Any) -> dict[str, Any]:
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
