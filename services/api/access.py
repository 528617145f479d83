"""Who may call: a key or token with the scope, at a bounded rate."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from services.api import keys, oidc
from services.api.caller import Caller, Scope
from shared.clock import wall

_MOST_KEPT = 10_000  # callers in memory

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
        if len(self._buckets) > _MOST_KEPT:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._per_second


class Known:
    """API keys recognised in the last second: whoever asks often is looked up once. A key that is revoked works on for
    that long at most."""

    def __init__(self, seconds: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._kept: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()  # by hash; the oldest first

    def get(self, key: str) -> Caller | None:
        found = self._kept.get(keys.digest(key))
        return found[0] if found and self._now() - found[1] < self._seconds else None

    def put(self, key: str, caller: Caller) -> None:
        digest = keys.digest(key)
        self._kept.pop(digest, None)
        self._kept[digest] = (caller, self._now())
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


async def caller(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> Caller:
    secret = bearer.credentials if bearer else header
    if not secret:
        raise _unauthorised("give an API key: `Authorization: Bearer tocsin_...` or `X-API-Key: tocsin_...`")
    state = request.app.state
    known: Caller | None = state.known.get(secret)
    if known is None:
        known = await run_in_threadpool(_recognise, state.provider, state.readers, secret)
        if known.kind == "key":
            state.known.put(secret, known)
    request.state.caller = known  # for the metrics
    if wait := state.rate_limit.wait(f"{known.kind} {known.id}"):
        raise HTTPException(429, "too many requests with this key", headers={"Retry-After": str(int(wait) + 1)})
    return known


def _recognise(provider: oidc.Provider | None, readers: Engine, secret: str) -> Caller:
    """On a connection of its own, given back at once: a request that waits or streams holds none."""
    try:
        if provider is not None and not secret.startswith(keys.START):
            return provider.recognise(secret, wall())
        with readers.connect() as connection:
            return keys.recognise(connection, secret, wall())
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
