"""How fast a site may be asked: a token bucket for each registrable domain."""

from dataclasses import dataclass, field


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class Politeness:
    """`per_second` requests to one site in the long run, `burst` at once. Times are monotonic seconds."""

    per_second: float
    burst: float
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def wait(self, site: str, now: float) -> float:
        """Take a token; returns in how many seconds the request may be made."""
        bucket = self._buckets.setdefault(site, _Bucket(self.burst, now))
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.per_second) - 1
        bucket.at = now
        return max(0.0, -bucket.tokens / self.per_second)

    def give_back(self, site: str) -> None:
        """The request was not made after all."""
        self._buckets[site].tokens += 1

    def forget_idle(self, now: float) -> None:
        """Drop buckets that are full again: they say nothing."""
        refill = self.burst / self.per_second
        self._buckets = {site: bucket for site, bucket in self._buckets.items() if now - bucket.at < 2 * refill}

    def known(self) -> set[str]:
        return set(self._buckets)
