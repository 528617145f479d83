"""How a receiver misbehaves, drawn at random with a seed, so that a run can be repeated.

lost    takes the message, then resets the connection instead of answering
busy    answers "too many requests" (429, SMTP 451 4.3.2) and takes nothing
error   answers "server error" (500, SMTP 451 4.3.0) and takes nothing
hang    takes nothing and never answers
"""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from aiohttp import web

HANG_SECONDS = 600.0
RETRY_AFTER = 1  # seconds that "busy" asks for
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds: close with RST


class Fault(StrEnum):
    LOST = "lost"
    BUSY = "busy"
    ERROR = "error"
    HANG = "hang"


class Faults:
    """Draws what goes wrong with the next message. `chances`: probability of each fault, together at most 1."""

    def __init__(self, chances: Mapping[Fault, float] | None = None, seed: int = 0) -> None:
        self.chances = dict(chances or {})
        if min(self.chances.values(), default=0) < 0 or sum(self.chances.values()) > 1:
            raise ValueError(f"chances of faults must lie between 0 and 1 and not exceed 1 together: {self.chances}")
        self.early: list[str] = []  # receivers that were sent to again before the time they had asked for
        self._seed = seed
        self._dice: dict[str, random.Random] = {}  # each receiver's own: what one is asked changes no other's fate
        self._shut: dict[str, float] = {}  # receiver -> until when, on the monotonic clock

    def draw(self, receiver: str = "") -> Fault | None:
        """What goes wrong with a request that has just come for `receiver`: a channel, a path; none: a mailbox."""
        if time.monotonic() < self._shut.get(receiver, 0.0):
            self.early.append(receiver)
        fault = self._draw(self._dice.setdefault(receiver, random.Random(f"{self._seed} {receiver}")))  # noqa: S311
        if fault is Fault.BUSY and receiver:
            self._shut[receiver] = time.monotonic() + RETRY_AFTER
        return fault

    def _draw(self, dice: random.Random) -> Fault | None:
        drawn = dice.random()
        for fault, chance in self.chances.items():
            drawn -= chance
            if drawn < 0:
                return fault
        return None


def parse(text: str) -> dict[Fault, float]:
    """Read `lost=0.1,busy=0.05`."""
    pairs = (item.partition("=") for item in text.split(",") if item)
    return {Fault(name.strip()): float(chance) for name, _, chance in pairs}


async def answer(request: web.Request, fault: Fault | None, take: Callable[[], web.Response]) -> web.Response:
    """Answer an HTTP request with what `take` says, or as `fault` would have it."""
    if fault is Fault.BUSY:
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(RETRY_AFTER)}
        )
    if fault is Fault.ERROR:
        return web.json_response({"ok": False, "error": "internal_error"}, status=500)
    if fault is Fault.HANG:
        await asyncio.sleep(HANG_SECONDS)
        raise web.HTTPGatewayTimeout
    response = take()
    if fault is Fault.LOST and request.transport is not None:
        reset(request.transport)
    return response


def reset(transport: asyncio.BaseTransport) -> None:
    """Break the connection off with RST."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
