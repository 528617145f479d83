"""What the newsroom has published so far. Stories come out in time order; feeds and pages show only those."""

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


@dataclass(frozen=True)
class Page:
    """A story that is out."""

    story: Story
    out_at: datetime  # wall time
    turn: int  # place among all stories
    place: int  # place among those of its outlet


class Site:
    """`window` limits how many stories a feed lists, newest first; None: all of them.

    `turn` is the first story whose page nobody got yet: pages are given out in the order of their stories, as far as
    readers allow, so that a pipeline gets them in time order though it reads many feeds at a time.
    """

    def __init__(self, stories: list[Story], window: int | None = None) -> None:
        self.stories = stories
        self.window = window
        self.released = 0
        self.turn = 0
        self.read: set[str] = set()  # ids of the stories whose page somebody got
        self.outlets = {story.outlet: Outlet(story.source, story.outlet, story.language) for story in stories}
        self.pages: dict[str, Page] = {}  # by path

    def release(self, count: int | None = None) -> int:
        """Publish the next `count` stories, or all; returns how many are out."""
        end = len(self.stories) if count is None else min(len(self.stories), self.released + count)
        now = datetime.now(UTC)
        for turn, story in enumerate(self.stories[self.released : end], start=self.released):
            outlet = self.outlets[story.outlet]
            self.pages[story.path] = Page(story, now, turn, len(outlet.stories))
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

    def give(self, page: Page, base: str) -> bytes:
        """The page as HTML; whoever waits for those before it waits no longer."""
        self.read.add(page.story.id)
        self.turn = max(self.turn, page.turn)
        while self.turn < self.released and self.stories[self.turn].id in self.read:
            self.turn += 1
        before = self.outlets[page.story.outlet].stories[max(0, page.place - RELATED) : page.place]
        return article_page(page.story, base, before)

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
        pages = (page for path, page in self.pages.items() if article_id(base + path) == article)
        return next((page.out_at for page in pages), None)

    def state(self) -> dict[str, int]:
        return {"stories": len(self.stories), "released": self.released, "read": len(self.read)}
