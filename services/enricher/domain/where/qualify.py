"""What a text itself says about where a place lies: "Gary, Ind.", "Paris, Texas", "Lahore in Pakistan"."""

import re
from functools import cache

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import Candidate, Place, normal
from services.enricher.domain.where.words import Name, words

_SHORT = re.compile(r"(?:,|,? \()\s?((?:[A-Z]\.\s?){2}|[A-Z][A-Za-z]{1,4}\.|[A-Z]{2,3}(?![\w-])|W\.\s?Va\.|Qld(?!\w))")
_LINK = re.compile(r",\s+|,? \(|\s+in\s+|\s+in the\s+|,?\s+of\s+|,\s+in\s+(?:the\s+)?")
_DIVISION = re.compile(r" ([A-Za-z]+)\b\.?")
_TOWN_OF = re.compile(r"(?:['’]s)?(?: \w+){0,2} (?:city|town|village|district|province) of ")
_RANKS = {"country": 3, "admin1": 2, "region": 2, "admin2": 1}
# Two letters and a dot that are rather something else than a state
_NO_STATES = frozenset({"Ms.", "De.", "Al.", "St.", "Me.", "Or.", "Co.", "In.", "Oh."})


def qualify(text: str, names: list[Name]) -> list[Name]:
    """Link each name to the state or country that follows it; short forms (Ind., TX) become names of their own."""
    found: list[Name] = []
    for name in names:
        if found and name.start < found[-1].end:
            continue
        found.append(name)
        if short := _short_form(text, name):
            found.append(short)
    for index, name in enumerate(found[:-1]):
        outer = found[index + 1]
        _place_unknown(text, name, outer)
        if _LINK.fullmatch(text[_end(text, name) : outer.start][:12]) and any(
            holds(o.place, i.place) for o in outer.candidates for i in name.candidates
        ):
            name.qualifier, name.strong = index + 1, True
        elif _TOWN_OF.fullmatch(text[name.end : outer.start][:40]) and any(
            holds(i.place, o.place) for o in outer.candidates for i in name.candidates
        ):
            outer.qualifier, outer.strong = index, True  # "Iraq's northern city of Mosul"
    return found


def _end(text: str, name: Name) -> int:
    """Where a name ends with the kind of division that follows it: "Hamilton Township", "Shangla district"."""
    division = _DIVISION.match(text, name.end)
    return division.end() if division and division[1].lower() in words("divisions") else name.end


def _short_form(text: str, name: Name) -> Name | None:
    match = _SHORT.match(text, _end(text, name))
    state = _state(match[1]) if match else None
    if match is None or state is None or any(c.place.kind == "country" for c in name.candidates):
        return None
    if not any(c.place.country == state.country and c.place.admin1 == state.admin1 for c in name.candidates):
        name.candidates = [_somewhere_in(state, name)]
    return Name(*match.span(1), match[1], normal(match[1]), [Candidate(state, False)], strong=True)


def _place_unknown(text: str, name: Name, outer: Name) -> None:
    """ "Palo Verde, Arizona": where no small place of that name is on file there, it is still in Arizona."""
    sure = [c.place for c in outer.candidates if c.place.kind in {"country", "admin1"} and not c.alias]
    listed = re.match(r",? and |, [A-Z]", text[outer.end : outer.end + 6])
    end = _end(text, name)
    small = text[name.end : end].strip(" .").lower() in words("small_divisions")  # the gazetteer has no townships
    known = name.notable() and not small
    if len(sure) != 1 or text[end : outer.start] != ", " or listed or known or name.qualifier is not None:
        return
    if not any(holds(sure[0], c.place) for c in name.candidates):
        name.candidates = [_somewhere_in(sure[0], name)]


def _somewhere_in(outer: Place, name: Name) -> Candidate:
    """A town the gazetteer lacks: the middle of the state or country stands for it."""
    return Candidate(outer._replace(geonameid=None, name=name.text, kind="locality", population=0), False)


def _state(form: str) -> Place | None:
    """The state of a short form: Ind., IN, or Tx. as some papers have it."""
    plain = form.replace(". ", ".")
    if state := _short_forms().get(plain):
        return state
    return _short_forms().get(plain[:2].upper()) if len(plain) == 3 and plain not in _NO_STATES else None


@cache
def _short_forms() -> dict[str, Place]:
    rows = gazetteer.rows("abbreviations.tsv")
    return {form: place for form, country, code in rows if (place := gazetteer.division(country, code))}


def holds(outer: Place, inner: Place) -> bool:
    """Whether a country, province, district or region has the other place within it."""
    if _RANKS.get(outer.kind, 0) <= _RANKS.get(inner.kind, 0) or (outer.country and outer.country != inner.country):
        return False
    if outer.kind == "country":
        return True
    if outer.kind == "admin1" and outer.admin1 and inner.admin1 and outer.country:
        return outer.admin1 == inner.admin1
    return gazetteer.kilometres(outer, inner) <= outer.radius_km * 1.3 + 20
