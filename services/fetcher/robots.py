"""robots.txt (RFC 9309): which pages a site lets us read."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from protego import Protego

from services.fetcher.download import DownloadError, Downloads, Wanted

_WANTED = Wanted(most_bytes=512_000)
_KEPT_SECONDS, _KEPT_AFTER_FAILURE = 3600.0, 60.0
_MOST_KEPT = 10_000


@dataclass
class _Known:
    rules: "asyncio.Task[Protego]"
    at: float


class Robots:
    def __init__(self, downloads: Downloads, user_agent: str) -> None:
        self._downloads, self._user_agent = downloads, user_agent
        self._known: dict[str, _Known] = {}

    async def allows(self, url: str) -> bool:
        """Raises `DownloadError` where the rules cannot be had now: then nothing may be read (RFC 9309, 2.3.1.4)."""
        parts = urlsplit(url)
        rules = await asyncio.shield(self._rules(f"{parts.scheme}://{parts.netloc}"))
        return bool(rules.can_fetch(url, self._user_agent))

    def _rules(self, origin: str) -> "asyncio.Task[Protego]":
        known = self._known.get(origin)
        if known is None or monotonic() - known.at > self._kept(known):
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = self._known[origin] = _Known(asyncio.create_task(self._fetch(origin)), monotonic())
        return known.rules

    @staticmethod
    def _kept(known: _Known) -> float:
        failed = known.rules.done() and (known.rules.cancelled() or known.rules.exception() is not None)
        return _KEPT_AFTER_FAILURE if failed else _KEPT_SECONDS

    async def _fetch(self, origin: str) -> Protego:
        try:
            found = await self._downloads.get(f"{origin}/robots.txt", _WANTED)
            return Protego.parse(found.body.decode("utf-8", "replace"))
        except DownloadError as error:
            if error.status is not None and 400 <= error.status < 500 and error.status != 429:
                return Protego.parse("")
            raise
