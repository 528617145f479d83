"""Who may call: a key or token with the scope, at a bounded rate; and the connection that a request reads on."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection, Engine, text

from services.api import keys, oidc
from services.api.caller import Caller, Scope
from shared.clock import wall

STATEMENT_TIMEOUT_MS = 10_000
SURVEYS = 2  # at once in this process
_MOST_BUCKETS = 10_000

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer tocsin_...`, or a token of the OIDC issuer")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="`X-API-Key: tocsin_...`")


class RateLimit:
    """A token bucket for each caller: `per_second` on average, `burst` at once.

    In this process, not in Valkey: it protects this process's CPU and connections, it costs no round trip, and there
    is nothing that can be away. With N processes a caller may make N times as many requests.
    """

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._now = per_second, burst, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # the one used longest ago first

    def wait(self, key: str) -> float:
        """Seconds to wait; 0: go on, a token was taken."""
        now = self._now()
        tokens, at = self._buckets.pop(key, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        taken = 1 if tokens >= 1 else 0
        self._buckets[key] = (tokens - taken, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._per_second


async def connection(request: Request) -> AsyncIterator[Connection]:
    """One that is free: whoever is over the pool's size waits here, not in a thread, for those who hold connections
    need threads to go on."""
    async with request.app.state.database_slots:
        opened = await run_in_threadpool(_begin, request.app.state.engine)
        try:
            yield opened
        except BaseException:
            await run_in_threadpool(opened.close)
            raise
        await run_in_threadpool(_end, opened)


def _begin(engine: Engine) -> Connection:
    opened = engine.connect()
    try:
        opened.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
    except Exception:
        opened.close()
        raise
    return opened


def _end(opened: Connection) -> None:
    with opened:
        opened.commit()


async def survey(request: Request) -> AsyncIterator[Connection]:
    """For questions that read a large part of all events: few at a time, so that quick ones do not wait for them."""
    async with request.app.state.survey_slots, asynccontextmanager(connection)(request) as opened:
        yield opened


# Given back before the answer leaves: a client that reads slowly holds none.
Database = Annotated[Connection, Depends(connection, scope="function")]
Survey = Annotated[Connection, Depends(survey, scope="function")]


def caller(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> Caller:
    """On a connection of its own, given back at once: a request that waits or streams holds none."""
    secret = bearer.credentials if bearer else header
    if not secret:
        raise _unauthorised("give an API key: `Authorization: Bearer tocsin_...` or `X-API-Key: tocsin_...`")
    known = _recognise(request, secret)
    request.state.caller = known  # for the metrics
    if wait := request.app.state.rate_limit.wait(f"{known.kind} {known.id}"):
        raise HTTPException(429, "too many requests with this key", headers={"Retry-After": str(int(wait) + 1)})
    return known


def _recognise(request: Request, secret: str) -> Caller:
    provider: oidc.Provider | None = request.app.state.provider
    try:
        if provider is not None and not secret.startswith(keys.START):
            return provider.recognise(secret, wall())
        at_once: Engine = request.app.state.engine.execution_options(isolation_level="AUTOCOMMIT")
        with at_once.connect() as opened:
            return keys.recognise(opened, secret, wall())
    except keys.UnknownKey:
        raise _unauthorised("this API key is unknown, expired or revoked; ask whoever runs Tocsin for one") from None
    except oidc.UnknownToken as error:
        raise _unauthorised(str(error)) from None
    except oidc.ProviderAway:
        raise HTTPException(
            503, "the token's issuer does not answer; try again", headers={"Retry-After": "5"}
        ) from None


class Needs:
    """A dependency that lets a caller with this scope pass."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, known: Annotated[Caller, Depends(caller)]) -> Caller:
        if self.scope not in known.scopes:
            has = ", ".join(sorted(known.scopes)) or "none"
            raise HTTPException(403, f"this needs scope {self.scope}; {known.kind} {known.id} has {has}")
        return known


needs = Needs


def _unauthorised(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
