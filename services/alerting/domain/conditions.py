"""What a rule or a silence can ask of an event. Each condition is one small function that says what does not fit."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.alerting.domain.countries import countries, regions, regions_of
from services.alerting.domain.geofence import Circle, Containment, containment
from shared.codes import AttackType, Change, EventStatus, TargetType
from shared.contracts import EventChanged, Toll

Item = TypeVar("Item")


def _listed(value: Any) -> Any:
    """`country: PK` is short for `country: [PK]`."""
    return value if isinstance(value, (list, tuple)) else [value]


def _country(code: str) -> str:
    if code not in countries():
        raise ValueError(f"{code!r} is no ISO 3166-1 alpha-2 code, such as PK (in YAML, quote Norway: 'NO')")
    return code


def _region_name(name: str) -> str:
    if name.lower() not in regions():
        near = get_close_matches(name.lower(), regions(), n=3) or sorted(regions())
        raise ValueError(f"{name!r} is no region; try {', '.join(near)}; a province goes under province")
    return name


List = Annotated[tuple[Item, ...], BeforeValidator(_listed)]
CountryCode = Annotated[str, AfterValidator(_country)]
RegionName = Annotated[str, AfterValidator(_region_name)]
Language = Annotated[str, Field(pattern="^[a-z]{2}$")]


class Near(Circle):
    """`at_least`: how surely the attack must lie within the circle.

    inside       all of where it can have been lies within
    possible     the place is known to the district or better, and reaches the circle
    region_only  only the province or country is known, and it reaches the circle
    """

    at_least: Literal["inside", "possible", "region_only"] = "possible"


class Conditions(BaseModel):
    """All that are given must hold; of a list, one. None given: every event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    change: List[Change] = Field((), description="what happened to the event: created, confirmed ...")
    country: List[CountryCode] = Field((), description="ISO 3166-1 alpha-2")
    region: List[RegionName] = Field((), description="of UN M49 (Western Asia), a continent, or of lexicon/regions.tsv")
    province: List[str] = Field((), description="first-order administrative division by name")
    near: List[Near] = Field((), description="a radius around a point: {lat, lon, km, at_least}")
    attack_type: List[AttackType] = ()
    perpetrator: List[str] = Field((), description="name or id")
    target: List[TargetType] = ()
    killed_at_least: int | None = Field(None, ge=0)
    injured_at_least: int | None = Field(None, ge=0)
    sources_at_least: int | None = Field(None, ge=1, description="independent sources")
    score_at_least: float | None = Field(None, ge=0, le=1)
    status: List[EventStatus] = ()
    language: List[Language] = Field((), description="ISO 639-1, of any of its reports")
    source: List[str] = Field((), description="outlet of any of its reports")

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The conditions that are given."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) not in (None, ())}


def first_miss(conditions: Conditions, change: EventChanged) -> str | None:
    """What does not fit, in words; None where everything does."""
    misses = (CHECKS[name](asked, change) for name, asked in conditions.asked.items())
    return next((miss for miss in misses if miss is not None), None)


# --- one function a condition -----------------------------------------------------------------------------------------


def _any_of(name: str, asked: Iterable[str], found: Iterable[str | None]) -> str | None:
    asked, known = list(asked), [value for value in found if value]
    if {value.casefold() for value in asked} & {value.casefold() for value in known}:
        return None
    return f"{name} {_words(known) or 'unknown'}, asked {_words(asked)}"


def _words(values: Iterable[object], most: int = 5) -> str:
    words = [str(value) for value in values]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _region(asked: tuple[str, ...], change: EventChanged) -> str | None:
    country = _place(change, "country")
    if country and regions_of(country) & {name.lower() for name in asked}:
        return None
    return f"region of {country or 'an unknown country'}, asked {_words(asked)}"


def _place(change: EventChanged, field: str) -> str | None:
    place = change.snapshot.place
    return getattr(place, field) if place else None


def _near(asked: tuple[Near, ...], change: EventChanged) -> str | None:
    found = [(near, containment(near, change.snapshot.place)) for near in asked]
    if any(answer >= Containment[near.at_least.upper()] for near, answer in found):
        return None
    near, answer = max(found, key=lambda pair: pair[1])
    seen = answer.name.lower().replace("_", " ")
    return f"{seen} of {near.km:g} km around {near.lat:g}, {near.lon:g}, asked {near.at_least.replace('_', ' ')}"


def _perpetrator(asked: tuple[str, ...], change: EventChanged) -> str | None:
    names = [name for who in change.snapshot.perpetrators for name in (who.name, who.id)]
    return _any_of("perpetrator", asked, names)


def _toll(name: str, asked: int, toll: Toll | None) -> str | None:
    if toll is not None and toll.best >= asked:
        return None
    return f"{name} {'unknown' if toll is None else toll.best}, asked at least {asked}"


def _number(name: str, asked: float, found: float) -> str | None:
    return None if found >= asked else f"{name} {found:g}, asked at least {asked:g}"


Check = Callable[[Any, EventChanged], str | None]

CHECKS: dict[str, Check] = {
    "change": lambda asked, change: _any_of("change", asked, [change.change]),
    "country": lambda asked, change: _any_of("country", asked, [_place(change, "country")]),
    "region": _region,
    "province": lambda asked, change: _any_of("province", asked, [_place(change, "admin1")]),
    "near": _near,
    "attack_type": lambda asked, change: _any_of("attack type", asked, change.snapshot.attack_types),
    "perpetrator": _perpetrator,
    "target": lambda asked, change: _any_of("target", asked, [target.type for target in change.snapshot.targets]),
    "killed_at_least": lambda asked, change: _toll("killed", asked, change.snapshot.killed),
    "injured_at_least": lambda asked, change: _toll("injured", asked, change.snapshot.injured),
    "sources_at_least": lambda asked, change: _number(
        "independent sources", asked, change.snapshot.independent_sources
    ),
    "score_at_least": lambda asked, change: _number("score", asked, change.snapshot.score),
    "status": lambda asked, change: _any_of("status", asked, [change.snapshot.status]),
    "language": lambda asked, change: _any_of("language", asked, change.snapshot.languages),
    "source": lambda asked, change: _any_of("source", asked, [report.source for report in change.snapshot.reports]),
}
