"""Getting bytes from a hostile web: only from public addresses, never more than is wanted, never for long.

What is refused is checked where it counts: at the connection, for every address that the resolver gives, and again
after each redirect. Hosts of our own are allowed by name and port.
"""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.fetcher.domain import schedule
from services.fetcher.domain.schedule import Severity
from services.fetcher.domain.urls import is_ip, is_public
from shared.clock import Clock, wall

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 65_536
_LONGEST_DETAIL = 300
_CONNECT_SECONDS = 10.0
_HEADERS = {"Accept-Encoding": "gzip, deflate", "Accept-Language": "*"}


class DownloadError(Exception):
    """`reason` is one of a few fixed words; `transient`: it may go better later."""

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        severity: Severity = "hard",
        transient: bool = False,
    ) -> None:
        super().__init__(_storable(detail)[:_LONGEST_DETAIL])
        self.reason, self.status, self.retry_after = reason, status, retry_after
        self.severity, self.transient = severity, transient


@dataclass(frozen=True)
class Wanted:
    """What is taken: at most `most_bytes` (unpacked), of these media types; an empty set takes any."""

    most_bytes: int
    kinds: Collection[str] = ()
    accept: str = "*/*"


@dataclass(frozen=True)
class Download:
    """`url`: where redirects led. `status` is 200 or 304."""

    url: str
    status: int
    body: bytes
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class _Refused(OSError):
    """An address that is not public. An OSError, so that aiohttp closes what it opened and reports it."""


class _PublicResolver(AbstractResolver):
    """Refuses a name when any of its addresses is not public: what we connect to is what was checked."""

    def __init__(self, allowed: frozenset[tuple[str, int]]) -> None:
        self._inner = aiohttp.ThreadedResolver()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if (host, port) not in self._allowed:
            for each in found:
                if not is_public(each["host"]):
                    raise _Refused(f"{host} has the address {each['host']}, which is not public")
        return found

    async def close(self) -> None:
        await self._inner.close()


class Downloads:
    """Use as `async with`. `allowed` hosts may have private addresses."""

    def __init__(
        self,
        user_agent: str,
        seconds: float,
        connections: int,
        allowed: frozenset[tuple[str, int]] = frozenset(),
        clock: Clock = wall,
    ) -> None:
        self._headers = {"User-Agent": user_agent, **_HEADERS}
        self._seconds, self._connections, self._allowed, self._clock = seconds, connections, allowed, clock

    async def __aenter__(self) -> "Downloads":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_PublicResolver(self._allowed), limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            auto_decompress=False,
            headers=self._headers,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def is_allowed(self, url: str) -> bool:
        """Whether it is one of our own hosts."""
        parsed = URL(url)
        return (parsed.host or "", parsed.port or 0) in self._allowed

    async def get(
        self, url: str, wanted: Wanted, etag: str | None = None, last_modified: str | None = None
    ) -> Download:
        """GET, with redirects followed by hand. Raises `DownloadError`."""
        headers = {"Accept": wanted.accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(URL(url), headers, wanted)
        except TimeoutError:
            detail = f"no complete answer within {self._seconds:g} s"
            raise DownloadError("timeout", detail, severity="temporary", transient=True) from None
        except aiohttp.ClientError as error:
            _raise_connection(error)
        except ValueError as error:  # yarl and aiohttp on addresses that are none
            raise DownloadError("bad_url", str(error)) from None

    async def _follow(self, url: URL, headers: dict[str, str], wanted: Wanted) -> Download:
        for _ in range(_MOST_REDIRECTS + 1):
            self._check(url)
            async with self._request(url, headers) as response:
                if response.status not in _REDIRECTS:
                    return await self._read(url, response, wanted)
                if not (target := response.headers.get("Location")):
                    raise DownloadError("bad_redirect", f"{response.status} without Location")
                url = url.join(URL(target))
        raise DownloadError("too_many_redirects", f"more than {_MOST_REDIRECTS} redirects")

    @asynccontextmanager
    async def _request(self, url: URL, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        response = await self._session.get(url, headers=headers, allow_redirects=False)
        try:
            yield response
        finally:
            if not response.content.at_eof():
                response.close()  # reading the rest, to keep the connection, could take for ever
            response.release()

    def _check(self, url: URL) -> None:
        if url.scheme not in ("http", "https") or not url.host:
            raise DownloadError("bad_url", f"{url.scheme or 'no scheme'}: only http and https are fetched")
        if (url.host, url.port or 0) not in self._allowed and is_ip(url.host) and not is_public(url.host):
            raise DownloadError("private_address", f"{url.host} is not a public address")

    async def _read(self, url: URL, response: aiohttp.ClientResponse, wanted: Wanted) -> Download:
        if response.status == 304:
            return Download(str(url), 304, b"")
        if response.status != 200:
            raise _status_error(response, schedule.retry_after(response.headers.get("Retry-After"), self._clock()))
        kind = response.headers.get("Content-Type")
        if wanted.kinds and kind and kind.partition(";")[0].strip().lower() not in wanted.kinds:
            raise DownloadError("content_type", f"Content-Type is {kind}")
        body = await _body(response, wanted.most_bytes)
        said = {name: _storable(response.headers.get(name, "")) or None for name in ("ETag", "Last-Modified")}
        return Download(str(url), 200, body, _storable(kind or "") or None, said["ETag"], said["Last-Modified"])


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, unpacked as it comes, up to `most` bytes."""
    if (response.content_length or 0) > most:
        raise _too_large(most)
    unpack = _Unpacker(response.headers.get("Content-Encoding", ""))
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += unpack(chunk, most + 1 - len(body))
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


class _Unpacker:
    """Undoes gzip or deflate, never producing more than it is asked for."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise DownloadError("content_encoding", f"Content-Encoding {encoding} was not asked for")
        self._stream: "zlib._Decompress | None" = None  # noqa: UP037 - the name exists for type checkers only

    def __call__(self, chunk: bytes, most: int) -> bytes:
        if self._encoding in ("", "identity"):
            return chunk[:most]
        try:
            return self._unpacked(chunk, most)
        except zlib.error as error:
            raise DownloadError("content_encoding", f"broken {self._encoding}: {error}", transient=True) from None

    def _unpacked(self, chunk: bytes, most: int) -> bytes:
        unpacked = b""
        while chunk and len(unpacked) < most:
            stream = self._stream = self._stream or zlib.decompressobj(self._window(chunk))
            unpacked += stream.decompress(chunk, most - len(unpacked))
            chunk = stream.unconsumed_tail or stream.unused_data
            if stream.eof:  # gzip may be several streams in a row
                self._stream = None
        return unpacked

    def _window(self, first: bytes) -> int:
        """zlib's `wbits`. "deflate" is zlib by the standard and bare deflate by some servers."""
        if self._encoding != "deflate":
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first[0] & 0x0F == 8 else -zlib.MAX_WBITS


def _storable(text: str) -> str:
    """Servers may put any bytes into their headers; those that are no text become "?"."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def _too_large(most: int) -> DownloadError:
    return DownloadError("too_large", f"more than {most} bytes")


def _status_error(response: aiohttp.ClientResponse, retry_after: float | None) -> DownloadError:
    status = response.status
    severity = schedule.severity(status)
    return DownloadError(
        f"http_{status}",
        f"HTTP {status} {response.reason or ''}".strip(),
        status=status,
        retry_after=retry_after,
        severity=severity,
        transient=severity == "soft",
    )


def _raise_connection(error: aiohttp.ClientError) -> NoReturn:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _Refused):
        raise DownloadError("private_address", str(error.os_error)) from None
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        raise DownloadError("bad_url", str(error)) from None
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        raise DownloadError("dns", str(error), severity="hard", transient=True) from None
    detail = f"{type(error).__name__}: {error}"
    raise DownloadError("connection", detail, severity="temporary", transient=True) from None
