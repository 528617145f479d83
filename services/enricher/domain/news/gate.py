"""The gate: drops in microseconds the articles that cannot be about attacks, in any language of the lexicon.

An article passes with one `certain` trigger ("gunmen", "coche bomba") or two different `possible` ones ("killed",
"blast"); where a text is short, one will do. What it lets pass that is no attack costs time only: the kind comes later.
"""

from functools import cache

from services.enricher.domain.news import cues
from services.enricher.domain.text import lexicon

SHORT = 1_000  # characters: a snippet or a lead has no room for a second trigger
HEAD = 20_000  # characters read: an attack that an article reports is named well before


def passes(title: str | None, text: str, language: str | None = None) -> bool:
    """Whether an article may be about an attack; where its language is not known, by the triggers of all of them."""
    needed = 1 if len(text) < SHORT else 2
    seen: set[int] = set()
    for cue in _triggers(language).every(cues.fold(f"{title or ''}\n{text[:HEAD]}")):
        if "certain" in cue.classes:
            return True
        if "possible" in cue.classes:
            seen.add(id(cue.classes))
            if len(seen) >= needed:
                return True
    return False


@cache
def _triggers(language: str | None) -> cues.Matcher:
    """The triggers of a language, or of every language, in one automaton."""
    found: dict[str, frozenset[str]] = {}
    for one in [language] if language else sorted(lexicon.languages("triggers")):
        data = lexicon.load(f"triggers/{one}")
        found.update((word, frozenset(("possible", word))) for word in [*data["possible"], *data.get("gate", [])])
        found.update((word, frozenset(("certain", word))) for word in data["certain"])
    return cues.Matcher(found)
