"""What the place finder gives: places and nationalities named, with the spans that name them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named at text[start:end] (of the title where `in_title`), and what it means.

    `kind`: country, admin1, admin2, city, neighbourhood, landmark, region, continent, sea. `country` is ISO 3166-1
    alpha-2, `admin1` and `locality` are names. `precision` is UCDP where_prec (1-7) of an event "at this place",
    `radius_km` how far from the point it may be. `part`: the name is part of a longer one ("Memphis Police");
    `masthead`: it stands in the outlet's own name behind a title ("Two shot - WXYZ Memphis News").
    """

    start: int
    end: int
    text: str
    name: str
    geonameid: int | None
    lat: float
    lon: float
    country: str | None
    admin1: str | None
    locality: str | None
    kind: str
    precision: int
    radius_km: float
    in_title: bool = False
    part: bool = False
    masthead: bool = False


@dataclass(frozen=True, slots=True)
class Demonym:
    """A nationality at text[start:end] and its country."""

    start: int
    end: int
    country: str
    in_title: bool = False
