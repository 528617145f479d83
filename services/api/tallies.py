"""What is asked of statistics, and what they answer."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from services.api import figures
from services.api.figures import Span, SpanName
from services.api.filters import Filter
from services.api.moments import Day
from services.api.queries.statistics import Clock, Dimension, Period
from shared.clock import wall

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


class Difference(BaseModel):
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
    change: Difference
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
