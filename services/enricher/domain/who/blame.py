"""Which of the actors named did it: claims first, then grammar ("X killed", "by X"; not "X members were killed")."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.enricher.domain.who.claims import Claim, Mention, cue, only_kin
from shared.codes import ClaimMode

_MODE = {
    ClaimMode.CLAIMED: 4.0,
    ClaimMode.BLAMED: 3.0,
    ClaimMode.SUSPECTED: 2.5,
    ClaimMode.UNKNOWN: 0.0,
    ClaimMode.DENIED: -2.0,
}


_UNTIED = (ClaimMode.UNKNOWN, ClaimMode.SUSPECTED)  # "suspected X fighters" may be those killed


def responsible(text: str, mentions: Sequence[Mention], claims: Sequence[Claim]) -> list[int]:
    """Indexes of the mentions that may have done it, likeliest first; those that suffered or denied it are left out."""
    scores = [_score(text, mention, claim) for mention, claim in zip(mentions, claims, strict=True)]
    own = [
        claim.mode is ClaimMode.CLAIMED and mention.id is not None
        for mention, claim in zip(mentions, claims, strict=True)
    ]
    for i, j in _together(text, mentions, scores):
        scores[i] = scores[j] = max(scores[i], scores[j])
        own[i] = own[j] = own[i] or own[j]
    scored = [(score - 0.05 * i, i) for i, score in enumerate(scores)]
    left = [i for score, i in sorted(scored, key=lambda pair: -pair[0]) if score > -1.0]
    left = _without_rivals(left, mentions, own)
    left = _without_kin(text, left, mentions)
    left = _without_bystanders(left, mentions, scores)
    return _without_members(left, mentions, scores, own)


def _without_rivals(left: list[int], mentions: Sequence[Mention], own: Sequence[bool]) -> list[int]:
    """Where a group says that it did it, whoever else is blamed for it is a second guess."""
    claimants = {_name(mentions[i]) for i in left if own[i]}
    return [i for i in left if not claimants or mentions[i].kind != "organisation" or _name(mentions[i]) in claimants]


def _without_kin(text: str, left: list[int], mentions: Sequence[Mention]) -> list[int]:
    """ "X, a group linked to Y": Y did not do it."""
    kin = {i for i in left if not mentions[i].in_title and only_kin(text, mentions[i])}
    others = any(mentions[i].kind == "organisation" for i in left if i not in kin)
    return [i for i in left if i not in kin] if others else left


def _without_members(
    left: list[int], mentions: Sequence[Mention], scores: Sequence[float], own: Sequence[bool]
) -> list[int]:
    """Beside a group that did it its men are no party of their own (GTD); a claim alone does not make them its men."""
    tied = any(mentions[i].id and scores[i] > TIED and not own[i] for i in left)
    return [i for i in left if not tied or mentions[i].kind != "individual"]


def _together(text: str, mentions: Sequence[Mention], scores: Sequence[float]) -> Iterator[tuple[int, int]]:
    """ "X and Y both claimed", "the work of X and Y": what is said of one is said of both."""
    for i, j in pairwise(range(len(mentions))):
        one, other = mentions[i], mentions[j]
        if one.in_title or other.in_title or one.kind != other.kind or one.kind == "generic":
            continue
        if _AND.fullmatch(text[one.end : other.start]) and min(scores[i], scores[j]) >= (
            0 if one.kind == "organisation" else -1
        ):
            yield i, j


_AND = re.compile(r",?(?: and| or|,)(?: the)? (?:[a-z]+ (?:guerrillas |militants |rebels |terrorists )?of (?:the )?)?")
TIED = 0.2  # a score that grammar or a claim gave


def _without_bystanders(left: list[int], mentions: Sequence[Mention], scores: Sequence[float]) -> list[int]:
    """Of organisations that nothing ties to the deed only the first, and that only where none is tied."""
    groups = [i for i in left if mentions[i].kind == "organisation"]
    tied = [i for i in groups if scores[i] > TIED]
    known = [i for i in groups if mentions[i].id]
    if not set(tied) & set(known):  # a group not on file may be a man, or another's wing
        tied += known[:1]
    kept = {_name(mentions[i]) for i in tied or groups[:1]}
    return [i for i in left if mentions[i].kind != "organisation" or _name(mentions[i]) in kept]


def _name(mention: Mention) -> str:
    return mention.id or mention.name


def _score(text: str, mention: Mention, claim: Claim) -> float:
    score = _MODE[claim.mode]
    if mention.kind != "organisation":
        score -= 1.0 if mention.kind == "individual" else 3.0
    if mention.in_title:
        return score
    before, after = text[max(0, mention.start - 50) : mention.start], text[mention.end : mention.end + 90]
    if cue("others_after").search(after):
        return min(score, _MODE[ClaimMode.DENIED])
    if only_kin(text, mention):
        score -= 0.8
    if cue("suffers").search(after):
        score -= 0.7
    elif cue("target").search(after):
        score -= 1.2
    elif cue("does").search(after) or cue("by").search(before):
        score += 1.5
    if cue("harmed_before").search(before) and claim.mode in _UNTIED:
        by_forces = cue("forces").search(text[max(0, mention.start - 120) : mention.start])
        score = min(score, 0.0) - (1.2 if by_forces else 0.5)
    if cue("about_before").search(before) and claim.mode in _UNTIED:
        score = min(score, 0.0) - 0.5
    if cue("against").search(before) and claim.mode is ClaimMode.UNKNOWN:
        score -= 1.2
    if claim.mode is ClaimMode.DENIED and cue("blamed_before").search(before):
        score += 2.0
    return score
