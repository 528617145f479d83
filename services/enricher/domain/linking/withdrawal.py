"""A source's new version no longer tells of an attack: what the event is without that report."""

from dataclasses import replace

from services.enricher.domain.linking import ledger, revise
from services.enricher.domain.linking.reports import KnownEvent
from services.enricher.domain.linking.standing import rejected
from shared.codes import Change, EventStatus
from shared.contracts import Article, EventChanged, EventSnapshot, Reason


def withdraw(event: KnownEvent, article: Article) -> tuple[KnownEvent, EventChanged]:
    """`event`: with the reports that are left to it; with none it is retracted, unless a person confirmed it."""
    old = event.snapshot
    if event.reports:
        new = ledger.assess(event.event_id, old.revision + 1, event.reports, dict(event.pinned), old.related)
    else:
        new = untold(event)
    why = revise.reasons(old, new, None)
    said = Reason(field="report", old=article.url, new=None, source=article.source, article_id=article.article_id)
    retracted = new.status == EventStatus.RETRACTED != old.status
    alertable = event.alertable and not rejected(event)
    changed = EventChanged(
        event_id=event.event_id,
        revision=new.revision,
        change=Change.RETRACTED if retracted else Change.UPDATED,
        material=not rejected(event) and any(reason.material for reason in why),
        reasons=[said, *(reason.model_copy(update={"source": article.source}) for reason in why)],
        alertable=alertable,
        not_alertable=None if alertable else "filed",
        article_id=article.article_id,
        fetched_at=article.fetched_at,
        published_at=article.published_at,
        snapshot=new,
    )
    return replace(event, snapshot=new), changed


def untold(event: KnownEvent) -> EventSnapshot:
    """Nobody stands by it any more; what was said of it stays for the record."""
    old = event.snapshot
    machine = {**old.model_dump(mode="json"), **old.reviewed, "revision": old.revision + 1, "reviewed": {}}
    machine |= {"status": EventStatus.RETRACTED, "independent_sources": 0, "reports": []}
    return ledger.overruled(EventSnapshot.model_validate(machine), dict(event.pinned))
