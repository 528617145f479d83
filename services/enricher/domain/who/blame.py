"""Which of the actors named did it: claims first, then grammar ("X killed", "by X"; not "X members were killed")."""

from collections.abc import Sequence

from services.enricher.domain.who.claims import Claim, Mention, cue, only_kin
from shared.codes import ClaimMode

_MODE = {
    ClaimMode.CLAIMED: 4.0,
    ClaimMode.BLAMED: 3.0,
    ClaimMode.SUSPECTED: 2.5,
    ClaimMode.UNKNOWN: 0.0,
    ClaimMode.DENIED: -2.0,
}


def responsible(text: str, mentions: Sequence[Mention], claims: Sequence[Claim]) -> list[int]:
    """Indexes of the mentions that may have done it, likeliest first; those that suffered or denied it are left out."""
    scored = [(_score(text, m, c) - 0.05 * i, i) for i, (m, c) in enumerate(zip(mentions, claims, strict=True))]
    left = [i for score, i in sorted(scored, key=lambda pair: -pair[0]) if score > -1.0]
    kin = {i for i in left if not mentions[i].in_title and only_kin(text, mentions[i])}
    others = any(mentions[i].kind == "organisation" for i in left if i not in kin)
    return [i for i in left if i not in kin] if others else left  # "X, a group linked to Y": Y did not do it


def _score(text: str, mention: Mention, claim: Claim) -> float:
    score = _MODE[claim.mode]
    if mention.kind != "organisation":
        score -= 1.0 if mention.kind == "individual" else 3.0
    if mention.in_title:
        return score
    before, after = text[max(0, mention.start - 50) : mention.start], text[mention.end : mention.end + 90]
    if only_kin(text, mention):
        score -= 0.8
    if cue("suffers").search(after):
        score -= 0.7
    elif cue("target").search(after):
        score -= 1.2
    elif cue("does").search(after) or cue("by").search(before):
        score += 1.5
    if cue("against").search(before) and claim.mode is ClaimMode.UNKNOWN:
        score -= 1.2
    if claim.mode is ClaimMode.DENIED and cue("blamed_before").search(before):
        score += 2.0
    return score
