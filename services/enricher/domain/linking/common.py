"""What two sets of words share."""

from functools import lru_cache

Words = frozenset[str]


@lru_cache(512)  # about twice what one report asks, and it asks for each thing twice
def common(a: Words, b: Words) -> Words:
    return a & b
