"""Settings of the fetcher."""

from pydantic import Field, field_validator

from services.fetcher.domain.timeline import MessageTime
from shared.settings import DatabaseSettings


class FetcherSettings(DatabaseSettings):
    fetch_user_agent: str = Field(
        "TocsinBot/1.0 (news alerts; reads feeds and the pages they announce)",
        min_length=1,
        description="how sites see us; add an address to be reached at",
        examples=["TocsinBot/1.0 (+https://example.org/bot)"],
    )
    fetch_allowed_hosts: str = Field(
        "",
        description="hosts that may have private addresses and are asked at any rate: HOST:PORT, HOST:PORT",
        examples=["127.0.0.1:8000"],
    )
    fetch_seconds: float = Field(20.0, gt=0, description="how long one download may take, redirects included")
    fetch_concurrency: int = Field(64, ge=1, le=1000, description="how many downloads run at a time")
    fetch_page_bytes: int = Field(5_000_000, gt=0, le=11_000_000, description="how large a page may be, unpacked")
    fetch_feed_bytes: int = Field(10_000_000, gt=0, description="how large a feed may be, unpacked")
    fetch_site_per_second: float = Field(1.0, gt=0, description="requests a second to one registrable domain")
    fetch_site_burst: float = Field(3.0, ge=1, description="requests to one registrable domain that may come at once")
    fetch_interval_min: int = Field(60, ge=1, description="seconds between two polls of a feed, at least")
    fetch_interval_max: int = Field(3600, ge=1, description="seconds between two polls of a feed, at most")
    fetch_feed_failures: float = Field(10.0, gt=0, description="weight of failures that switches a feed off")
    fetch_attempts: int = Field(5, ge=1, description="how often a page is tried before it is given up")
    fetch_retry_seconds: float = Field(
        30.0, gt=0, description="seconds before a page is tried again, then 3 times more"
    )
    message_time: MessageTime = Field(
        "wall", description="what a message's time is: wall (seen) or published (for replays)"
    )

    @field_validator("fetch_allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        allowed_hosts(value)
        return value


def allowed_hosts(value: str) -> frozenset[tuple[str, int]]:
    """Read `HOST:PORT,HOST:PORT`; an IPv6 address stands in brackets."""
    hosts = set()
    for each in filter(None, (part.strip() for part in value.split(","))):
        host, _, port = each.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"{each!r} is not HOST:PORT")
        hosts.add((host.strip("[]").lower(), int(port)))
    return frozenset(hosts)
