"""What the newsroom has published so far. Stories come out in time order; feeds and pages show only those."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts import article_id
from tests.newsroom.feeds import format_of
from tests.newsroom.pages import article_page, front_page
from tests.newsroom.stories import Story, digest

RELATED = 3  # earlier stories of the outlet that a page links to


@dataclass
class Outlet:
    """A publisher, its stories that are out (oldest first), and when the last of them came out (wall time)."""

    source: str
    name: str
    language: str | None
    stories: list[Story] = field(default_factory=list)
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    feed: tuple[bytes, str] | None = None  # body and ETag, until the next story


class Site:
    """`window` limits how many stories a feed lists, newest first; None: all of them."""

    def __init__(self, stories: list[Story], window: int | None = None) -> None:
        self.stories = stories
        self.window = window
        self.released = 0
        self.read: set[str] = set()  # ids of the stories whose page somebody got
        self.outlets = {story.outlet: Outlet(story.source, story.outlet, story.language) for story in stories}
        self._pages: dict[str, Story] = {}
        self._order: dict[str, int] = {}  # page path -> index in its outlet
        self._out_at: dict[str, datetime] = {}  # page path -> when it came out, wall time

    def release(self, count: int | None = None) -> int:
        """Publish the next `count` stories, or all; returns how many are out."""
        end = len(self.stories) if count is None else min(len(self.stories), self.released + count)
        by_outlet, now = defaultdict(list), datetime.now(UTC)
        for story in self.stories[self.released : end]:
            by_outlet[story.outlet].append(story)
        for name, stories in by_outlet.items():
            outlet = self.outlets[name]
            for story in stories:
                self._pages[story.path] = story
                self._out_at[story.path] = now
                self._order[story.path] = len(outlet.stories)
                outlet.stories.append(story)
            outlet.changed_at, outlet.feed = now, None
        self.released = end
        return end

    def feed(self, outlet: Outlet, base: str) -> tuple[bytes, str]:
        """The outlet's feed and its ETag."""
        if outlet.feed is None:
            body = format_of(outlet.source).render(outlet.source, base, outlet.stories[::-1][: self.window])
            outlet.feed = body, f'"{digest(body.decode())}-{len(outlet.stories)}"'
        return outlet.feed

    def page(self, path: str, base: str) -> bytes | None:
        """The page of a story that is out."""
        story = self._pages.get(path)
        if story is None:
            return None
        self.read.add(story.id)
        index = self._order[path]
        return article_page(story, base, self.outlets[story.outlet].stories[max(0, index - RELATED) : index])

    def front(self, outlet: Outlet) -> bytes:
        return front_page(outlet.source, outlet.name, outlet.stories[::-1])

    def feed_list(self, base: str) -> list[dict[str, str | None]]:
        """The feeds, as a feed list for the fetcher."""
        return [
            {
                "url": f"{base}/{outlet.name}/{format_of(outlet.source).file_name}",
                "source": outlet.source,
                "language": outlet.language,
            }
            for outlet in self.outlets.values()
        ]

    def out_at(self, article: UUID, base: str) -> datetime | None:
        """When the story with this article id came out; None where there is no such story, or not yet."""
        paths = (path for path in self._pages if article_id(base + path) == article)
        return next((self._out_at[path] for path in paths), None)

    def state(self) -> dict[str, int]:
        return {"stories": len(self.stories), "released": self.released, "read": len(self.read)}
