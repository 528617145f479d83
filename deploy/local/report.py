"""The report of a replay: what the pipeline said of each article, and what each destination got."""

import math
import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, text

from deploy.local.sinks.record import Received

CATCH_ALL = "catch-all"  # the destination of deploy/rules.yml that gets every alert

Json = dict[str, Any]


def predictions(connection: Connection, articles: Mapping[str, str], received: Collection[str]) -> list[Json]:
    """A prediction for each article, as the bench's merge task wants it.

    `articles`: article id -> id in the file, in the file's order; `received`: delivery ids that the sinks got.
    """
    kinds = {str(row.id): row for row in connection.execute(text("SELECT id, kind, score FROM articles"))}
    events, survivor = _events_of_articles(connection), _survivors(connection)
    alerted = _alerted(connection, set(received))
    changes = _changes(connection)
    found = []
    for article, identity in articles.items():
        stored = kinds.get(article)
        event = alerted.get(article) or next(iter(events.get(article, ())), None)
        found.append(
            {
                "id": identity,
                "kind": stored.kind if stored else "other",
                "score": stored.score if stored else 0.0,
                "event_id": survivor.get(event, event) if event else None,
                "change": _change(article in alerted, changes.get((article, event), ())) if event else None,
            }
        )
    return found


def alerts(connection: Connection, received: Iterable[Received], articles: Mapping[str, str]) -> list[Json]:
    """Everything that the sinks got, in order."""
    rows = connection.execute(text("SELECT id, destination_id FROM deliveries"))
    destinations = {str(row.id): row.destination_id for row in rows}
    return [
        {
            "kind": message.labels["kind"],
            "destination": destinations.get(message.labels["delivery_id"] or "", message.destination),
            "event_id": message.labels["event_id"],
            "id": articles.get(message.labels["article_id"] or ""),
            "text": message.text,
            "published_at": message.labels["published_at"],
            "fetched_at": message.labels["fetched_at"],
            "received_at": message.received_at.isoformat(),
        }
        for message in received
    ]


def latency_ms(alerts: Iterable[Json]) -> dict[str, float | None]:
    """From fetched to received; over every message whose article is known."""
    spans = sorted(
        1000
        * (datetime.fromisoformat(alert["received_at"]) - datetime.fromisoformat(alert["fetched_at"])).total_seconds()
        for alert in alerts
        if alert["fetched_at"]
    )
    return {"p50": percentile(spans, 50), "p99": percentile(spans, 99)}


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Nearest rank, of sorted values."""
    return round(values[max(0, math.ceil(len(values) * percent / 100) - 1)], 1) if values else None


def versions(connection: Connection, broker: str | None) -> dict[str, str]:
    extractors = connection.scalars(text("SELECT DISTINCT extraction ->> 'extractor' FROM articles ORDER BY 1"))
    return {
        "extractor": ", ".join(extractors),
        "python": platform.python_version(),
        "postgresql": str(connection.scalar(text("SHOW server_version"))),
        "broker": broker or "given",
        "kafka-python": version("kafka-python"),
    }


def _events_of_articles(connection: Connection) -> dict[str, list[str]]:
    """Article id -> the events of its reports, in the order of its frames."""
    events: dict[str, list[str]] = {}
    for row in connection.execute(text("SELECT article_id, event_id FROM reports ORDER BY article_id, frame_index")):
        events.setdefault(str(row.article_id), []).append(str(row.event_id))
    return events


def _survivors(connection: Connection) -> dict[str, str]:
    """Event id -> the event that it stands for after all merges."""
    query = text("SELECT id, merged_into FROM events WHERE merged_into IS NOT NULL")
    into = {str(row.id): str(row.merged_into) for row in connection.execute(query)}

    def last(event: str) -> str:
        seen = set()
        while event in into and event not in seen:
            seen.add(event)
            event = into[event]
        return event

    return {event: last(event) for event in into}


def _alerted(connection: Connection, received: Collection[str]) -> dict[str, str]:
    """Article id -> event, where the catch-all destination got an alert because of the article."""
    query = text("SELECT id, article_id, event_id FROM deliveries WHERE destination_id = :catch_all AND kind = 'alert'")
    rows = connection.execute(query, {"catch_all": CATCH_ALL})
    return {str(row.article_id): str(row.event_id) for row in rows if str(row.id) in received}


def _changes(connection: Connection) -> dict[tuple[str, str], list[tuple[str, bool]]]:
    """(article id, event id) -> the changes of the event that the article caused, and whether they are material."""
    query = text("""
        SELECT body ->> 'article_id' AS article, event_id, change, material FROM revisions
        WHERE body ->> 'article_id' IS NOT NULL ORDER BY event_id, revision
    """)
    changes: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for row in connection.execute(query):
        changes.setdefault((row.article, str(row.event_id)), []).append((row.change, row.material))
    return changes


def _change(alerted: bool, changes: Sequence[tuple[str, bool]]) -> str:
    """created: woke somebody. filed: new, woke nobody. updated: known, with something material new. Else unchanged."""
    if alerted:
        return "created"
    if any(change in ("created", "filed") for change, _ in changes):
        return "filed"
    return "updated" if any(material for _, material in changes) else "unchanged"
