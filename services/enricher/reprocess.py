"""Run a range of time through today's extractor beside the live events, see what would change, and promote it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql import insert
from tqdm import tqdm

from services.enricher.domain.linking import ledger, revise
from services.enricher.domain.linking.changes import link_article
from services.enricher.domain.linking.epochs import Comparison, Side, compare
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.withdrawal import untold
from services.enricher.domain.news.kind import Model
from services.enricher.memory import MemoryStore
from services.enricher.service import enrich
from services.enricher.store import PostgresStore, epochs, lock_countries
from services.enricher.store.reviews import LINK, outgoing
from shared import outbox
from shared.codes import Change
from shared.contracts import EventChanged, EventSnapshot, Reason
from shared.database.tables import AuditEntry
from shared.ids import uuid7

TOGETHER = 100  # articles read before what was read out of them is written
EPOCH = "epoch"  # why nobody is woken: alerting knows it
BY = epochs.REPROCESS


def run(engine: Engine, model: Model, span: epochs.Range) -> tuple[int, Comparison]:
    """Link the range in a shadow epoch; returns its number (0: nothing was linked) and what promoting would change."""
    store, extractor = MemoryStore(), ""
    with engine.connect() as reading, engine.begin() as connection:
        epoch = epochs.next_epoch(connection)
        stored = tqdm(epochs.articles(reading, span), unit=" articles", disable=None)
        while some := [(enrich(article, model), time) for article, time in islice(stored, TOGETHER)]:
            for enriched, time in some:
                link_article(enriched, time, store, uuid7)
            extractor = some[-1][0].extraction.extractor
            epochs.keep_readings(connection, epoch, [enriched for enriched, _ in some])
        shadow = [event for event in store.events.values() if event.event_id not in store.merged and event.reports]
        epochs.keep_shadow(connection, epoch, span, extractor, shadow)
        found = compare(epochs.live_sides(connection, span), list(map(_side, shadow)))
        if not shadow:
            connection.rollback()
        return (epoch if shadow else 0), found


def promote(engine: Engine, epoch: int, at: datetime) -> Comparison:
    """Put a shadow epoch in place of what is on file, in one transaction, with every linker kept out.

    Ids stay where events are the same. What a person said stands: pinned values, rejections, and which reports are of
    an event that a person merged or split. Raises LookupError where there is no such epoch.
    """
    with engine.begin() as connection:
        lock_countries(connection, [None])
        span, shadow = epochs.read_shadow(connection, epoch)
        live = epochs.live_sides(connection, span)
        held = epochs.held_together(connection, [side.event_id for side in live])
        fixed = {article for side in live if side.event_id in held for article in side.articles}
        live = [replace(side, articles=side.articles - fixed) for side in live if side.event_id not in held]
        live = [side for side in live if side.articles]
        shadow = [free for event in shadow if (free := _without_articles(event, fixed))]
        found = compare(live, list(map(_side, shadow)))
        _replace(connection, live, shadow, found, held, epoch, at)
        epochs.promote_readings(connection, epoch, but=fixed)
        epochs.drop_shadow(connection, epoch)
        entry = {"at": at, "actor": BY, "action": "epoch.promote", "target": str(epoch)}
        connection.execute(insert(AuditEntry).values(**entry, detail={"events": len(shadow)}))
        return found


def describe(found: Comparison) -> Iterator[str]:
    """What would change, a line for each."""
    yield (
        f"{found.same} the same, {len(found.changing)} changing, {len(found.appearing)} appearing, "
        f"{len(found.vanishing)} vanishing, {len(found.merging)} merging, {len(found.splitting)} splitting off"
    )
    for side in found.appearing:
        yield f"appears   {_named(side.snapshot)}"
    for side in found.vanishing:
        yield f"vanishes  {side.event_id}  {_named(side.snapshot)}"
    for one, into in found.merging.items():
        yield f"merges    {one} into {into}"
    for of in found.splitting.values():
        yield f"splits    off {of}"
    for event, fields in found.changing.items():
        for name, (old, new) in fields.items():
            yield f"changes   {event}  {name}: {_short(old)} -> {_short(new)}"


def _replace(
    connection: Connection,
    live: Sequence[Side],
    shadow: Sequence[KnownEvent],
    found: Comparison,
    held: set[UUID],
    epoch: int,
    at: datetime,
) -> None:
    store, changes = PostgresStore(connection), list[EventChanged]()
    known = {side.event_id: event for side in live if (event := store.event(side.event_id))}
    articles = {article for side in live for article in side.articles}
    epochs.unlink(connection, sorted(articles), held)
    kept = {event_id: _left(event, articles) for event_id, event in known.items()}
    for absorbed, into in found.merging.items():
        kept[into] += kept.pop(absorbed)
    told = {found.targets.get(event.event_id, event.event_id): event for event in shadow}
    for event_id in [*kept, *(one for one in told if one not in kept)]:
        new = told[event_id].reports if event_id in told else ()
        after = _assessed(known.get(event_id), event_id, (*kept.get(event_id, ()), *new))
        change = _changed(known.get(event_id), after, epoch)
        store.save(after, change, at, actor=BY)
        for report in new:
            store.attach(event_id, report, Decision(after, score=None, factors={EPOCH: float(epoch)}))
        changes.append(change)
    for absorbed, into in found.merging.items():
        changes.append(_absorb(store, known[absorbed], into, epoch, at))
    outbox.enqueue(connection, LINK, [outgoing(change, at) for change in changes])


def _assessed(known: KnownEvent | None, event_id: UUID, reports: Iterable[ReportRecord]) -> KnownEvent:
    gathered = tuple(sorted(reports, key=lambda one: (one.message_time, str(one.report_id))))
    if known is None:
        return KnownEvent(event_id, ledger.assess(event_id, 1, gathered, {}), False, gathered)
    if not gathered:
        return replace(known, snapshot=untold(known), reports=())
    old = known.snapshot
    snapshot = ledger.assess(event_id, old.revision + 1, gathered, dict(known.pinned), old.related)
    return replace(known, snapshot=snapshot, reports=gathered)


def _changed(before: KnownEvent | None, after: KnownEvent, epoch: int) -> EventChanged:
    why = revise.reasons(before.snapshot, after.snapshot, None) if before else []
    kind = revise.change(before.snapshot, after.snapshot, None, why) if before else Change.FILED
    said = Reason(field=EPOCH, new=str(epoch), source=BY)
    why = [reason.model_copy(update={"source": BY}) for reason in why]
    return EventChanged(
        event_id=after.event_id,
        revision=after.snapshot.revision,
        change=kind,
        material=any(reason.material for reason in why),
        reasons=[said, *why],
        alertable=False,
        not_alertable=EPOCH,
        snapshot=after.snapshot,
    )


def _absorb(store: PostgresStore, event: KnownEvent, into: UUID, epoch: int, at: datetime) -> EventChanged:
    snapshot = event.snapshot.model_copy(update={"revision": event.snapshot.revision + 1, "status": "merged"})
    ended = replace(event, snapshot=EventSnapshot.model_validate(snapshot.model_dump()), reports=())
    change = _changed(event, ended, epoch).model_copy(update={"change": Change.MERGED, "merged_into": into})
    store.save(ended, change, at, actor=BY)
    store.absorb(event.event_id, into)
    return change


def _without_articles(event: KnownEvent, articles: set[UUID]) -> KnownEvent | None:
    left = tuple(report for report in event.reports if report.article_id not in articles)
    return replace(event, reports=left) if left else None


def _left(event: KnownEvent, articles: set[UUID]) -> tuple[ReportRecord, ...]:
    return tuple(report for report in event.reports if report.article_id not in articles)


def _side(event: KnownEvent) -> Side:
    return Side(event.event_id, frozenset(report.article_id for report in event.reports), event.snapshot)


def _named(snapshot: EventSnapshot) -> str:
    place = snapshot.place.name if snapshot.place else "somewhere"
    when = snapshot.date.start.isoformat() if snapshot.date else "undated"
    title = snapshot.reports[0].title if snapshot.reports else None
    return f"{when} {place}: {title or 'untitled'}"


def _short(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("best", value.get("name", value.get("start", value))))
    return "unknown" if value is None else str(value)
