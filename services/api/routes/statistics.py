"""Statistics: how many attacks, killed and injured; against another time; against what is usual; what moves most."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, field_validator, model_validator

from services.api import etags, figures
from services.api.figures import Span, SpanName
from services.api.filters import Filter
from services.api.moments import Day
from services.api.problems import responses
from services.api.queries import statistics as queries
from services.api.queries.statistics import Clock, Dimension, Period
from services.api.reading import Survey
from services.api.routes.events import NOT_MODIFIED
from shared.clock import wall

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])

MOST_DIMENSIONS = 3
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)  # room for the spans before and after
LONGEST_SPAN = 36_525  # days
LONGEST_MOVE = 92  # days


class Totals(BaseModel):
    events: int
    killed: int | None = Field(description="best values added up; null where none is known")
    injured: int | None
    killed_unknown: int = Field(description="events that `killed` knows nothing of")
    injured_unknown: int


class Count(Totals):
    period: date | datetime | None = Field(None, description="its beginning; null: the date is not known that exactly")
    country: str | None = None
    admin1: str | None = None
    type: str | None = None
    perpetrator: str | None = None
    target: str | None = None
    share: float | None = Field(description="of all events of the span; null where there are none")


class Counts(BaseModel):
    since: date
    until: date
    totals: Totals = Field(description="of distinct events")
    rows: list[Count] = Field(description="only the dimensions that were asked for; null: unknown")
    truncated: bool = Field(description="there are more rows than `limit`")


class SpanTotals(Totals):
    since: date
    until: date


class Change(BaseModel):
    """null where either is unknown."""

    events: int
    killed: int | None
    injured: int | None
    events_ratio: float | None = Field(description="null where the other is 0")
    killed_ratio: float | None
    injured_ratio: float | None


class Usual(BaseModel):
    median: float = Field(description="events in the reference windows: as long, on the same weekdays")
    mad: float = Field(description="their median absolute deviation")
    windows: int = Field(description="eight before, and three of the same season in each of the three years before")


class Comparison(BaseModel):
    span: SpanTotals
    against: SpanTotals
    change: Change
    baseline: Usual | None = Field(description="null: too few windows since events were first kept")
    surge_score: float | None = Field(description="robust standard deviations above what is usual")
    surge: bool | None = Field(description=f"a score of {figures.SURGE:g} or more")


class Mover(BaseModel):
    value: str | None
    events: int
    baseline: Usual
    surge_score: float


class Movers(BaseModel):
    since: date
    until: date
    by: Dimension
    items: list[Mover] = Field(description="what departs most from what is usual first; empty: too little to tell")


class Asked(Filter):
    """`since` and `until` together, or a `span`; the year to date unless given. Days of the attack, both included."""

    since: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = None
    until: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = None
    span: SpanName | None = None
    as_of: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = Field(
        None, description="the day that `span` ends at; today"
    )

    @model_validator(mode="after")
    def _one_span(self) -> Self:
        if (self.since is None) != (self.until is None):
            raise ValueError("give since and until together, or a span")
        if self.since and (self.span or self.as_of):
            raise ValueError("give since and until, or span and as_of")
        if self.days().days > LONGEST_SPAN:
            raise ValueError(f"a span has {LONGEST_SPAN:,} days at most")
        return self

    def days(self) -> Span:
        if self.since and self.until:
            return Span(self.since, self.until)
        return figures.named(self.span or "year_to_date", self.as_of or wall().date())


class CountsOf(Asked):
    period: Period | None = Field(None, description="weeks begin on Monday; hours need `clock=reported`; UTC")
    by: list[Dimension] = Field([], max_length=MOST_DIMENSIONS)
    clock: Clock = Field("attack", description="the day of the attack, or the time of the first report")
    limit: int = Field(1_000, ge=1, le=10_000, description="rows")

    @field_validator("by")
    @classmethod
    def _once(cls, by: list[Dimension]) -> list[Dimension]:
        return list(dict.fromkeys(by))

    @model_validator(mode="after")
    def _hours_of_reports(self) -> Self:
        if self.period == "hour" and self.clock == "attack":
            raise ValueError("attacks are dated by the day: ask for hours with clock=reported")
        return self


class ComparisonOf(Asked):
    against_since: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = Field(
        None, description="unless given, the span of the same length just before"
    )
    against_until: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.against_since is None) != (self.against_until is None):
            raise ValueError("give against_since and against_until together")
        if self.against_since and self.against_until and self.against_since > self.against_until:
            raise ValueError("against_since is after against_until")
        return self

    def other(self) -> Span:
        if self.against_since and self.against_until:
            return Span(self.against_since, self.against_until)
        days = self.days()
        return days.shifted(days.days)


class MoversOf(Filter):
    by: Dimension = "country"
    days: int = Field(7, ge=1, le=LONGEST_MOVE)
    until: Annotated[Day, Field(ge=EARLIEST, le=LATEST)] | None = Field(
        None, description="last day; today unless given"
    )
    since: None = Field(None, exclude=True)
    limit: int = Field(10, ge=1, le=100)


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


def _change(now: Totals, then: Totals) -> Change:
    names = ("events", "killed", "injured")
    pairs: dict[str, tuple[Any, Any]] = {name: (getattr(now, name), getattr(then, name)) for name in names}
    differences = {name: None if a is None or b is None else a - b for name, (a, b) in pairs.items()}
    ratios = {f"{name}_ratio": round(a / b, 3) if a is not None and b else None for name, (a, b) in pairs.items()}
    return Change(**differences, **ratios)
