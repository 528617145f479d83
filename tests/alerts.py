"""Changes of events, rules and destinations for tests of alerting, with the fewest words."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from services.alerting.domain.destinations import Destination, Entry, checked
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule, Silence
from shared.codes import AttackType, Change, EventStatus
from shared.contracts import EventChanged, EventSnapshot, Reason, ReportBrief
from tests.builders import PESHAWAR, day, toll

NOON = datetime(2023, 1, 30, 12, tzinfo=UTC)
EVENT = UUID("018f0000-0000-7000-8000-000000000001")
OTHER = UUID("018f0000-0000-7000-8000-000000000002")
SENTENCE = "A bomb went off in a mosque in Peshawar, killing 12."


def report(source: str = "Dawn", **values: Any) -> ReportBrief:
    article = uuid5(EVENT, source)
    defaults: dict[str, Any] = {
        "report_id": uuid5(article, "0"),
        "article_id": article,
        "url": f"https://news.example/{source.lower()}/1",
        "title": "Mosque bombed",
        "source": source,
        "published_at": NOON,
        "language": "en",
        "sentence": SENTENCE,
    }
    return ReportBrief(**defaults | values)


def snapshot(**values: Any) -> EventSnapshot:
    defaults: dict[str, Any] = {
        "event_id": EVENT,
        "revision": 1,
        "status": EventStatus.UNCONFIRMED,
        "attack_types": [AttackType.BOMBING_EXPLOSION],
        "date": day("2023-01-30"),
        "place": PESHAWAR,
        "killed": toll(12),
        "score": 0.9,
        "independent_sources": 1,
        "languages": ["en"],
        "reports": [report()],
        "first_reported_at": NOON,
        "last_reported_at": NOON,
    }
    return EventSnapshot(**defaults | values)


def change(
    kind: Change = Change.CREATED,
    revision: int = 1,
    *,
    event: UUID = EVENT,
    material: bool = True,
    alertable: bool = True,
    not_alertable: str | None = None,
    reasons: tuple[Reason, ...] = (),
    merged_into: UUID | None = None,
    merged_from: tuple[UUID, ...] = (),
    late_seconds: int | None = None,
    **values: Any,
) -> EventChanged:
    """One revision of one event; `values` are of its snapshot."""
    return EventChanged(
        event_id=event,
        revision=revision,
        change=kind,
        material=material,
        reasons=list(reasons),
        alertable=alertable,
        not_alertable=not_alertable,
        late_seconds=late_seconds,
        merged_into=merged_into,
        merged_from=list(merged_from),
        article_id=report().article_id,
        fetched_at=NOON,
        published_at=NOON,
        snapshot=snapshot(**{"event_id": event, "revision": revision} | values),
    )


def rule(name: str = "all", route: Any = None, **values: Any) -> Rule:
    return Rule.model_validate({"id": name, "owner": "desk", "route": route or {"now": "desk"}, **values})


def destination(name: str = "desk", channel: str = "webhook", /, *, enabled: bool = True, **config: Any) -> Destination:
    """Configurations as small as they may be; `config` adds to them."""
    least = {
        "webhook": {"url": "env:TEST_WEBHOOK_URL", "secret": "env:TEST_WEBHOOK_SECRET"},
        "slack": {"token": "env:TEST_SLACK_TOKEN", "base_url": "env:TEST_SLACK_API_URL", "channel": "C0DESK"},
        "slack_webhook": {"url": "env:TEST_SLACK_WEBHOOK_URL"},
        "teams": {"url": "env:TEST_TEAMS_URL"},
        "pagerduty": {
            "routing_key": "env:TEST_PAGERDUTY_KEY",
            "base_url": "env:TEST_PAGERDUTY_URL",
            "api_token": "env:TEST_PAGERDUTY_KEY",
            "api_url": "env:TEST_PAGERDUTY_URL",
        },
        "apprise": {"url": "env:TEST_APPRISE_URL"},
        "email": {
            "host": "127.0.0.1",
            "port": "env:TEST_SMTP_PORT",
            "tls": "none",
            "sender": "Tocsin <alerts@tocsin.example>",
            "to": "duty@desk.example",
        },
    }[channel]
    return checked(Entry(id=name, channel=channel, enabled=enabled, config={**least, **config}))


def book(*rules: Rule, destinations: tuple[Destination, ...] = (), silences: tuple[Silence, ...] = ()) -> Rulebook:
    """Rules at version 1; every destination they name exists unless `destinations` gives others."""
    named = {name for one in rules for _, name in one.route.stages()}
    known = destinations or tuple(destination(name) for name in sorted(named))
    return Rulebook(tuple((one, 1) for one in rules), {one.id: one for one in known}, silences)
