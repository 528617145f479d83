"""Feeds: what the fetcher polls. A feed is never deleted, for articles were found in it: disable it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import Field
from sqlalchemy import Connection, RowMapping

from services.api import configuration, store
from services.api.problems import responses
from services.api.reading import Reading
from services.api.schemas import FeedAnswer
from services.api.writing import ERRORS, Administering, Done, Write, etag
from services.fetcher.domain.listed import ListedFeed

router = APIRouter(prefix="/v1/feeds", tags=["feeds"])

FeedId = Annotated[int, Path(ge=1, le=2_147_483_647)]


class FeedBody(ListedFeed):
    """What people say of a feed. Outlets of one `owner` corroborate nothing; `country` is the outlet's."""

    enabled: bool = Field(True, description="true for one that was switched off: it is polled at once")


@router.get("/{feed_id}", response_model=FeedAnswer, responses=responses(404, 422))
def one_feed(read: Reading, feed_id: FeedId) -> Response:
    """With its health; the ETag is of what people say of it."""
    with read() as database:
        row = _find(database, feed_id)
    return _answer(row)


@router.post("", status_code=201, response_model=FeedAnswer, responses=ERRORS)
def add_feed(write: Administering, feed: FeedBody) -> Response:
    """It is polled at once. 409 where its address is there already."""

    def add(connection: Connection) -> Done:
        if known := configuration.feed_at(connection, feed.url):
            raise HTTPException(409, f"feed {known} has this address")
        return _saved(write, connection, configuration.add_feed(connection, feed.model_dump()), None)

    return write.run(add)


@router.put("/{feed_id}", response_model=FeedAnswer, responses=responses(404) | ERRORS)
def change_feed(write: Administering, feed_id: FeedId, feed: FeedBody) -> Response:
    """With If-Match."""

    def change(connection: Connection) -> Done:
        before = _find(connection, feed_id, changing=True)
        write.expect(etag(_said(before)))
        again = feed.enabled and not before["enabled"]
        configuration.change_feed(connection, feed_id, feed.model_dump(), again)
        return _saved(write, connection, feed_id, _said(before))

    return write.run(change)


def _saved(write: Write, connection: Connection, feed_id: int, before: FeedBody | None) -> Done:
    row = _find(connection, feed_id)
    after = _said(row)
    was = before.model_dump(mode="json") if before else None
    store.audit(connection, write.actor, "feed.put", str(feed_id), was, after.model_dump(mode="json"))
    answer = FeedAnswer.model_validate(row)
    return Done(answer, 200 if before else 201, etag(after), None if before else f"/v1/feeds/{feed_id}")


def _find(connection: Connection, feed_id: int, *, changing: bool = False) -> RowMapping:
    row = configuration.feed(connection, feed_id, changing=changing)
    if row is None:
        raise HTTPException(404, f"no feed has the id {feed_id}")
    return row


def _said(row: RowMapping) -> FeedBody:
    """As it is, valid or not: what a file said of a feed may be older than today's rules."""
    return FeedBody.model_construct(**{name: row[name] for name in FeedBody.model_fields})


def _answer(row: RowMapping) -> Response:
    body = FeedAnswer.model_validate(row).model_dump_json()
    return Response(body, headers={"ETag": etag(_said(row))}, media_type="application/json")
