"""The order of a feed's entries and their message times."""

from datetime import UTC, datetime, timedelta

from services.fetcher.domain.feeds import FeedEntry
from services.fetcher.domain.timeline import oldest_first

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return datetime(2024, 3, number, 12, tzinfo=UTC)


def entry(name: str, published: datetime | None = None) -> FeedEntry:
    return FeedEntry(name, f"https://example.org/{name}", name, published, False, None, None)


def published(entries: list[FeedEntry], before: datetime | None = None) -> list[tuple[str | None, datetime]]:
    return [(timed.entry.title, timed.time) for timed in oldest_first(entries, "published", NOW, before)]


def test_newest_first_or_oldest_first_it_comes_out_oldest_first() -> None:
    entries = [entry("c", day(3)), entry("b", day(2)), entry("a", day(1))]
    expected = [("a", day(1)), ("b", day(2)), ("c", day(3))]
    assert published(entries) == published(entries[::-1]) == expected


def test_without_a_date_it_has_the_time_of_the_one_before() -> None:
    assert published([entry("c"), entry("b", day(2)), entry("a", day(1))]) == [
        ("a", day(1)),
        ("b", day(2)),
        ("c", day(2)),
    ]


def test_the_first_without_a_date() -> None:
    entries = [entry("b", day(2)), entry("a")]
    assert published(entries, before=day(1)) == [("a", day(1)), ("b", day(2))]
    assert published(entries) == [("a", day(2)), ("b", day(2))]
    assert published([entry("a")]) == [("a", NOW)]


def test_a_date_in_the_future_is_none() -> None:
    assert published([entry("b", NOW + timedelta(days=9)), entry("a", day(1))]) == [("a", day(1)), ("b", day(1))]


def test_by_the_wall() -> None:
    timed = oldest_first([entry("b", day(2)), entry("a", day(1))], "wall", NOW)
    assert [(each.entry.title, each.time) for each in timed] == [("a", NOW), ("b", NOW)]


def test_nothing() -> None:
    assert oldest_first([], "published", NOW) == []
