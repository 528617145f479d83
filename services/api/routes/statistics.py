"""Statistics: how many attacks, killed and injured; against another time; against what is usual; what moves most."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.api import etags, figures
from services.api.figures import Span
from services.api.problems import responses
from services.api.queries import statistics as queries
from services.api.reading import Survey
from services.api.routes.events import NOT_MODIFIED
from services.api.tallies import (
    Comparison,
    ComparisonOf,
    Counts,
    CountsOf,
    Difference,
    Mover,
    Movers,
    MoversOf,
    SpanTotals,
    Totals,
    Usual,
)
from shared.clock import wall

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])


@router.get("", response_model=Counts, responses=responses(422) | NOT_MODIFIED)
def count(request: Request, read: Survey, asked: Annotated[CountsOf, Query()]) -> Response:
    """Attacks, killed and injured by period and up to three dimensions, with each row's share.

    "Attacks in Pakistan this year to date": `?country=PK`. "Share by group": `?country=PK&by=perpetrator`.
    An event with two types or groups is counted under both, so that shares may add up to more than 1.
    """
    span = asked.days()
    with read() as database:
        whole, found = queries.counts(database, asked, span, asked.clock, asked.period, asked.by, asked.limit)
    rows = found[: asked.limit]
    for row in rows:
        row["share"] = round(row["events"] / whole["events"], 4) if whole["events"] else None
    content = {
        "since": span.since,
        "until": span.until,
        "totals": whole,
        "rows": rows,
        "truncated": len(found) > asked.limit,
    }
    return etags.answer(request, content)


@router.get("/comparison", response_model=Comparison, responses=responses(422) | NOT_MODIFIED)
def compare(request: Request, read: Survey, asked: Annotated[ComparisonOf, Query()]) -> Response:
    """A span against another one, and against what is usual.

    "Killed last year against 2020": `?country=PK&span=last_year&against_since=2020-01-01&against_until=2020-12-31`.
    """
    span, other = asked.days(), asked.other()
    with read() as database:
        now = SpanTotals(since=span.since, until=span.until, **queries.totals(database, asked, span, "attack"))
        then = SpanTotals(since=other.since, until=other.until, **queries.totals(database, asked, other, "attack"))
        first_day = queries.first_day(database)
        spans = figures.reference_windows(span, first_day) if first_day else []
        found = queries.windows(database, asked, spans, None).get(None, {})
    usual = figures.baseline([found.get(number, 0) for number in range(len(spans))])
    score = figures.surge_score(now.events, usual) if usual else None
    content = Comparison(
        span=now,
        against=then,
        change=_change(now, then),
        baseline=Usual.model_validate(usual, from_attributes=True) if usual else None,
        surge_score=score,
        surge=None if score is None else score >= figures.SURGE,
    )
    return etags.answer(request, content.model_dump(mode="json"))


@router.get("/movers", response_model=Movers, responses=responses(422) | NOT_MODIFIED)
def movers(request: Request, read: Survey, asked: Annotated[MoversOf, Query()]) -> Response:
    """Which country, province, type, group or target departs most from what is usual for it, up or down."""
    until = asked.until or wall().date()
    span = Span(until, until).shifted(asked.days - 1)
    span = Span(span.since, until)
    with read() as database:
        first_day = queries.first_day(database)
        spans = figures.reference_windows(span, first_day) if first_day else []
        found = queries.windows(database, asked, [span, *spans], asked.by)
    items = []
    for value, counts in found.items():
        if usual := figures.baseline([counts.get(number, 0) for number in range(1, len(spans) + 1)]):
            score = figures.surge_score(counts.get(0, 0), usual)
            baseline = Usual.model_validate(usual, from_attributes=True)
            items.append(Mover(value=value, events=counts.get(0, 0), baseline=baseline, surge_score=score))
    items.sort(key=lambda mover: (-abs(mover.surge_score), -mover.events, mover.value or ""))
    content = Movers(since=span.since, until=until, by=asked.by, items=items[: asked.limit])
    return etags.answer(request, content.model_dump(mode="json"))


def _change(now: Totals, then: Totals) -> Difference:
    names = ("events", "killed", "injured")
    pairs: dict[str, tuple[Any, Any]] = {name: (getattr(now, name), getattr(then, name)) for name in names}
    differences = {name: None if a is None or b is None else a - b for name, (a, b) in pairs.items()}
    ratios = {f"{name}_ratio": round(a / b, 3) if a is not None and b else None for name, (a, b) in pairs.items()}
    return Difference(**differences, **ratios)
