"""Addresses of articles: one spelling for one page, and which hosts may be asked at all."""

from functools import cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import yaml
from tldextract import TLDExtract
from w3lib.url import canonicalize_url

_TRACKING = Path(__file__).parents[1] / "lexicon" / "tracking.yml"
_LONGEST = 2000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in an IPv6 one

_registrable = TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list inside the package: no network


class BadUrl(ValueError):
    """No address of a page on the web."""


def canonical(url: str) -> str:
    """One spelling for one page: without fragment and tracking parameters, query in order, host in lower case.

    The scheme and "www." stay: not every host answers to both.
    """
    url = url.strip()
    if not url or len(url) > _LONGEST:
        raise BadUrl(f"{len(url)} characters: no address")
    try:
        scheme, host, path, query, _ = urlsplit(canonicalize_url(url))
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadUrl(str(error)) from None
    if scheme not in _DEFAULT_PORTS or not name:
        raise BadUrl(f"{scheme or 'no scheme'}: only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("has a user name in it")
    if port == _DEFAULT_PORTS[scheme]:
        host = host.rpartition(":")[0]
    if query:
        query = urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if not _tracks(pair[0])])
    return urlunsplit((scheme, host, path or "/", query, ""))


def site(host: str) -> str:
    """The registrable domain (news.bbc.co.uk → bbc.co.uk), by which politeness is counted; else the host itself."""
    return _registrable(host).top_domain_under_public_suffix or host


def is_public(address: str) -> bool:
    """False for every IP address that does not lie in the open internet: private, loopback, link-local, metadata ...

    Addresses that carry another one inside (IPv4-mapped, 6to4, Teredo, NAT64) are as public as that one.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inner.append(ip_address(int(ip) & 0xFFFFFFFF))
        if not all(is_public(str(each)) for each in inner if each is not None):
            return False
        if ip.ipv4_mapped or ip in _NAT64:
            return True
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def is_ip(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _tracks(name: str) -> bool:
    exact, prefixes = _tracking()
    return name.lower() in exact or name.lower().startswith(prefixes)


@cache
def _tracking() -> tuple[frozenset[str], tuple[str, ...]]:
    names: list[str] = yaml.safe_load(_TRACKING.read_text(encoding="utf-8"))
    exact = frozenset(name for name in names if not name.endswith("*"))
    return exact, tuple(name.removesuffix("*") for name in names if name.endswith("*"))
