"""MinHash of a text: two fingerprints agree in as many places, on average, as the texts share runs of words.

A. Z. Broder, On the resemblance and containment of documents (1997): Jaccard similarity of the sets of shingles,
estimated by the share of equal values at the same position.
"""

from rensa import RMinHash

from services.parser.domain.words import words

PERMUTATIONS = 128
_SEED = 42  # part of the format: fingerprints of another seed cannot be compared
_SHINGLE = 3  # words


def minhash(text: str) -> list[int]:
    """128 values of 32 bit over runs of three words, case folded; of a text of one or two words over these."""
    read = words(text)
    runs = range(max(1, len(read) - _SHINGLE + 1)) if read else ()
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update([" ".join(read[start : start + _SHINGLE]) for start in runs])
    return list(sketch.digest())
