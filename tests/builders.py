"""Messages for tests, with the fewest words: only what a test is about is given."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.codes import ArticleKind, AttackType, ClaimMode, DatePrecision, WherePrecision
from shared.contracts import ArticleEnriched, Extraction, Frame, Perpetrator, Place, Toll, WhenRange

NOON = datetime(2023, 1, 30, 12, tzinfo=UTC)
PESHAWAR = Place(
    name="Peshawar", locality="Peshawar", country="PK", lat=34.008, lon=71.578, precision=WherePrecision.NEAR
)
QUETTA = Place(name="Quetta", locality="Quetta", country="PK", lat=30.187, lon=67.010, precision=WherePrecision.NEAR)


def day(text: str) -> WhenRange:
    moment = date.fromisoformat(text)
    return WhenRange(start=moment, end=moment, precision=DatePrecision.DAY)


def toll(best: int, perpetrators: int | None = None) -> Toll:
    return Toll(low=best, best=best, high=best, perpetrators=perpetrators)


def claimed_by(name: str, group: str | None = None) -> Perpetrator:
    return Perpetrator(name=name, id=group, kind="organisation", mention=name, claim=ClaimMode.CLAIMED)


def frame(**values: Any) -> Frame:
    defaults: dict[str, Any] = {
        "role": "reported",
        "attack_types": [AttackType.BOMBING_EXPLOSION],
        "place": PESHAWAR,
        "date": day("2023-01-30"),
    }
    return Frame(**defaults | values)


def enriched(
    name: str,
    *frames: Frame,
    kind: ArticleKind = ArticleKind.ATTACK_REPORT,
    published_at: datetime | None = NOON,
    score: float = 0.9,
    text: str | None = None,
    **article: Any,
) -> ArticleEnriched:
    """An article `name` whose outlet is the part before the first "/"; its text names the first frame's place."""
    town = frames[0].place.name if frames and frames[0].place else "town"
    text = (
        text
        or f"""A bomb tore through a crowded mosque in {town} during midday prayers, police and hospital officials
said. Rescue workers searched the rubble of the collapsed roof for survivors, and ambulances carried wounded worshippers
away."""
    )
    defaults: dict[str, Any] = {
        "article_id": uuid5(NAMESPACE_URL, name),
        "version": "1",
        "url": f"https://news.example/{name}",
        "feed_url": "https://news.example/feed",
        "source": name.split("/")[0],
        "fetched_at": published_at or NOON,
        "title": name,
        "language": "en",
    }
    extraction = Extraction(kind=kind, score=score, frames=list(frames), extractor="test")
    return ArticleEnriched(**defaults | article, text=text, published_at=published_at, extraction=extraction)
