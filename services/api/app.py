"""The application: routes, security headers, errors, and the OpenAPI document."""

from collections.abc import Awaitable, Callable

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.api import problems
from services.api.access import RateLimit, needs
from services.api.routes import articles, events, operations

DESCRIPTION = """Attacks as the world's news reports them: one event for one attack, every value with its source.

Programs give an API key (`python -m services.api key create --name NAME --scope read`) as `Authorization: Bearer ...`.
Errors are `application/problem+json`. Contracts under `/v1` only grow; what would break a reader comes as `/v2`."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(engine: Engine, rate_limit: RateLimit) -> FastAPI:
    app = FastAPI(title="Tocsin", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.engine, app.state.rate_limit = engine, rate_limit
    problems.install(app)
    app.middleware("http")(_security_headers)
    for router in (events.router, articles.router, operations.router):
        app.include_router(router, dependencies=[Depends(needs("read"))])
    _health(app, engine)
    return app


async def _security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _health(app: FastAPI, engine: Engine) -> None:
    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """The process turns; an outage of the database does not fail it."""
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"], responses=problems.responses(503))
    def ready() -> Response:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except OperationalError:
            return problems.answer(503, "the database does not answer")
        return PlainTextResponse("ok")

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
