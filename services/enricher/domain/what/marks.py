"""What the encoder marked in a text, laid over what the rules found there.

Rules name few of those that a writer describes in words of his own, and name some that only stand near; the encoder
marks too much. So a mention of the rules stays unless the encoder is sure that it is none, and a marked one is added
where it is sure.

Both bounds were chosen on a fifth of muc4/train (257 articles) that an encoder trained on the other four had not seen:
of DOUBTED .01, .02, .03, .05, .08 and SURE .7, .75, .8, .85, .9, .95 the pair with the best micro F1 (CEAF-REE). With
DOUBTED .05 that is .455 at SURE .85, .454 at .9 and .441 at .95 (rules alone .410), so SURE was set between the first
two; .87 itself was not tried there.
"""

from collections.abc import Collection, Sequence

from services.enricher.domain.news.reading import SLOTS, Piece
from services.enricher.domain.text.article import Sentence, sentence_at
from services.enricher.domain.text.tokens import Phrases, tokenize
from services.enricher.domain.what.role_words import RoleMention, distinct, lists
from shared.codes import TargetType, WeaponType

DOUBTED = 0.05  # a mention of the rules with less than this is dropped
SURE = 0.87  # a marked one with at least this is added
_ARTICLES = ("the ", "a ", "an ")


def laid_over(
    slot: str, rules: Sequence[RoleMention], pieces: Sequence[Piece], text: str, sentences: Sequence[Sentence]
) -> list[RoleMention]:
    """The mentions of a slot (one of `SLOTS`) by both, as they stand in the text; by rules where nothing was read."""
    if not pieces:
        return list(rules)
    number = SLOTS.index(slot)
    kept = [one for one in rules if _support(one, pieces, number) >= DOUBTED]
    held = [one.text.lower() for one in kept]
    added = [
        one
        for one in _marked(number, pieces, text, sentences)
        if not any(one.text.lower() in other or other in one.text.lower() for other in held)
    ]
    return distinct(sorted([*kept, *added], key=lambda one: one.start))


def _support(mention: RoleMention, pieces: Sequence[Piece], number: int) -> float:
    """How probable the encoder thinks it that the words of a mention are in a slot; 1 where it did not read them."""
    inside = [piece.slots[number] for piece in pieces if piece.start >= mention.start and piece.end <= mention.end]
    return sum(inside) / len(inside) if inside else 1.0


def _marked(number: int, pieces: Sequence[Piece], text: str, sentences: Sequence[Sentence]) -> list[RoleMention]:
    runs: list[list[Piece]] = []
    before: Piece | None = None
    for piece in pieces:
        if piece.slots[number] > 0.5:
            if before is not None and (not piece.first or piece.start == before.end):
                runs[-1].append(piece)
            else:
                runs.append([piece])
            before = piece
        else:
            before = None
    found = []
    for run in runs:
        start, end = run[0].start, run[-1].end
        sentence = sentence_at(sentences, start)
        if sentence is None or end > sentences[sentence].end or sum(one.slots[number] for one in run) / len(run) < SURE:
            continue
        start += next((len(word) for word in _ARTICLES if text[start:end].lower().startswith(word)), 0)
        found.append(RoleMention(text[start:end], start, end, sentence, _type(text[start:end], number)))
    return found


def _type(words: str, number: int) -> str | None:
    """The GTD type of what is named, by the last word of it that the lists have."""
    if SLOTS[number] == "Target":
        return _last(words, lists().targets, set(TargetType))
    return _last(words, lists().weapons, set(WeaponType)) if SLOTS[number] == "Weapon" else None


def _last(words: str, phrases: Phrases, types: Collection[str]) -> str | None:
    tokens = tokenize(words, 0)
    known = [at[0] for at in (phrases.at(tokens, index) for index in range(len(tokens))) if at and at[0] in types]
    return known[-1] if known else None
