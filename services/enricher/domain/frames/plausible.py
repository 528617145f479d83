"""A place that cannot be the attack's own: a name in a headline that a town in some other country happens to bear."""

from collections.abc import Sequence

from services.enricher.domain.frames.findings import Findings
from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.mention import Demonym, PlaceMention
from services.enricher.domain.who import groups
from shared.codes import WherePrecision
from shared.contracts import Perpetrator


def place(where: PlaceMention, by: Sequence[Perpetrator], found: Findings) -> PlaceMention:
    """ "Riverside attack: al-Shabaab ... sixteen Kenyans": not Riverside in California but somewhere in Kenya.

    Only for a town that the text itself never names, in a country where the group named does not strike, and if the
    text names people of one where it does.
    """
    active = {country for one in by if one.id in groups.groups() for country in groups.groups()[one.id].countries}
    if not active or where.country in active or where.kind != "city":
        return where
    if any(mention.name == where.name and not mention.in_title for mention in found.places):
        return where
    people = next((one for one in found.demonyms if one.country in active), None)
    return _country(people) if people else where


def _country(people: Demonym) -> PlaceMention:
    it = gazetteer.countries()[people.country]
    return PlaceMention(
        people.start, people.end, it.name, it.name, it.geonameid, it.lat, it.lon, it.country, None, None, it.kind,
        WherePrecision.COUNTRY, it.radius_km, people.in_title,
    )  # fmt: skip
