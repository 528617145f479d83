"""One spelling for one page; and which addresses lie in the open internet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fetcher.domain.urls import BadUrl, canonical, is_ip, is_public, site


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/the-caravel/story-1.html", "http://127.0.0.1:8000/the-caravel/story-1.html"),
        (" https://Example.ORG:443/a#top ", "https://example.org/a"),
        ("http://example.org:80", "http://example.org/"),
        ("https://example.org/a?b=2&a=1&utm_source=rss&fbclid=x", "https://example.org/a?a=1&b=2"),
        ("https://example.org/a?utm_source=rss", "https://example.org/a"),
        ("https://example.org/?id=7&at_medium=RSS", "https://example.org/?id=7"),
        ("https://example.org/café", "https://example.org/caf%C3%A9"),
        ("https://müller.example/x", "https://xn--mller-kva.example/x"),
        ("https://example.org/a?empty=", "https://example.org/a?empty="),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical(url) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "url",
    ["", "x", "/a", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://[bad",
     "http://user:secret@example.org/", "http://example.org:99999999/", "https://example.org/" + "a" * 2000],
)  # fmt: skip
def test_no_address_of_a_page(url: str) -> None:
    with pytest.raises(BadUrl):
        canonical(url)


@given(st.text(max_size=100).map(lambda text: "https://example.org/" + text))
def test_canonical_stays_as_it_is(url: str) -> None:
    try:
        once = canonical(url)
    except BadUrl:
        return
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("www.dawn.com", "dawn.com"),
        ("alice.github.io", "github.io"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_site(host: str, expected: str) -> None:
    assert site(host) == expected


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
     "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
     "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:7f00:1::",
     "2001:db8::1", "2001:0:7f00:1::1"],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_names_are_no_addresses() -> None:
    assert is_ip("::1")
    assert is_ip("10.0.0.1")
    assert not is_ip("example.org")
    assert not is_ip("2130706433")  # a resolver reads it as 127.0.0.1: the resolver's answer is checked
