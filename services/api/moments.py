"""Days and times as JSON Schema knows them. Pydantic alone would take a number too, as seconds since 1970."""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.{0,40}")


def _day(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("write a day as 2026-01-31")


def _moment(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError("write a time with its zone, as 2026-01-31T12:00:00Z")


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
