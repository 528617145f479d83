"""Names that the gazetteer lacks, or knows elsewhere alone: quarters, shops and hamlets of the article's own town.

"Five people were shot in Overtown", a Miami paper writes, and the one Overtown on file lies in Scotland. So each name
may also mean some spot in the article's own town, which stands for it, with a radius; where no town is named, some spot
in its state or country.
"""

import math
from collections.abc import Collection, Mapping, Sequence

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import Candidate, Place, kilometres
from services.enricher.domain.where.words import Name

FAR = 161.0  # kilometres: a place nearer than this to the article's town is believed as it stands
_TOWNS = frozenset({"city", "neighbourhood"})
_KNOWN = 100_000  # people: a name that so many live under is seldom another place's
_HOME = 1.2  # the outlet's own town counts as that many mentions, and each mention of it twice
_LEAST_RADIUS = 10.0  # kilometres: how far from the middle of a town what belongs to it may lie

# How likely a name means such a spot, as the logarithm of the people that a town must have to be as likely
_UNKNOWN = 3.9
_LOCAL = 4.9  # a local outlet's own town: its readers know the quarters
_QUARTER = 3.0  # "the Austin neighborhood"
_PART = 2.0  # "Lexington Park Apartments", but not "Lexington Police"
_OUTSIDE = 3.9  # where only a state or country is known


def find(
    names: Sequence[Name], meant: Mapping[int, Candidate], home: Place | None, hints: Mapping[str, float], title: int
) -> Place | None:
    """The town that an article is about: named most, of names that are no part of others, the larger the likelier.

    `meant`: the place of each name so far, by index; `title`: how many of the names stand in the title, where they
    count twice. Small towns abroad, or far from a local outlet's own, do not count. Where no town is named, it is the
    one country that is.
    """
    codes = {meant[i].place.country for i in range(len(names)) if _says_country(meant[i].place)} | {*hints}
    votes: dict[Place, float] = {home: _HOME} if home else {}
    for index, name in enumerate(names):
        place = meant[index].place
        inside = place.population >= _KNOWN or name.qualifier is not None or _near_home(place, home, codes)
        if place == home or (place.kind in _TOWNS and inside and _names_a_town(name)):
            weight = 0.5 if name.masthead else 2.0 if index < title else 1.0
            votes[place] = votes.get(place, 0) + weight + (place == home)
    if votes:
        return max(votes, key=lambda place: votes[place] * _size(place))
    return gazetteer.countries().get(codes.pop() or "") if len(codes) == 1 else None


def _near_home(place: Place, home: Place | None, codes: Collection[str | None]) -> bool:
    if home:
        return (place.country, place.admin1) == (home.country, home.admin1) or kilometres(place, home) <= FAR
    return not codes or place.country in codes


def _says_country(place: Place) -> bool:
    return place.kind == "country" or (place.kind in {"admin1", "admin2"} and place.population >= _KNOWN)


def _size(place: Place) -> float:
    """Orders of magnitude above a thousand people; what is in the hand-kept table is well known."""
    return math.log10(max(place.population, 2_000) / 1_000) if place.population else 3.0


def _names_a_town(name: Name) -> bool:
    return not name.quarter and (name.civic or not name.part)


def spot(name: Name, chosen: Candidate, anchor: Place, local: bool) -> tuple[Candidate, float] | None:
    """What else the name may mean, and how likely that is on the scale of `resolve.prior`; null where nothing else."""
    place = chosen.place
    if name.qualifier is not None or name.unit or place.kind not in {*_TOWNS, "landmark"} or place.geonameid is None:
        return None
    if place.country == anchor.country if anchor.kind not in _TOWNS else kilometres(place, anchor) <= FAR:
        return None
    likely = (_LOCAL if local else _UNKNOWN) if anchor.kind in _TOWNS else _OUTSIDE
    likely += _QUARTER * name.quarter + _PART * (name.part and not name.civic)
    return Candidate(_within(anchor, name), False), likely


def _within(anchor: Place, name: Name) -> Place:
    if anchor.kind in _TOWNS:
        return anchor._replace(kind="neighbourhood", radius_km=max(anchor.radius_km, _LEAST_RADIUS))
    return anchor._replace(geonameid=None, name=name.text, kind="locality", population=0)
