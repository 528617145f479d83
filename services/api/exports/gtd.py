"""CSV with the columns and codes of the Global Terrorism Database (GTD Codebook, START, 2021).

Empty: not known. As in GTD, `imonth` and `iday` are 0 where only the year or month is known. `eventid` is our own.
Beyond GTD: `nhours` is left out, `status`, `score`, `independent_sources` and `url` are added. A text that a
spreadsheet would take for a formula is led by an apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from services.api.exports import About, Event
from shared.codes import GTD_ATTACK_TYPE, GTD_TARGET_TYPE, GTD_WEAPON_TYPE, AttackType, TargetType, WeaponType

MEDIA_TYPE = "text/csv"

# GTD allows three attack types, targets and groups, and four weapons, in the order of weight.
_TYPES, _WEAPONS = 3, 4
# UCDP where_prec -> GTD specificity: 1 the town itself, 3 second-order division, 4 first-order division, 5 none of them
_SPECIFICITY = {1: 1, 2: 1, 3: 3, 4: 4, 5: 5, 6: 5, 7: 5}
_CLAIMED = {"claimed": 1, "suspected": 0, "blamed": 0, "denied": 0}
_UNCERTAIN = {"claimed": 0, "suspected": 1, "blamed": 0, "denied": 1}

COLUMNS = (
    "eventid", "iyear", "imonth", "iday", "approxdate", "country_txt", "provstate", "city", "latitude", "longitude",
    "specificity", "location", "suicide",
    *(name for n in range(1, _TYPES + 1) for name in (f"attacktype{n}", f"attacktype{n}_txt")),
    *(name for n in range(1, _TYPES + 1) for name in (f"targtype{n}", f"targtype{n}_txt", f"target{n}")),
    *(name for n in range(1, _TYPES + 1) for name in (f"gname{'' if n == 1 else n}", f"guncertain{n}")),
    "claimed",
    *(name for n in range(1, _WEAPONS + 1) for name in (f"weaptype{n}", f"weaptype{n}_txt")),
    "nkill", "nkillter", "nwound", "nwoundte", "ishostkid", "nhostkid", "related",
    "status", "score", "independent_sources", "url", "scite1", "scite2", "scite3",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(events: Iterable[Event], about: About) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    yield buffer.getvalue()
    for event in events:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row(event, about))
        yield buffer.getvalue()


def row(event: Event, about: About) -> dict[str, Any]:
    """Column -> value; what is left out or None is not known."""
    groups = event["perpetrators"][:_TYPES]
    cells: dict[str, Any] = {"eventid": event["event_id"], **_when(event), **_where(event), **_people(event)}
    cells |= _coded("attacktype", event["attack_types"][:_TYPES], GTD_ATTACK_TYPE, AttackType)
    targets = event["targets"][:_TYPES]
    cells |= _coded("targtype", [target["type"] for target in targets], GTD_TARGET_TYPE, TargetType)
    cells |= {f"target{n}": target["mention"] for n, target in enumerate(targets, 1)}
    weapons = list(dict.fromkeys(weapon["type"] for weapon in event["weapons"]))[:_WEAPONS]
    cells |= _coded("weaptype", weapons, GTD_WEAPON_TYPE, WeaponType)
    for n, who in enumerate(groups, 1):
        cells |= {f"gname{'' if n == 1 else n}": who["name"], f"guncertain{n}": _UNCERTAIN.get(who["claim"])}
    cells |= {
        "claimed": _CLAIMED.get(groups[0]["claim"]) if groups else None,
        "suicide": None if event.get("suicide") is None else int(event["suicide"]),
        "related": " ".join(event["related"]),
        "status": event["status"],
        "score": event["score"],
        "independent_sources": event["independent_sources"],
        "url": about.link(event),
    }
    cells |= {f"scite{n}": report["url"] for n, report in enumerate(event["reports"][:3], 1)}
    return {name: _safe(value) for name, value in cells.items()}


def _when(event: Event) -> dict[str, Any]:
    when = event.get("date")
    if not when:
        return {}
    start, end = when["start"], when["end"]
    if start == end:
        year, month, day = map(int, start.split("-"))
        return {"iyear": year, "imonth": month, "iday": day}
    same_month = start[:7] == end[:7]
    exact = {"iyear": int(start[:4]) if start[:4] == end[:4] else None, "imonth": int(start[5:7]) if same_month else 0}
    return exact | {"iday": 0, "approxdate": f"{start} to {end}"}


def _where(event: Event) -> dict[str, Any]:
    where = event.get("place")
    if not where:
        return {}
    return {
        "country_txt": where.get("country"),
        "provstate": where.get("admin1"),
        "city": where.get("locality"),
        "latitude": where.get("lat"),
        "longitude": where.get("lon"),
        "specificity": _SPECIFICITY[where["precision"]],
        "location": where["name"],
    }


def _people(event: Event) -> dict[str, Any]:
    killed, injured, hostages = (event.get(name) or {} for name in ("killed", "injured", "hostages"))
    taken = hostages.get("best")
    return {
        "nkill": killed.get("best"),
        "nkillter": killed.get("perpetrators"),
        "nwound": injured.get("best"),
        "nwoundte": injured.get("perpetrators"),
        "ishostkid": None if taken is None else int(taken > 0),
        "nhostkid": taken,
    }


def _coded(name: str, values: Sequence[str], numbers: Mapping[Any, int], kind: type) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for n, value in enumerate(values, 1):
        cells |= {f"{name}{n}": numbers[kind(value)], f"{name}{n}_txt": value}
    return cells


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
