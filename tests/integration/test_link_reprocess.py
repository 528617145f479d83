"""A range of time through a new extractor, in a shadow epoch, on real Postgres: what would change, and promoting it."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from services.enricher import model, reprocess
from services.enricher.domain.linking.review import Review
from services.enricher.service import read_article
from services.enricher.store import PostgresStore, apply_review
from services.enricher.store.epochs import Range
from shared.contracts import ArticleEnriched, EventChanged
from shared.database.tables import Event, Outbox, ShadowArticle, StoredArticle
from tests.integration.test_link_again import ARCHIVE, through_service

ALL = Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NOW = datetime(2025, 1, 1, tzinfo=UTC)
ARTICLES = 24


def as_read_before() -> list[ArticleEnriched]:
    """The archive's first articles as a worse extractor read them: a toll too high, an attack missed."""
    weights, articles = model.load(), []
    for number, line in enumerate(ARCHIVE.read_text(encoding="utf-8").splitlines()[:ARTICLES]):
        article = read_article(json.loads(line), weights)
        frames = []
        for frame in article.extraction.frames:
            worse = frame.killed and frame.killed.model_copy(update={"best": frame.killed.best + 100, "high": None})
            frames.append(frame.model_copy(update={"killed": worse}))
        old: dict[str, Any] = {"extractor": "old", "frames": frames}
        if number % 8 == 0:
            old |= {"kind": "other", "frames": []}
        extraction = article.extraction.model_copy(update=old)
        articles.append(article.model_copy(update={"extraction": extraction}))
    return articles


def sent(engine: Engine) -> list[EventChanged]:
    with engine.connect() as connection:
        return [EventChanged.model_validate_json(value) for value in connection.scalars(select(Outbox.value))]


def killed(engine: Engine) -> dict[Any, int | None]:
    with engine.connect() as connection:
        return {row.id: row.killed for row in connection.execute(select(Event.id, Event.killed))}


def test_a_shadow_epoch_tells_what_would_change_and_changes_nothing(engine: Engine) -> None:
    through_service(engine, as_read_before())
    before = killed(engine)
    epoch, found = reprocess.run(engine, model.load(), ALL)
    assert epoch == 1
    assert any("killed" in fields for fields in found.changing.values())
    assert killed(engine) == before
    assert sent(engine) == []
    text = "\n".join(reprocess.describe(found))
    assert "changing" in text.splitlines()[0]
    assert "killed: 1" in text


def test_promoting_alerts_nobody_keeps_ids_and_a_persons_word(engine: Engine) -> None:
    through_service(engine, as_read_before())
    epoch, found = reprocess.run(engine, model.load(), ALL)
    corrected = next(event for event, fields in found.changing.items() if "killed" in fields)
    with engine.begin() as connection:
        known = PostgresStore(connection).event(corrected)
        assert known is not None
        asked = {"action": "correct", "event_id": corrected, "field": "killed", "value": 7, "by": "ana", "reason": "x"}
        review = Review.model_validate(asked | {"expected_revision": known.snapshot.revision})
        apply_review(connection, review, NOW)
    before = killed(engine)
    reprocess.promote(engine, epoch, NOW)
    after = killed(engine)
    assert before.keys() <= after.keys()
    assert after[corrected] == 7
    assert all(toll is None or toll < 100 for toll in after.values())
    changes = sent(engine)[1:]  # the first is the review's
    assert changes
    assert {(change.alertable, change.not_alertable) for change in changes} == {(False, "epoch")}
    again, unchanged = reprocess.run(engine, model.load(), ALL)
    assert again == 1, "a promoted epoch is gone"
    assert (unchanged.appearing, unchanged.vanishing, unchanged.changing) == ([], [], {})
    assert unchanged.same > 0


def test_promoting_brings_the_articles_up_to_date_but_not_those_with_a_newer_version(engine: Engine) -> None:
    before = as_read_before()
    through_service(engine, before)
    epoch, _ = reprocess.run(engine, model.load(), ALL)
    newer = before[1].model_copy(update={"version": "newer", "fetched_at": before[1].fetched_at + timedelta(days=1)})
    through_service(engine, [newer])
    reprocess.promote(engine, epoch, NOW)
    with engine.connect() as connection:
        stored = {row.id: row for row in connection.execute(select(StoredArticle.__table__))}
        assert connection.scalar(select(func.count()).select_from(ShadowArticle)) == 0
    assert stored[newer.article_id].extraction["extractor"] == "old"
    missed = before[0].article_id
    assert before[0].extraction.kind == "other"
    assert (stored[missed].kind, stored[missed].extraction["kind"]) == ("attack_report", "attack_report")
    assert [row.id for row in stored.values() if row.extraction["extractor"] == "old"] == [newer.article_id]


def test_a_range_in_which_nothing_happened_leaves_nothing(engine: Engine) -> None:
    nothing = as_read_before()[0]
    quiet = nothing.model_copy(update={"title": "Rain", "text": "It rained all day, and the harvest was late."})
    through_service(engine, [quiet])
    assert reprocess.run(engine, model.load(), ALL)[0] == 0
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ShadowArticle)) == 0


def test_there_must_be_such_an_epoch(engine: Engine) -> None:
    with pytest.raises(LookupError, match="no shadow epoch 9"):
        reprocess.promote(engine, 9, NOW)


def test_the_command_says_what_it_needs() -> None:
    done = subprocess.run([sys.executable, "-m", "services.enricher", "reprocess"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--since and --until, or --promote" in done.stderr
