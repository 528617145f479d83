"""Who may call: a key with the scope, at a bounded rate; and the connection that a request reads on."""

import time
from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection, text

from services.api import keys
from services.api.keys import Caller, Scope
from shared.clock import wall

STATEMENT_TIMEOUT_MS = 10_000

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer tocsin_...`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="`X-API-Key: tocsin_...`")


class RateLimit:
    """A token bucket for each key, in this process: `per_second` on average, `burst` at once."""

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._now = per_second, burst, now
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, key: str) -> float:
        """Seconds to wait; 0: go on, a token was taken."""
        now = self._now()
        tokens, at = self._buckets.get(key, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        if tokens < 1:
            return (1 - tokens) / self._per_second
        self._buckets[key] = (tokens - 1, now)
        return 0.0


def connection(request: Request) -> Iterator[Connection]:
    with request.app.state.engine.begin() as opened:
        opened.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        yield opened


Database = Annotated[Connection, Depends(connection)]


def caller(
    request: Request,
    database: Database,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> Caller:
    key = bearer.credentials if bearer else header
    if not key:
        raise _unauthorised("give an API key: `Authorization: Bearer tocsin_...` or `X-API-Key: tocsin_...`")
    try:
        known = keys.recognise(database, key, wall())
    except keys.UnknownKey:
        raise _unauthorised("this API key is unknown, expired or revoked; ask whoever runs Tocsin for one") from None
    if wait := request.app.state.rate_limit.wait(known.prefix):
        raise HTTPException(429, "too many requests with this key", headers={"Retry-After": str(int(wait) + 1)})
    return known


def needs(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets a caller with this scope pass."""

    def check(known: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in known.scopes:
            raise HTTPException(
                403, f"this needs scope {scope}; key {known.prefix} has {', '.join(sorted(known.scopes))}"
            )
        return known

    return check


def _unauthorised(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
