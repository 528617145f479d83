"""The HTTP server of the process.

There are no workers behind one port: each would need ports of its own for health and metrics anyhow. Who needs more
starts the process several times, behind a balancer. All that they must agree on is in PostgreSQL: keys, the answers to
repeated requests, the cursor of changes, with which a listener goes on at any of them. Each limits rates, listeners and
exports by itself, for it is its own CPU and connections that these protect.
"""

import asyncio
import gc
import resource
from types import FrameType

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 10
IDLE_SECONDS = 20
FILES_BESIDES = 200  # sockets and files that are no client's


class Server(uvicorn.Server):
    """Tells those who listen that the end is near, or it would wait for them until its patience ends."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._tail = app.state.tail
        most = app.state.options.most_listeners + 500
        _allow_files(most + FILES_BESIDES)
        super().__init__(
            uvicorn.Config(
                app,
                host,
                port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                limit_concurrency=most,
                backlog=most,
            )
        )

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)  # type: ignore[arg-type]
        gc.freeze()  # what lives as long as the process is never looked through again, which takes a tenth of a second

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._tail.close)
        super().handle_exit(sig, frame)


def _allow_files(wanted: int) -> None:
    """A client is an open file, and many systems allow 1,024 to begin with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
