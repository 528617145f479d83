"""Which place a name means: population, the country and province named beside it, and the company it keeps."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.enricher.domain.where import anchor
from services.enricher.domain.where.gazetteer import Candidate, Place
from services.enricher.domain.where.qualify import holds
from services.enricher.domain.where.words import Name

# Weights in units of log10(population); set once by hand, then checked on the toponym sets.
_KIND = {"country": 8.6, "continent": 8.5, "sea": 8.0, "region": 7.6, "landmark": 7.6, "neighbourhood": 7.4}
_HOME = 2.0  # the outlet's town counts as that many places named
_MOST = 60  # candidates of a name that are weighed, largest first

Weights = Mapping[object, float]


def resolve(
    names: Sequence[Name],
    hints: Mapping[str, float],
    home: Place | None = None,
    english: bool = True,
    title: int = 0,
) -> dict[int, Candidate]:
    """The likeliest place of each name, by index.

    `hints` weighs countries (ISO code) the article points to, `home` is the town of a local outlet, `title` says how
    many of the names stand in the title.

    A name means one place throughout, but where the text itself says otherwise ("Paris, Texas").
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        groups[name.key].append(index)
    options = {key: _options(names, members, english) for key, members in groups.items()}
    chances = {key: _chances(candidates, {}) for key, candidates in options.items()}
    for _ in range(3):
        company = _company(chances, home)
        chances = {
            key: _chances(candidates, {c: _support(c, company, chances[key], hints) for c in candidates})
            for key, candidates in options.items()
        }
    found: dict[int, Candidate] = {}
    for key, members in groups.items():
        for index in members:
            found[index] = _chosen(names, index, chances[key])
    if centre := anchor.find(names, found, home, hints, title):
        company = _company(chances, home)
        for index, name in enumerate(names):
            other = anchor.spot(name, found[index], centre, centre == home)
            if other and other[1] + _country(centre, company, hints) > (
                options[name.key].get(found[index], 0.0) + _support(found[index], company, chances[name.key], hints)
            ):
                found[index] = other[0]
    return found


def _country(place: Place, company: Weights, hints: Mapping[str, float]) -> float:
    """The support that a place has for its country alone."""
    return math.log1p(hints.get(place.country or "", 0.0)) * 0.9 + 0.5 * math.log1p(company.get(place.country, 0.0))


def _options(names: Sequence[Name], members: Sequence[int], english: bool) -> dict[Candidate, float]:
    """Candidates with their prior; those that a qualifier next to the name admits, where there is one."""
    weighed = {c: prior(c, english) for index in members for c in names[index].candidates}
    for index in members:
        weighed.update({c: weighed[c] + 6 for c in _qualified(names, index)})
        if unit := names[index].unit:
            weighed.update({c: weighed[c] + 2.5 for c in names[index].candidates if c.place.kind == unit})
    best = sorted(weighed, key=weighed.__getitem__, reverse=True)[:_MOST]
    return {c: weighed[c] for c in best}


def _qualified(names: Sequence[Name], index: int) -> list[Candidate]:
    qualifier = names[index].qualifier
    if qualifier is None:
        return []
    outer = names[qualifier].candidates
    return [c for c in names[index].candidates if any(holds(o.place, c.place) for o in outer)]


def prior(candidate: Candidate, english: bool = True) -> float:
    """How likely a name means this place when nothing else is known, on the scale of log10(population)."""
    place = candidate.place
    if place.kind in _KIND:
        score = _KIND[place.kind]
    elif place.population == 0 and place.geonameid is None:
        score = 7.5  # in the hand-kept table: well known
    else:
        score = math.log10(place.population + 10)
        if place.kind == "admin1":
            score += 0.5 if place.country == "US" else -0.6
        elif place.kind == "admin2":
            score -= 1.5
    if not candidate.alias:
        return score
    return score - (1.6 if english else 0.8)


def _chances(candidates: Mapping[Candidate, float], support: Mapping[Candidate, float]) -> dict[Candidate, float]:
    scores = {c: 2.0 * (prior_ + support.get(c, 0.0)) for c, prior_ in candidates.items()}
    top = max(scores.values())
    powers = {c: math.exp(max(score - top, -30)) for c, score in scores.items()}
    total = sum(powers.values())
    return {c: power / total for c, power in powers.items()}


def _keys(place: Place) -> list[tuple[object, float]]:
    """What places share that belong together: country, province, neighbourhood on a grid of one degree."""
    keys: list[tuple[object, float]] = [(place.country, 0.5)] if place.country else []
    if place.admin1:
        keys.append(((place.country, place.admin1), 1.0))
    if place.kind not in {"country", "continent", "sea"}:
        keys.append(((round(place.lat), round(place.lon)), 1.0))
    return keys


def _company(chances: Mapping[str, Mapping[Candidate, float]], home: Place | None) -> Weights:
    company: dict[object, float] = defaultdict(float)
    for key, _ in _keys(home) if home else ():
        company[key] += _HOME
    for candidates in chances.values():
        for candidate, chance in candidates.items():
            for key, _ in _keys(candidate.place):
                company[key] += chance
    return company


def _support(
    candidate: Candidate, company: Weights, own: Mapping[Candidate, float], hints: Mapping[str, float]
) -> float:
    place = candidate.place
    mine: dict[object, float] = defaultdict(float)
    for other, chance in own.items():
        for key, _ in _keys(other.place):
            mine[key] += chance
    score = math.log1p(hints.get(place.country or "", 0.0)) * 0.9
    for key, weight in _keys(place):
        score += weight * math.log1p(max(company.get(key, 0.0) - mine.get(key, 0.0), 0.0))
    if place.kind not in {"country", "continent", "sea"}:
        lat, lon = round(place.lat), round(place.lon)
        around = sum(
            max(company.get((lat + i, lon + j), 0.0) - mine.get((lat + i, lon + j), 0.0), 0.0)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if i or j
        )
        score += 0.6 * math.log1p(around)
    return score


def _chosen(names: Sequence[Name], index: int, chances: Mapping[Candidate, float]) -> Candidate:
    inside = [c for c in _qualified(names, index) if c in chances]
    if not inside and index and names[index - 1].qualifier == index:
        # New York in "Rochester, New York" is the state
        inner = names[index - 1].candidates
        inside = [c for c in chances if any(holds(c.place, i.place) for i in inner)]
    return max(inside or chances, key=chances.__getitem__)
