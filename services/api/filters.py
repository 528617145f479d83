"""Which events are meant: the filters that lists, statistics and exports share, as parameters of a query."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.api.moments import Day, Moment
from shared.codes import AttackType, EventStatus, TargetType

MOST_VALUES = 50  # of one filter
LARGEST_RADIUS_KM = 2_000.0
MOST = 10_000_000  # people

_NUMBER = r"-?\d{1,3}(?:\.\d{1,10})?"
_NEAR = rf"^{_NUMBER},{_NUMBER}$"
_BBOX = rf"^{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}$"
_NO_NUL = r"^[^\x00]+$"

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]


@dataclass(frozen=True)
class Box:
    """Degrees. `west` > `east`: it crosses the antimeridian (RFC 7946, 5.2)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Circle:
    lat: float
    lon: float
    radius_km: float

    def box(self) -> Box:
        """The smallest box around it."""
        north_south = math.degrees(self.radius_km / EARTH_KM)
        south, north = max(-90.0, self.lat - north_south), min(90.0, self.lat + north_south)
        if south == -90 or north == 90:
            return Box(-180, south, 180, north)
        ratio = math.sin(self.radius_km / EARTH_KM) / math.cos(math.radians(self.lat))
        if ratio >= 1:
            return Box(-180, south, 180, north)
        east_west = math.degrees(math.asin(ratio))
        return Box(_turned(self.lon - east_west), south, _turned(self.lon + east_west), north)


EARTH_KM = 6371.0088  # mean radius (IUGG)


def _turned(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def _real_place(text: str) -> str:
    lat, lon = map(float, text.split(","))
    if abs(lat) > 90 or abs(lon) > 180:
        raise ValueError("latitude lies within -90..90, longitude within -180..180; give `latitude,longitude`")
    return text


def _real_box(text: str) -> str:
    west, south, east, north = map(float, text.split(","))
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90 or south > north:
        raise ValueError("give `west,south,east,north` in degrees; south is not above north")
    return text


class Filter(BaseModel):
    """No value: no condition. Several values of one filter: any of them. Several filters: all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Day | None = Field(None, description="first day on which the attack may have happened", examples=[None])
    until: Day | None = Field(None, description="last day on which the attack may have happened", examples=[None])
    updated_since: Moment | None = Field(None, description="changed at this time or later")
    country: list[Country] = Field([], max_length=MOST_VALUES, description="ISO 3166-1 alpha-2")
    admin1: Text | None = Field(None, description="province or state, as events name it")
    bbox: Annotated[str, AfterValidator(_real_box)] | None = Field(
        None, pattern=_BBOX, description="`west,south,east,north` in degrees; west > east crosses the antimeridian"
    )
    near: Annotated[str, AfterValidator(_real_place)] | None = Field(
        None, pattern=_NEAR, description="`latitude,longitude`: the attack's point lies within `radius_km` of it"
    )
    radius_km: float | None = Field(None, gt=0, le=LARGEST_RADIUS_KM, description="of `near`; 50 unless given")
    attack_type: list[AttackType] = Field([], max_length=MOST_VALUES)
    perpetrator: list[Text] = Field([], max_length=MOST_VALUES, description="id of the group, else its name")
    target: list[TargetType] = Field([], max_length=MOST_VALUES)
    killed_at_least: int | None = Field(None, ge=0, le=MOST)
    injured_at_least: int | None = Field(None, ge=0, le=MOST)
    status: list[EventStatus] = Field([], max_length=MOST_VALUES, description="brings in rejected and retracted too")
    confidence_at_least: float | None = Field(None, ge=0, le=1, description="of `score`")
    sources_at_least: int | None = Field(None, ge=0, le=MOST, description="independent origins")
    source: Text | None = Field(None, description="an outlet that reports it")
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] | None = Field(None, description="of a report, ISO 639")
    q: Text | None = Field(
        None,
        description='words of titles, sentences (of the ten newest reports), place and groups; "a phrase", or, -not',
    )
    include_filed: bool = Field(False, description="also events that woke nobody")
    include_rejected: bool = Field(False, description="also what proved to be no attack: rejected and retracted")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.radius_km is not None and self.near is None:
            raise ValueError("radius_km needs near")
        if self.since and self.until and self.since > self.until:
            raise ValueError("since is after until")
        return self

    def box(self) -> Box | None:
        return Box(*map(float, self.bbox.split(","))) if self.bbox else None

    def circle(self) -> Circle | None:
        if not self.near:
            return None
        lat, lon = map(float, self.near.split(","))
        return Circle(lat, lon, self.radius_km or 50.0)


def narrowed(asked: Filter, **changes: Any) -> Filter:
    """The same filter, but for these fields."""
    plain = {name: getattr(asked, name) for name in Filter.model_fields}
    return Filter.model_construct(**plain | changes)


def parts(text: str) -> list[str]:
    """Words of a comma-separated list."""
    return [part for part in re.split(r"\s*,\s*", text.strip()) if part]
