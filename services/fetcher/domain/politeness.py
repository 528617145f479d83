"""How fast a site may be asked: a token bucket for each registrable domain."""

from dataclasses import dataclass, field

_MOST_KNOWN = 10_000  # sites, before full buckets are looked for


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
    _forgotten_at: float = float("-inf")

    def wait(self, site: str, now: float) -> float:
        """Take a token; returns in how many seconds the request may be made."""
        if len(self._buckets) >= _MOST_KNOWN and now - self._forgotten_at >= self.burst / self.per_second:
            self._forget_full(now)
        bucket = self._buckets.setdefault(site, _Bucket(self.burst, now))
        bucket.tokens = self._tokens(bucket, now) - 1
        bucket.at = now
        return max(0.0, -bucket.tokens / self.per_second)

    def __len__(self) -> int:
        return len(self._buckets)

    def give_back(self, site: str) -> None:
        """The request was not made after all."""
        if bucket := self._buckets.get(site):
            bucket.tokens += 1

    def _forget_full(self, now: float) -> None:
        """Drop buckets that are full again: they say nothing."""
        self._forgotten_at = now
        self._buckets = {
            site: bucket for site, bucket in self._buckets.items() if self._tokens(bucket, now) < self.burst
        }

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        return min(self.burst, bucket.tokens + (now - bucket.at) * self.per_second)
