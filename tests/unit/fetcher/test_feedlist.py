"""The feed list as a file."""

from pathlib import Path

import pytest

from services.fetcher.feedlist import BadFeedList, opml, read
from services.fetcher.settings import allowed_hosts

ROOT = Path(__file__).parents[3]


def write(folder: Path, text: str, name: str = "feeds.yml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_yaml(tmp_path: Path) -> None:
    text = "- {url: 'https://example.org/feed', source: The Caravel, owner: Caravel Group, country: PK, language: en}\n"
    assert read(write(tmp_path, text)) == [
        {
            "url": "https://example.org/feed",
            "source": "The Caravel",
            "owner": "Caravel Group",
            "country": "PK",
            "language": "en",
        }
    ]


def test_opml_there_and_back(tmp_path: Path) -> None:
    feeds = [{"url": "https://example.org/feed?a=1&b=2", "source": 'The "Caravel" & Co'}]
    (found,) = read(write(tmp_path, opml(feeds), "feeds.opml"))
    assert found.items() >= feeds[0].items()


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "- {url: 'https://example.org/feed', sauce: x}",
            ["feed 1 (https://example.org/feed), source: Field required", "sauce"],
        ),
        ("- {url: 'ftp://example.org/feed', source: x}", ["feed 1", "only http and https"]),
        ("- {url: 'https://example.org/feed', source: x, country: Pakistan}", ["country"]),
        ("- {url: 'https://e.org/', source: x}\n- {url: 'https://e.org/', source: y}", ["stands there twice"]),
        ("feeds: []", ["must be a list"]),
        ("- 7", ["feed 1"]),
        ("", ["must be a list"]),
        ("{", ["no YAML"]),
    ],
)
def test_faults_say_where_and_what(tmp_path: Path, text: str, faults: list[str]) -> None:
    with pytest.raises(BadFeedList) as caught:
        read(write(tmp_path, text))
    for fault in faults:
        assert fault in str(caught.value)


def test_no_opml(tmp_path: Path) -> None:
    with pytest.raises(BadFeedList, match="no OPML"):
        read(write(tmp_path, "<opml", "feeds.opml"))


def test_the_list_that_is_shipped() -> None:
    feeds = read(ROOT / "deploy" / "feeds.yml")
    assert len(feeds) >= 30
    assert all(feed["country"] and feed["language"] for feed in feeds)


def test_allowed_hosts() -> None:
    assert allowed_hosts("") == frozenset()
    assert allowed_hosts("127.0.0.1:80, [::1]:8000,News:81") == {("127.0.0.1", 80), ("::1", 8000), ("news", 81)}
    for wrong in ("localhost", ":80", "a:b", "http://a:80/"):
        with pytest.raises(ValueError, match="not HOST:PORT"):
            allowed_hosts(wrong)
