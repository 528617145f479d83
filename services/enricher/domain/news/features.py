"""What the kind classifier sees of an article: which classes of cues stand in its title, its head and its body.

No word of a text is a feature, only the classes of the trigger lexicon, so weights fitted on some sources carry over to
others, and weights fitted on English to the other languages of the lexicon.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from math import log, sqrt

from services.enricher.domain.news import cues
from services.enricher.domain.text.article import Document, Sentence

HEAD = 3  # sentences after the title that say what the news is
BODY = 60  # sentences read

_ATTACK = frozenset({"certain", "harm", "violence"})
_LATER = frozenset(
    "arrest charge trial toll claim mourning anniversary definite freed inquiry reaction".split(" ")  # noqa: SIM905
)
_YEAR = re.compile(r"\b(?:19[4-9]\d|20[0-4]\d)\b")

Classes = frozenset[str]


def classes(sentences: Sequence[Sentence], matcher: cues.Matcher) -> list[Classes]:
    """The classes of the cues in each sentence, and which comes first: the attack or what followed it."""
    return [_classes(matcher.find(sentence.text)) for sentence in sentences]


def _classes(found: Sequence[cues.Cue]) -> Classes:
    order = (
        "later_first" if cue.classes & _LATER else "attack_first"
        for cue in found
        if cue.classes & _LATER or cue.classes & _ATTACK
    )
    return frozenset().union(*(cue.classes for cue in found), islice(order, 1))


def tells_attack(found: Classes) -> bool:
    """A sentence that may tell of an attack: by a word that means one, or by harm that an armed group or weapon did."""
    return "certain" in found or ("harm" in found and not found.isdisjoint({"perpetrator", "weapon", "violence"}))


def mentions_attack(found: Classes) -> bool:
    """A sentence with a word of attack in it, told or only spoken of."""
    return not found.isdisjoint({"certain", "deed", "definite"})


def features(document: Document, title: Sequence[Classes], body: Sequence[Classes]) -> Mapping[str, float]:
    """Named features, each between 0 and about 3; those that are 0 are left out."""
    body = body[:BODY]
    head = [*title, *body[:HEAD]]
    told = [index for index, found in enumerate(body) if tells_attack(found)]
    values = {
        **{f"title:{name}": 1.0 for name in _all(title)},
        **{f"head:{name}": 1.0 for name in _all(head)},
        **{f"open:{name}": 1.0 for name in _all(body[:1])},
        **{f"share:{name}": sqrt(n / len(body)) for name, n in _counts(body).items()},
        **{f"count:{name}": log(1 + n) / 2 for name, n in _counts(body).items()},
        **_told_with("head", [found for found in head if tells_attack(found)], 1),
        **_told_with("open", [found for found in body[:1] if tells_attack(found)], 1),
        **_told_with("body", [body[index] for index in told], max(1, len(body))),
        "told:count": log(1 + len(told)) / 2,
        "told:share": sqrt(len(told) / max(1, len(body))),
        "told:first": 1 / (1 + told[0]) if told else 0.0,
        "told:title": float(any(map(tells_attack, title))),
        "told:head": float(any(map(tells_attack, head))),
        "told:brief": float(bool(told) and len(body) <= 3),
        "years": min(len(set(_YEAR.findall(document.text[:6000]))), 6) / 3,
        "questions": min(document.text[:6000].count("?"), 6) / 3,
    }
    return {name: value for name, value in values.items() if value}


def _all(sentences: Sequence[Classes]) -> Classes:
    return frozenset().union(*sentences)


def _counts(sentences: Sequence[Classes]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for found in sentences:
        for name in found:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _told_with(zone: str, telling: Sequence[Classes], out_of: int) -> dict[str, float]:
    counts = _counts(telling)
    return {f"{zone}:told+{name}": min(1.0, sqrt(count / out_of)) for name, count in counts.items()}
