"""A client of the API for tests: the whole application in this process, with a key of a scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.api import keys
from services.api.access import RateLimit
from services.api.app import Options, create_app
from services.api.caller import Scope
from services.enricher.domain.linking.changes import link_article
from services.enricher.store import PostgresStore
from shared.contracts import ArticleEnriched
from shared.ids import uuid7
from tests.builders import NOON

UNLIMITED = RateLimit(per_second=1e6, burst=1_000_000)


@contextmanager
def api(engine: Engine, scope: Scope | None = "read", options: Options | None = None) -> Iterator[TestClient]:
    """`scope` None: without a key. Errors are answers, as over the wire."""
    with TestClient(create_app(engine, UNLIMITED, options), raise_server_exceptions=False) as client:
        if scope:
            client.headers["Authorization"] = f"Bearer {new_key(engine, scope)}"
        yield client


def new_key(engine: Engine, scope: Scope, name: str = "desk") -> str:
    with engine.begin() as connection:
        return keys.create(connection, name, scope)


def items(client: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def link(engine: Engine, *articles: ArticleEnriched) -> None:
    """Store articles and link them, as the stage does."""
    for article in articles:
        with engine.begin() as connection:
            link_article(article, article.published_at or NOON, PostgresStore(connection), uuid7)
