"""One bounded HTTP request to an address that a destination names. Private addresses are refused at the connect.

The address is checked where it is used, so a name that resolves differently the second time gains nothing. Redirects
are not followed.
"""

import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import cast
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    SSLError,
)

from services.alerting.channels.line import Line
from services.alerting.channels.outcome import Dead, Retry, Unknown

CONNECT_SECONDS = 5.0
MOST_ADDRESSES = 3  # tried, of those that a name resolves to
ANSWER_BYTES = 4096  # all that is read of an answer


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    retry_after: float | None  # seconds


def post(url: str, body: bytes, headers: dict[str, str], line: Line, most: int = ANSWER_BYTES) -> Answer:
    """POST `body`; at most `most` bytes of the answer are read.

    Raises `Retry` where nothing was sent, `Unknown` where no answer came, `Dead` where it must not be sent.
    """
    return _request("POST", url, body, headers, line, most)


def get(url: str, headers: dict[str, str], line: Line, most: int) -> Answer:
    """Read what is there, at most `most` bytes; raises as `post` does."""
    return _request("GET", url, None, headers, line, most)


def _request(method: str, url: str, body: bytes | None, headers: dict[str, str], line: Line, most: int) -> Answer:
    private = place(url) in line.allowed
    pools = line.keep(("http", private), lambda: _pools(private), PoolManager.clear)
    try:
        response = pools.request(
            method, url, body=body, headers=headers, preload_content=False, redirect=False, retries=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=line.seconds),
        )  # fmt: skip
    except (NewConnectionError, ConnectTimeoutError) as error:
        raise Retry(f"no connection: {error}") from error
    except LocationParseError as error:
        raise Dead(f"url cannot be used: {error}") from error
    except (HTTPError, OSError) as error:
        if isinstance(error, SSLError) and isinstance(error.args[0], SSLCertVerificationError):
            raise Retry(f"no connection: {error}") from error
        raise Unknown(f"no answer: {type(error).__name__}: {error}") from error
    return Answer(response.status, _beginning(response, most), retry_after(response.headers.get("Retry-After")))


def check(answer: Answer) -> None:
    """Raise for what is no success; the body is quoted for the destination's owner."""
    said = f"HTTP {answer.status}: {answer.body[:200]}"
    if 200 <= answer.status < 300:
        return
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Retry(said, answer.retry_after)
    raise Dead(said)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds from a Retry-After header, which gives seconds or a date; None where it gives neither."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        due = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (due - (now or datetime.now(due.tzinfo))).total_seconds())


def place(url: str) -> str:
    """The url's host:port; raises `Dead` for what is no http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise Dead("url is no http(s) address") from None
    if not parts.hostname or parts.username is not None:
        raise Dead("url names no host, or carries a user name")
    return f"{parts.hostname}:{port}"


def _beginning(response: BaseHTTPResponse, most: int) -> str:
    """The first part of the answer. Only a connection whose answer was read to its end carries the next message."""
    content = b""
    try:
        content = response.read(most)
        if not response.read(1):
            response.release_conn()
            return content.decode("utf-8", "replace")
    except (HTTPError, OSError):  # it broke off: what it began with is an answer all the same
        pass
    response.close()
    return content.decode("utf-8", "replace")


def _pools(private: bool) -> PoolManager:
    pools = PoolManager(num_pools=4)
    if not private:
        pools.pool_classes_by_scheme = {"http": _GlobalHTTPPool, "https": _GlobalHTTPSPool}
    return pools


def global_addresses(host: str, port: int) -> list[str]:
    """What `host` resolves to; raises `Dead` if any of it is private, `Retry` if there is no answer."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Retry(f"no address for {host}: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_global(address):
            raise Dead(f"{host} is the private address {address}; ALERT_ALLOWED_HOSTS can allow {host}:{port}")
    return addresses[:MOST_ADDRESSES]


def is_global(address: str) -> bool:
    """Is it an address of the public internet? IPv6 forms of an IPv4 address count as that address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip.is_global and not ip.is_multicast


class _Global:
    """A connection to an address that was found global: resolved once, checked, and used."""

    _dns_host: str
    port: int

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        failed: Exception = Retry(f"no address for {name}")
        try:
            for address in global_addresses(name, self.port):
                self._dns_host = address
                try:
                    return cast(socket.socket, super()._new_conn())  # type: ignore[misc]
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failed = error
            raise failed
        finally:
            self._dns_host = name  # TLS checks the certificate against it


class _GlobalHTTPConnection(_Global, HTTPConnection):
    pass


class _GlobalHTTPSConnection(_Global, HTTPSConnection):
    pass


class _GlobalHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GlobalHTTPConnection


class _GlobalHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GlobalHTTPSConnection
