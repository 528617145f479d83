"""A made-up world of attacks for benchmarks: real towns and groups, made-up attacks, the same for the same seed.

Countries, towns, groups, types, targets, outlets and tolls are as unequal as in the real world (Zipf), groups come and
go, attacks grow by a tenth a year. The ids of articles and reports rise with time, which loads quickly; real ones do
not.
"""

import gzip
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.enricher.domain.where.gazetteer import LEXICON, rows
from shared.codes import ArticleKind, AttackType, ClaimMode, DatePrecision, EventStatus, TargetType, WeaponType

YEARS = 10
LAST_DAY = date(2024, 12, 31)
TOWNS_PER_COUNTRY = 60
GROUPS = 150
OUTLETS = 400
PHRASES = 5_000
_VOCABULARY = """
attack attackers police officials said killed wounded blast gunmen explosive device convoy market mosque school
checkpoint station hospital border district morning evening night residents witnesses vehicle motorcycle suicide
bomber soldiers civilians families investigation responsibility claimed militants security forces area cordoned
rescue workers emergency condemned minister governor spokesman bridge pipeline railway church temple bus crowd
festival election candidate journalist teacher aid worker embassy tourists hotel airport port factory mine
"""
_RARE_WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u") for c in
              ("ral", "min", "sok", "tev", "nar", "lim", "dun", "gor", "pal", "zen")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Town:
    name: str
    country: str
    admin1: str | None
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    country: str
    first: date
    last: date


@dataclass(slots=True)
class Attack:
    """An event with its reports: rows for the tables, JSON columns as plain values."""

    id: UUID
    row: dict[str, Any]
    reports: list[dict[str, Any]] = field(default_factory=list)  # ReportRecord


class Skewed:
    """Draws the n-th of its values with a weight of 1/n."""

    def __init__(self, values: Sequence[Any], power: float = 1.0) -> None:
        self._values = values
        self._weights = list(itertools.accumulate(1 / n**power for n in range(1, len(values) + 1)))

    def draw(self, dice: random.Random) -> Any:
        return dice.choices(self._values, cum_weights=self._weights)[0]


class World:
    def __init__(self, seed: int = 1) -> None:
        dice = random.Random(seed)
        self.towns = _towns(dice)
        self.countries = Skewed(list(self.towns))
        self.groups = _groups(dice, list(self.towns))
        self.types = Skewed([kind.value for kind in AttackType])
        self.targets = Skewed([kind.value for kind in TargetType])
        self.weapons = Skewed([kind.value for kind in WeaponType])
        self.outlets = Skewed([f"outlet-{n:03}" for n in range(OUTLETS)])
        self.languages = Skewed(["en", "es", "fr", "ar", "ur", "ru", "de", "tr", "pt", "id"])
        words = Skewed(_VOCABULARY.split(), 0.7)
        self.phrases = [tuple(words.draw(dice) for _ in range(20)) for _ in range(PHRASES)]

    def attacks(self, count: int, reports_per_event: int, fingerprints: bool, seed: int) -> Iterator[Attack]:
        """In the order of their time; about `reports_per_event` reports each, exactly so in total."""
        dice = random.Random(seed)
        owed = 0.0
        for number, at in enumerate(_times(count)):
            owed += reports_per_event
            wanted = max(1, min(int(dice.expovariate(1 / reports_per_event)) + 1, int(owed) + 20))
            if number == count - 1:
                wanted = max(1, round(owed))
            owed -= wanted
            yield self._attack(dice, number, at, wanted, fingerprints)

    def later(self, per_day: float, seed: int, reports_per_event: int = 3) -> Iterator[Attack]:
        """Attacks after those of `attacks`, without an end; their articles are others for another seed."""
        dice = random.Random(seed)
        at = datetime.combine(LAST_DAY, datetime.min.time(), UTC)
        for number in itertools.count((seed % 2**20) << 12):
            at += timedelta(days=dice.expovariate(per_day))
            yield self._attack(dice, number, at, 1 + int(dice.expovariate(1 / reports_per_event)), fingerprints=False)

    def _attack(self, dice: random.Random, number: int, at: datetime, reports: int, fingerprints: bool) -> Attack:
        country = self.countries.draw(dice)
        town: Town = self.towns[country].draw(dice)
        located = dice.random() < 0.95
        place = _place(town, dice) if located else None
        group = self._group(dice, country, at.date())
        kinds = [self.types.draw(dice)] + ([self.types.draw(dice)] if dice.random() < 0.1 else [])
        happened = _when(dice, at.date())
        frame = {
            "role": "reported",
            "attack_types": list(dict.fromkeys(kinds)),
            "date": happened,
            "place": place,
            "perpetrators": [_perpetrator(group)] if group else [],
            "targets": [{"type": self.targets.draw(dice), "mention": "a crowd"}],
            "weapons": [{"type": self.weapons.draw(dice), "mention": "it"}] if dice.random() < 0.8 else [],
        }
        killed, injured = _toll(dice, 2.0), _toll(dice, 4.0)
        attack = Attack(_uuid7(at, dice), {})
        for index in range(reports):
            said = at + timedelta(hours=dice.expovariate(0.2) if index else dice.uniform(0.5, 6))
            told = frame | {"killed": _said(killed, dice, index), "injured": _said(injured, dice, index)}
            attack.reports.append(self._report(dice, number, index, said, town, told, fingerprints))
        attack.reports.sort(key=lambda report: str(report["published_at"]))
        attack.row = self._row(dice, attack, frame, killed, injured)
        return attack

    def _group(self, dice: random.Random, country: str, day: date) -> Group | None:
        for _ in range(4):
            group: Group = self.groups.draw(dice)
            if group.first <= day <= group.last and (group.country == country or dice.random() < 0.3):
                return group
        return None

    def _report(
        self, dice: random.Random, number: int, index: int, said: datetime, town: Town, frame: Any, prints: bool
    ) -> dict[str, Any]:
        words = dice.choice(self.phrases)
        source, key = self.outlets.draw(dice), number << 12 | index
        said_at = said.isoformat()
        return {
            "report_id": str(_rising(key, 2)),
            "article_id": str(_rising(key, 1)),
            "version": "1",
            "frame_index": 0,
            "url": f"https://{source}.example/{said:%Y/%m/%d}/{number}-{index}.html",
            "title": f"{words[0].title()} in {town.name}: {' '.join(words[1:6])} {dice.choice(_RARE_WORDS)}",
            "source": source,
            "owner": None,
            "wire": "AFP" if dice.random() < 0.2 else None,
            "language": self.languages.draw(dice),
            "kind": ArticleKind.ATTACK_REPORT.value,
            "score": round(dice.betavariate(8, 1.5), 3),
            "published_at": said_at,
            "fetched_at": said_at,
            "message_time": said_at,
            "backfill": False,
            "frame": frame,
            "sentence": f"{' '.join(words[6:]).capitalize()} in {town.name} {dice.choice(_RARE_WORDS)}.",
            "names": [],
            "terms": sorted({word for word in words if len(word) > 3}),
            "mentions": [[round(town.lat, 2), round(town.lon, 2)]],
            "fingerprint": [dice.getrandbits(32) for _ in range(128)] if prints else [],
            "extractor": "world",
        }

    def _row(
        self, dice: random.Random, attack: Attack, frame: dict[str, Any], killed: int | None, injured: int | None
    ) -> dict[str, Any]:
        reports, place, happened = attack.reports, frame["place"], frame["date"]
        status = dice.choices(list(EventStatus), (40, 50, 5, 1, 2, 2))[0].value
        origins = len({report["wire"] or report["source"] for report in reports})
        snapshot = {
            "event_id": str(attack.id),
            "revision": 1,
            "status": status,
            **{name: value for name, value in frame.items() if name != "role"},
            "victims": [],
            "killed": _toll_of(killed),
            "injured": _toll_of(injured),
            "hostages": None,
            "suicide": None,
            "score": max(report["score"] for report in reports),
            "independent_sources": origins,
            "languages": sorted({report["language"] for report in reports}),
            "reports": [{name: report[name] for name in _BRIEF} for report in reversed(reports[-10:])],
            "related": [],
            "first_reported_at": reports[0]["published_at"],
            "last_reported_at": reports[-1]["published_at"],
        }
        return {
            "revision": 1,
            "status": status,
            "alertable": dice.random() < 0.9,
            **{name: place[name] if place else None for name in ("country", "admin1", "locality", "lat", "lon")},
            "place_precision": place["precision"] if place else None,
            "date_start": happened["start"] if happened else None,
            "date_end": happened["end"] if happened else None,
            "attack_types": frame["attack_types"],
            "perpetrators": [who["id"] or who["name"] for who in frame["perpetrators"]],
            "killed": killed,
            "injured": injured,
            **{name: snapshot[name] for name in ("independent_sources", "score", "first_reported_at")},
            "last_reported_at": snapshot["last_reported_at"],
            "snapshot": snapshot,
        }


_BRIEF = ("report_id", "article_id", "url", "title", "source", "owner", "wire", "published_at", "language", "sentence")


def _towns(dice: random.Random) -> dict[str, Skewed]:
    """The largest towns of every country that has enough of them."""
    provinces: dict[tuple[str, str], str] = {}
    towns: dict[str, list[tuple[int, str, str, Town]]] = {}
    lines = gzip.decompress((LEXICON / "gazetteer_places.tsv.gz").read_bytes()).decode().splitlines()
    for identity, name, lat, lon, country, admin1, kind, population, _ in (line.split("\t") for line in lines):
        if kind == "admin1":
            provinces[country, admin1] = name
        elif kind == "city" and int(population or 0) > 20_000:
            town = Town(name, country, provinces.get((country, admin1)), float(lat), float(lon))
            towns.setdefault(country, []).append((-int(population), name, identity, town))
    many = {country: sorted(found)[:TOWNS_PER_COUNTRY] for country, found in towns.items() if len(found) >= 10}
    order = sorted(many)
    dice.shuffle(order)
    return {country: Skewed([town for *_, town in many[country]]) for country in order}


def _groups(dice: random.Random, countries: Sequence[str]) -> Skewed:
    """Groups by their names in the lexicon, each with a home and a time in which it is active."""
    home, found = Skewed(countries), []
    for name, *_ in itertools.islice(rows("groups.tsv"), GROUPS):
        first = LAST_DAY - timedelta(days=dice.randrange(365 * YEARS))
        last = first + timedelta(days=dice.randrange(200, 365 * 6))
        always = dice.random() < 0.5
        found.append(Group(name, home.draw(dice), date.min if always else first, date.max if always else last))
    return Skewed(found)


def _times(count: int) -> Iterator[datetime]:
    """Rising times over `YEARS`, growing by a tenth a year."""
    first = datetime(LAST_DAY.year - YEARS + 1, 1, 1, tzinfo=UTC)
    total = timedelta(days=(LAST_DAY - first.date()).days)
    for number in range(count):
        share = (number + 0.5) / count
        yield first + total * ((2.6 * share + 1) ** 0.5 - 1) / (3.6**0.5 - 1)


def _uuid7(at: datetime, dice: random.Random) -> UUID:
    value = int(at.timestamp() * 1000) << 80 | dice.getrandbits(80)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def _rising(number: int, kind: int) -> UUID:
    return UUID(int=number << 80 | kind, version=5)


def _place(town: Town, dice: random.Random) -> dict[str, Any]:
    precision = dice.choices((1, 2, 3, 4, 6), (30, 45, 10, 10, 5))[0]
    return {
        "name": town.name,
        "locality": town.name if precision <= 2 else None,
        "admin1": town.admin1,
        "country": town.country,
        "lat": round(town.lat + dice.gauss(0, 0.05), 4),
        "lon": round(max(-180, min(180, town.lon + dice.gauss(0, 0.05))), 4),
        "precision": precision,
        "geonameid": None,
        "radius_km": {1: 1.0, 2: 10.0, 3: 40.0, 4: 150.0, 6: 600.0}[precision],
    }


def _perpetrator(group: Group) -> dict[str, Any]:
    claim = ClaimMode.SUSPECTED.value
    return {
        "name": group.name,
        "id": group.name.lower().replace(" ", "-"),
        "kind": "organisation",
        "mention": group.name,
        "claim": claim,
    }


def _when(dice: random.Random, day: date) -> dict[str, Any] | None:
    drawn = dice.random()
    if drawn < 0.03:
        return None
    start = day - timedelta(days=1 if dice.random() < 0.3 else 0)
    if drawn < 0.1:
        month = day.replace(day=1)
        end = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return {"start": month.isoformat(), "end": end.isoformat(), "precision": DatePrecision.MONTH.value}
    return {"start": start.isoformat(), "end": start.isoformat(), "precision": DatePrecision.DAY.value}


def _toll(dice: random.Random, mean: float) -> int | None:
    drawn = dice.random()
    if drawn < 0.15:
        return None
    return 0 if drawn < 0.45 else int(dice.paretovariate(1.5) * mean / 2)


def _said(toll: int | None, dice: random.Random, index: int) -> dict[str, Any] | None:
    if toll is None:
        return None
    return _toll_of(max(0, toll - dice.randrange(3)) if index == 0 else toll)


def _toll_of(toll: int | None) -> dict[str, Any] | None:
    return None if toll is None else {"low": toll, "best": toll, "high": toll, "perpetrators": None}
