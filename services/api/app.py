"""The application: its routes by what they need, what holds for every request, and its chores."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
from fastapi import Depends, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.api import document, problems, reading
from services.api.access import Known, RateLimit, needs
from services.api.chores import housekeeping
from services.api.event_stream import LIFETIME_SECONDS
from services.api.middleware import Every
from services.api.oidc import Provider
from services.api.routes import (
    articles,
    audit,
    changes,
    codes,
    destinations,
    events,
    exports,
    feeds,
    links,
    operations,
    reviews,
    rules,
    silences,
    slack,
    sources,
    statistics,
)
from services.api.tail import Tail

DESCRIPTION = """Attacks as the world's news reports them: one event for one attack, every value with its source.

Programs give an API key (`python -m services.api key create --name NAME --scope read`) as `Authorization: Bearer ...`.
Errors are `application/problem+json`. Contracts under `/v1` only grow; what would break a reader comes as `/v2`."""

Chore = Callable[[], Coroutine[None, None, None]]  # runs until it is cancelled

# For scope read, and whatever more a route asks for itself.
KEYED = (
    events,
    articles,
    statistics,
    exports,
    sources,
    codes,
    operations,
    changes,
    reviews,
    rules,
    destinations,
    silences,
    feeds,
    audit,
)
OPEN = (links, slack)  # no key: each of these routes checks a signature


@dataclass(frozen=True)
class Options:
    """What a deployment may switch on. Secrets are here, never in a log or an answer."""

    provider: Provider | None = None  # whose bearer tokens are taken besides API keys
    origins: Sequence[str] = ()  # web pages that browsers let call us (CORS); none: closed
    most_listeners: int = 2_000  # clients that wait or listen at once in this process
    link_key: str = field(default="", repr=False)  # signs the links in messages; empty: there are none
    slack_secret: str = field(default="", repr=False)  # with which Slack signs what it sends; empty: nothing is taken
    slack_answers: str = slack.SLACK  # where Slack wants to be told what came of a button
    stream_seconds: float = LIFETIME_SECONDS  # then a client that listens has to come again


def create_app(engine: Engine, rate_limit: RateLimit, options: Options | None = None) -> FastAPI:
    options = options or Options()
    tail = Tail(engine, options.most_listeners)
    app = FastAPI(
        title="Tocsin",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, chores=(tail.run, partial(housekeeping, engine))),
    )
    app.state.engine, app.state.rate_limit, app.state.provider = engine, rate_limit, options.provider
    app.state.options, app.state.tail = options, tail
    app.state.export_slots = exports.Slots()
    app.state.known = Known()
    reading.install(app, engine)
    problems.install(app)
    if options.origins:
        app.add_middleware(CORSMiddleware, allow_origins=options.origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Every)
    for routes in KEYED:
        app.include_router(routes.router, dependencies=[Depends(needs("read"))])
    for routes in OPEN:
        app.include_router(routes.router)
    _health(app, engine)
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI, chores: Sequence[Chore]) -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        for chore in chores:
            group.start_soon(chore)
        yield
        group.cancel_scope.cancel()  # waits for the threads that chores are in: they hold connections


def _openapi(app: FastAPI) -> dict[str, object]:
    if app.openapi_schema is None:
        app.openapi_schema = document.describe(app)
    return app.openapi_schema


def _health(app: FastAPI, engine: Engine) -> None:
    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """The process turns; an outage of the database does not fail it."""
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"], response_class=PlainTextResponse, responses=problems.responses(503))
    def ready() -> Response:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except OperationalError:
            return problems.answer(503, "the database does not answer")
        return PlainTextResponse("ok")
