"""The archive and its expected answers fit together."""

import json
from collections import Counter

from shared.codes import ArticleKind, AttackType, ClaimMode
from tests.newsroom.stories import ARCHIVE, instant, read_stories

STORIES = {story.id: story for story in read_stories()}
ORDER = [json.loads(line)["id"] for line in ARCHIVE.read_text().splitlines()]
EXPECTED = [json.loads(line) for line in ARCHIVE.with_name("expected.jsonl").read_text().splitlines()]
EVENTS = json.loads(ARCHIVE.with_name("events.json").read_text())


def test_every_article_has_one_expected_answer() -> None:
    assert [row["id"] for row in EXPECTED] == ORDER
    assert len(STORIES) == len(EXPECTED) >= 60


def test_kinds_and_events_agree() -> None:
    for row in EXPECTED:
        reports = row["kind"] in (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP)
        assert reports == (row["event"] is not None), row["id"]
        assert row["event"] is None or row["event"] in EVENTS
    assert {row["event"] for row in EXPECTED} - {None} == EVENTS.keys()
    assert sum(row["event"] is None for row in EXPECTED) >= 25


def test_alerting_events_are_fresh_in_their_first_article() -> None:
    first = {row["event"]: STORIES[row["id"]] for row in reversed(EXPECTED)}
    for slug, event in EVENTS.items():
        time = instant(event["date"])
        assert time is not None
        age = (first[slug].time - time).total_seconds() / 86400
        assert (age < 7) == event["alert"], slug


def test_events_speak_the_code_lists() -> None:
    for event in EVENTS.values():
        assert {AttackType(name) for name in event["attack_types"]}
        assert all(ClaimMode(perpetrator["claim"]) for perpetrator in event["perpetrators"])
        assert -90 <= event["lat"] <= 90
        assert -180 <= event["lon"] <= 180


def test_final_toll_is_one_that_an_article_gives() -> None:
    for slug, event in EVENTS.items():
        for field in ("killed", "perpetrators_killed", "injured"):
            said = {row[field] for row in EXPECTED if row["event"] == slug}
            assert event[field] in said | {None}, (slug, field)


def test_the_archive_has_what_a_newsroom_throws_at_a_pipeline() -> None:
    texts = Counter(story.text for story in STORIES.values())
    assert sum(count > 1 for count in texts.values()) >= 4, "wire copies"
    assert any(story.title is None for story in STORIES.values())
    assert any(story.published_at is None for story in STORIES.values())
    assert any(len(story.published_at or "") == 10 for story in STORIES.values()), "a bare day"
    assert {story.language for story in STORIES.values()} >= {"en", "fr", "de", "es", "ar", "ru"}
    assert len({story.source for story in STORIES.values()}) >= 10


def test_archive_is_in_order_of_time() -> None:
    assert list(STORIES) == ORDER
