"""Reads a JSON-lines file of articles (plain or .gz) as the stories that the site serves."""

import gzip
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ARCHIVE = Path(__file__).with_name("archive.jsonl")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNNAMED = "Unnamed outlet"


@dataclass(frozen=True)
class Story:
    """One article. `time` is its message time: publication, or that of the story before where it has none."""

    id: str
    source: str
    outlet: str  # the first part of its URL path
    path: str  # /OUTLET/NAME.html
    title: str | None
    published_at: str | None  # as the file has it: an instant, a bare day, or nothing
    time: datetime
    language: str | None
    text: str

    @property
    def paragraphs(self) -> list[str]:
        return [line.strip() for line in self.text.split("\n") if line.strip()]


def read_stories(file: Path = ARCHIVE) -> list[Story]:
    """All stories of `file` in order of message time; those of one time stay in the file's order."""
    rows = list(_rows(file))
    names = outlet_names(row["source"] or UNNAMED for row in rows)
    stories, time = [], EPOCH
    for row in rows:
        time = instant(row["published_at"]) or time
        source = row["source"] or UNNAMED
        outlet = names[source]
        path = f"/{outlet}/{_page_name(row['id'])}.html"
        stories.append(
            Story(
                row["id"],
                source,
                outlet,
                path,
                row["title"],
                row["published_at"],
                time,
                row.get("language"),
                row["text"],
            )
        )
    return sorted(stories, key=lambda story: story.time)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                row = json.loads(line)
                if missing := {"id", "source", "title", "published_at", "text"} - row.keys():
                    raise ValueError(f"{file}, line {number}: {', '.join(sorted(missing))} missing")
                yield row


def instant(text: str | None) -> datetime | None:
    """When an article was published; midnight UTC where only a day is given."""
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def outlet_names(sources: Iterable[str]) -> dict[str, str]:
    """A distinct URL path segment for each outlet; the same for the same set of outlets."""
    names: dict[str, str] = {}
    for source in sorted(set(sources)):
        name = _ascii(source)
        names[source] = name if name and name not in names.values() else f"{name or 'outlet'}-{digest(source)}"
    return names


def digest(text: str) -> str:
    """Eight hexadecimal digits that stand for a text, the same on every machine."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _page_name(story_id: str) -> str:
    return f"{_ascii(story_id)[:80]}-{digest(story_id)}".strip("-")


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
