"""Whom an attack was done to, by name: two of one town and week that name other victims are two."""

from services.enricher.domain.linking.reports import ReportRecord

SHORTEST_SURNAME = 3
_AFTER_A_NAME = frozenset({"jr", "sr", "ii", "iii", "iv"})


def surnames(report: ReportRecord) -> frozenset[str]:
    """Of the victims named in full, lower case; papers leave out second names and spell first ones differently."""
    return frozenset(name for victim in report.frame.victims if (name := _surname(victim.mention)))


def _surname(mention: str) -> str | None:
    names = [word.rstrip(".,") for word in mention.split()]
    if len(names) < 2 or not all(name[:1].isupper() for name in names):
        return None
    last = next((name.casefold() for name in reversed(names) if name.casefold() not in _AFTER_A_NAME), "")
    return last if len(last) >= SHORTEST_SURNAME else None
