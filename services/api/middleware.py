"""What holds for every request, whatever its route: headers, the time its body may take, what is counted.

Plain ASGI, so that an answer that streams is neither copied nor cut off from its client.
"""

import asyncio
import time

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems

LARGEST_BODY = 2**20  # bytes
BODY_SECONDS = 10.0  # for a whole body to arrive
_CLOSE = {"Connection": "close"}

# Usage by caller: the prefix of the key; `oidc` for everybody with a token of the issuer, `-` for nobody known.
REQUESTS = Counter("tocsin_api_requests", "Requests answered", ["caller", "operation", "status"])
# From the request to the start of its answer, without the wait that a long poll asks for.
SECONDS = Histogram("tocsin_api_seconds", "Time until an answer starts", ["operation"])

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Every:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, largest_body: int = LARGEST_BODY, body_seconds: float = BODY_SECONDS) -> None:
        self._app, self._largest_body, self._body_seconds = app, largest_body, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, started = time.perf_counter(), False

        async def counted_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, self._bounded(receive), counted_send)
        except HTTPException as error:  # where the application itself did not make an answer of it
            if not started:
                answer = problems.answer(error.status_code, str(error.detail), headers=dict(error.headers or {}))
                await answer(scope, receive, counted_send)

    def _bounded(self, receive: Receive) -> Receive:
        """`receive` for a body that is neither too large nor too slow; raises `HTTPException` for another."""
        deadline, size, complete = asyncio.get_running_loop().time() + self._body_seconds, 0, False

        async def bounded() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"the body took longer than {self._body_seconds:g} s", _CLOSE) from None
            size += len(message.get("body", b""))
            if size > self._largest_body:
                raise HTTPException(413, f"the body is larger than {self._largest_body} bytes", _CLOSE)
            complete = not message.get("more_body", False)
            return message

        return bounded


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)


def _count(scope: Scope, status: int, seconds: float) -> None:
    operation = getattr(scope.get("route"), "name", "-")
    caller = scope.get("state", {}).get("caller")
    who = "-" if caller is None else caller.id if caller.kind == "key" else caller.kind
    REQUESTS.labels(who, operation, str(status)).inc()
    SECONDS.labels(operation).observe(seconds)
