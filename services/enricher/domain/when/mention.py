"""A date that a text gives."""

from dataclasses import dataclass
from datetime import date

from shared.codes import DatePrecision


@dataclass(frozen=True, slots=True)
class DateMention:
    """`first`, `last`: the days it may mean, null where it cannot be known. `sentence` is its index.

    `kind`: absolute ("3 May 2017", "May 2017"), yearless ("May 3"), weekday, relative ("yesterday"), period ("last
    month", "2022").
    `about`: attack, other (a hearing, an arrest, a statement) or page (a dateline, a stamp), null where no word nearby
    says.
    """

    start: int
    end: int
    first: date | None
    last: date | None
    precision: DatePrecision
    sentence: int
    kind: str
    about: str | None = None
    sure: bool = False  # an attack's beyond doubt: "Friday's shooting", "happened on Friday"
