"""What holds for every request, whatever its route: headers, the time its body may take, what is counted.

Plain ASGI, so that an answer that streams is neither copied nor cut off from its client.
"""

import asyncio
import time

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems

BODY_SECONDS = 10.0  # for a whole body to arrive

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

    def __init__(self, app: ASGIApp, body_seconds: float = BODY_SECONDS) -> None:
        self._app, self._body_seconds = app, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, deadline = time.perf_counter(), asyncio.get_running_loop().time() + self._body_seconds
        started = received = False

        async def patient_receive() -> Message:
            nonlocal received
            if received:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise _TooSlow from None
            received = not message.get("more_body", False)
            return message

        async def counted_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, patient_receive, counted_send)
        except _TooSlow:
            if not started:
                answer = problems.answer(408, f"the body took longer than {self._body_seconds:g} s to arrive")
                answer.headers["Connection"] = "close"
                await answer(scope, receive, counted_send)


class _TooSlow(Exception):
    """The client did not send its body in time."""


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
