"""Reading a file of articles."""

import gzip
import json
from pathlib import Path

import pytest

from tests.newsroom.stories import UNNAMED, outlet_names, read_stories


def article(**fields: object) -> dict[str, object]:
    return {"id": "a:1", "source": "The Caravel", "url": None, "title": "T", "published_at": None, "text": "x"} | fields


def write(folder: Path, *rows: dict[str, object], name: str = "news.jsonl") -> Path:
    file = folder / name
    data = "\n".join(json.dumps(row) for row in rows).encode()
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


@pytest.mark.parametrize("name", ["news.jsonl", "news.jsonl.gz"])
def test_plain_and_gzip(tmp_path: Path, name: str) -> None:
    assert [story.id for story in read_stories(write(tmp_path, article(), name=name))] == ["a:1"]


def test_undated_story_takes_the_time_of_the_one_before(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        article(id="late", published_at="2020-01-03"),
        article(id="undated"),
        article(id="early", published_at="2020-01-01T10:00:00Z"),
    )
    assert [story.id for story in read_stories(file)] == ["early", "late", "undated"]


def test_paths_are_distinct_and_stable(tmp_path: Path) -> None:
    file = write(tmp_path, article(id="a:1"), article(id="a-1"), article(id="ж:1"), article(id="я:1"))
    paths = [story.path for story in read_stories(file)]
    assert len(set(paths)) == 4
    assert paths == [story.path for story in read_stories(file)]
    assert all(path.isascii() and path.startswith("/the-caravel/") for path in paths)


def test_outlets_keep_apart_whatever_their_names() -> None:
    names = outlet_names(["a.com", "a com", "Маяк", "Заря", "-"])
    assert len(set(names.values())) == 5
    assert all(name and name.isascii() and "/" not in name for name in names.values())


def test_missing_source_is_an_outlet_without_name(tmp_path: Path) -> None:
    assert [story.source for story in read_stories(write(tmp_path, article(source=None)))] == [UNNAMED]


def test_row_that_is_no_article_is_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: published_at, text missing"):
        read_stories(write(tmp_path, article(), {"id": "b", "source": None, "title": None}))
