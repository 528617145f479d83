"""Which of the actors that an article names did it, and on whose word.

A group belongs to an attack where the text ties it to the deed: it claimed it, was blamed or suspected, or stands as
the one who acts in a sentence of the attack. Where it is fought, attacked or killed itself, it does not.
"""

import re
from collections.abc import Sequence

from services.enricher.domain.actors import ActorMention, Claim
from services.enricher.domain.episodes import Episode
from services.enricher.domain.findings import TITLE, Findings
from services.enricher.domain.text import Document, Sentence, sentence_at
from shared.codes import ClaimMode
from shared.contracts import Evidence, Perpetrator

MOST = 6
BRIEF = 3  # sentences: so short a text names a group for what it did

_ACTS_ON_IT = re.compile(
    r"\b(?:against|fight(?:ing|s)?|fought|battl\w+|targett?(?:ed|ing|s)|hunt\w*|raid\w* on|attack(?:s|ed|ing)?(?: on)?"
    r"|kill(?:ed|ing|s)|captur\w+|arrest\w*|detain\w*|between|former|anti|ex|clash\w* with|offensive on|war on|rival"
    r"|criticis\w+|loyal to|opposed to|support\w*|recaptured from|controlled by|held by|under)"
    r"\s+(?:the |an? |\d+ |two |three |several |suspected |alleged )*$",
    re.IGNORECASE,
)
_HAPPENS_TO_IT = re.compile(
    r"^(?:['’]s)?\s*(?:\w+\s){0,2}?(?:was|were|are|is|have been|had been|has been)\s+(?:also\s)?"
    r"(?:killed|wounded|shot|arrested|attacked|captured|injured|targeted)\b"
    r"|^(?:['’]s)?[ -](?:stronghold|controlled|held|territory|headquarters|positions?|camp|victims?|leader was"
    r"|commander was|convoy|checkpoint)\b",
    re.IGNORECASE,
)
_ACTS = re.compile(
    r"\b(?:attack|ambush|kill|shot|shoot|bomb|kidnap|abduct|behead|execut|stab|storm|raid|detonat|blew|blow|explod|fire[ds]?\b"
    r"|burn|set |assassinat|murder|hijack|seiz|took|take|claim|plant|massacr|torch|slaughter|hack|launch|carried out|hit\b"
    r"|struck|strike|destroy|open(?:ed|s) fire|target|crucif|hold|held|threw|throw|blast|ram)",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:by|to|on|from)\s+(?:the |an? |suspected |alleged |members of |militants (?:from|of) |\w+ )*$", re.IGNORECASE
)
# Only says that somebody did it, or how (`suicide` has that): no perpetrator is named by it.
_NOBODY = re.compile(
    r"\b(?:bomber|attacker|assailant|perpetrator|shooter|killer|militiam[ae]n|militia)s?\b", re.IGNORECASE
)
_COUNT = re.compile(
    r"^(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|other|more) ", re.IGNORECASE
)
_ADJECTIVE = re.compile(  # "terrorist attack", "rebel group": the word is not a person
    r" (?:attack|act|action|bomb|group|organi[sz]ation|plot|threat|network|cell|activit|violence|offensive|operation|leader"
    r"|movement|campaign|target|incident|suspect|force|unit|front|commander|stronghold|position|fire\b)",
    re.IGNORECASE,
)


def of_episode(
    document: Document, found: Findings, episode: Episode, focus: Sequence[int]
) -> tuple[list[Perpetrator], list[Evidence]]:
    """Groups first, then persons; each with the words that name it and, where there are any, those that tie it."""
    told: dict[tuple[str, str], tuple[Perpetrator, list[Evidence]]] = {}
    for actor, claim in zip(found.actors, found.claims, strict=True):
        mode = _tie(document, actor, claim, episode, focus)
        if mode is None or actor.kind == "generic":
            continue
        key = (actor.kind, actor.id or actor.name.casefold())
        known = told.get(key)
        if known and (known[0].claim is not ClaimMode.UNKNOWN or mode is ClaimMode.UNKNOWN):
            continue
        one = Perpetrator(name=actor.name, id=actor.id, kind=actor.kind, mention=actor.text, claim=mode)
        spans = [Evidence(field="", start=actor.start, end=actor.end, in_title=actor.in_title)]
        if claim.start is not None and claim.end is not None:
            spans.append(Evidence(field=".claim", start=claim.start, end=claim.end))
        told[key] = (one, spans)
    own = set(episode.sentences)
    for person in found.individuals:
        says_nothing = _ADJECTIVE.match(document.text, person.end) or _NOBODY.search(person.text)
        if person.sentence in own and not says_nothing and ("individual", person.text.casefold()) not in told:
            words = _COUNT.sub("", _COUNT.sub("", person.text))
            one = Perpetrator(name=words, kind="individual", mention=words)
            told["individual", person.text.casefold()] = (one, [Evidence(field="", start=person.start, end=person.end)])
    ranked = sorted(told.values(), key=lambda pair: _rank(pair[0]))
    if any(one.claim is not ClaimMode.DENIED for one, _ in ranked):
        ranked = [pair for pair in ranked if pair[0].claim is not ClaimMode.DENIED]
    kept = ranked[:MOST]
    evidence = [
        span.model_copy(update={"field": f"perpetrators[{number}]{span.field}"})
        for number, (_, spans) in enumerate(kept)
        for span in spans
    ]
    return [one for one, _ in kept], evidence


def _rank(one: Perpetrator) -> tuple[bool, int]:
    order = (ClaimMode.CLAIMED, ClaimMode.BLAMED, ClaimMode.SUSPECTED, ClaimMode.UNKNOWN, ClaimMode.DENIED)
    return one.kind == "individual", order.index(one.claim)


def _tie(
    document: Document, actor: ActorMention, claim: Claim, episode: Episode, focus: Sequence[int]
) -> ClaimMode | None:
    """How an actor is tied to the attack of an episode; null where it is not."""
    if actor.in_title:
        if TITLE not in episode.sentences:
            return None
        sentence: Sentence = document.headline[sentence_at(document.headline, actor.start) or 0]
        whole, own = document.title, True
    else:
        index = sentence_at(document.sentences, actor.start)
        if index is None or index not in episode.sentences:
            return None
        sentence, whole, own = document.sentences[index], document.text, index in focus
    if claim.mode is not ClaimMode.UNKNOWN:
        return claim.mode
    if not (own and episode.reported) or (actor.kind == "individual" and actor.in_title):
        return ClaimMode.UNKNOWN if actor.kind == "individual" and episode.reported else None
    before = whole[sentence.start : actor.start]
    after = whole[actor.end : sentence.end]
    if _ACTS_ON_IT.search(before[-60:]) or _HAPPENS_TO_IT.search(after[:60]):
        return None
    acts = len(document.sentences) <= BRIEF or _BY.search(before[-60:]) or _ACTS.search(after)
    return ClaimMode.UNKNOWN if acts else None
