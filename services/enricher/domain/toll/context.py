"""What the rest of a sentence says about a number of dead or hurt: of which time and of which attack it is."""

from collections.abc import Sequence

from services.enricher.domain.text.tokens import Token
from services.enricher.domain.toll.words import Words

AFTER, HEAD = 60, 12  # characters: how far after a number, or into the sentence, a period may stand that covers it


class Context:
    """The periods and pointers of one sentence."""

    def __init__(self, tokens: Sequence[Token], lists: Words) -> None:
        self.start = tokens[0].start
        self.periods = _periods(tokens, lists)
        self.counts_attacks = _counts_attacks(tokens, lists)
        self.forces = any(token.lower in lists.forces for token in tokens)
        self.further = [token.start for token in tokens if token.lower in lists.further]
        self.sums_up = any(lists.unrelated.at(tokens, index) is not None for index in range(len(tokens)))
        self.elsewhere = [
            token.start for index, token in enumerate(tokens) if lists.elsewhere.at(tokens, index) is not None
        ]

    def is_cumulative(self, start: int, end: int) -> bool:
        """A period longer than one attack stands near after the number, or at the head of the sentence."""
        if self.counts_attacks and self.periods:
            return True
        return any(
            0 <= period - end < AFTER or (period - self.start < HEAD and period < start) for period in self.periods
        )

    def is_elsewhere(self, start: int) -> bool:
        """ "In a separate attack, five were killed", "five were killed in separate shootings"."""
        return self.sums_up or any(pointer < start for pointer in self.elsewhere)

    def is_further(self, start: int) -> bool:
        """ "A second bomb killed five"."""
        return any(pointer < start for pointer in self.further)


def _periods(tokens: Sequence[Token], lists: Words) -> list[int]:
    """Where the sentence names a period longer than one attack: "this year", "since 2004"."""
    many = any(token.lower in lists.many_attacks for token in tokens)
    found = []
    for index, token in enumerate(tokens):
        if (lists.cumulative.at(tokens, index) is not None and not _of_one_attack(tokens, index, lists)) or (
            token.lower in lists.years_after and _is_year(tokens, index + 1) and (many or token.lower == "since")
        ):
            found.append(token.start)
    return found


def _counts_attacks(tokens: Sequence[Token], lists: Words) -> bool:
    """ "236 attacks", "more than 40 shootings"."""
    return any(
        token.lower in lists.many_attacks
        and any(one.text.isdigit() and int(one.text) >= 10 for one in tokens[max(0, i - 3) : i])
        for i, token in enumerate(tokens)
    )


def _is_year(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and len(tokens[index].text) == 4 and tokens[index].text[:2] in ("19", "20")


def _of_one_attack(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    """ "in the third attack this year", "the worst in a decade": said of one attack."""
    return any(token.lower in lists.one_attack for token in tokens[max(0, index - 8) : index])
