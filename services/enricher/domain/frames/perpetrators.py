"""Which of the actors that an article names did the attack of an episode, and on whose word.

Armed groups and persons known by name are weighed by `blame`; "gunmen" and other words for persons come from the roles.
"""

import re
from collections.abc import Iterator, Sequence

from services.enricher.domain.frames.episodes import Episode
from services.enricher.domain.frames.findings import TITLE, Findings
from services.enricher.domain.text.article import Document, sentence_at
from services.enricher.domain.text.lexicon import load
from services.enricher.domain.what.slots import RoleMention
from services.enricher.domain.who import blame
from services.enricher.domain.who.actors import ActorMention
from shared.codes import ClaimMode
from shared.contracts import Evidence, Perpetrator

MOST = 6

_COUNT = re.compile(
    r"^(?:(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|other|more) )+", re.IGNORECASE
)
_ADJECTIVE = re.compile(  # "terrorist attack", "rebel group": the word is not a person
    r" (?:attack|act|action|bomb|group|organi[sz]ation|plot|threat|network|cell|activit|violence|offensive|operation"
    r"|leader|movement|campaign|target|incident|suspect|force|unit|front|commander|stronghold|position|fire\b)",
    re.IGNORECASE,
)


def of_episode(document: Document, found: Findings, episode: Episode) -> tuple[list[Perpetrator], list[Evidence]]:
    """Groups first, then persons; each with the words that name it and, where there are any, those that tie it."""
    told: dict[tuple[str, str], tuple[Perpetrator, list[Evidence]]] = {}
    for index in blame.responsible(document.text, found.actors, found.claims):
        actor, claim = found.actors[index], found.claims[index]
        if actor.kind == "generic" or not _within(document, actor, episode):
            continue
        if not episode.reported and claim.mode is ClaimMode.UNKNOWN:
            continue  # a comment names many beside an attack that it mentions
        one = Perpetrator(name=actor.name, id=actor.id, kind=actor.kind, mention=actor.text, claim=claim.mode)
        spans = [Evidence(field="", start=actor.start, end=actor.end, in_title=actor.in_title)]
        if claim.start is not None and claim.end is not None:
            spans.append(Evidence(field=".claim", start=claim.start, end=claim.end))
        told.setdefault((actor.kind, actor.id or actor.name.casefold()), (one, spans))
    groups = any(kind == "organisation" for kind, _ in told)
    for person in found.individuals:
        if person.sentence in episode.sentences and _tells_who(document, found, person, groups):
            words = _COUNT.sub("", person.text)
            one = Perpetrator(name=words, kind="individual", mention=words)
            spans = [Evidence(field="", start=person.start, end=person.end)]
            told.setdefault(("individual", words.casefold()), (one, spans))
    ranked = _without_spokesmen(sorted(told.values(), key=lambda pair: _rank(pair[0])))
    if any(one.claim is not ClaimMode.DENIED for one, _ in ranked):
        ranked = [pair for pair in ranked if pair[0].claim is not ClaimMode.DENIED]
    kept = ranked[:MOST]
    evidence = [
        span.model_copy(update={"field": f"perpetrators[{number}]{span.field}"})
        for number, (_, spans) in enumerate(kept)
        for span in spans
    ]
    return [one for one, _ in kept], evidence


def _tells_who(document: Document, found: Findings, person: RoleMention, groups: bool) -> bool:
    """Whether "gunmen", "two hired assassins" say more of who did it than is known: `groups` that did it are named."""
    words = {word.removesuffix("s") for word in re.findall(r"\w+", person.text.lower())}
    lists = load("actors")
    if (
        not words.isdisjoint(lists["nobody"])
        or words <= set(lists["describing"])
        or _ADJECTIVE.match(document.text, person.end)
    ):
        return False
    named = any(one.start < person.end and person.start < one.end for one in _of_text(found.actors))
    return not named and (words <= {*lists["anybody"], *lists["describing"]} or (person.told and not groups))


def _of_text(actors: Sequence[ActorMention]) -> Iterator[ActorMention]:
    return (one for one in actors if one.kind != "generic" and not one.in_title)


Told = tuple[Perpetrator, list[Evidence]]


def _without_spokesmen(ranked: list[Told]) -> list[Told]:
    """Who claims a deed for a group that is named speaks for it."""
    if not any(one.kind == "organisation" for one, _ in ranked):
        return ranked
    return [(one, spans) for one, spans in ranked if one.kind == "organisation" or one.claim is not ClaimMode.CLAIMED]


def _within(document: Document, actor: ActorMention, episode: Episode) -> bool:
    sentence = TITLE if actor.in_title else sentence_at(document.sentences, actor.start)
    return sentence in episode.sentences


def _rank(one: Perpetrator) -> tuple[bool, int]:
    order = (ClaimMode.CLAIMED, ClaimMode.BLAMED, ClaimMode.SUSPECTED, ClaimMode.UNKNOWN, ClaimMode.DENIED)
    return one.kind == "individual", order.index(one.claim)
