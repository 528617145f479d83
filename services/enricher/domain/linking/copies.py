"""Texts that are copies of one another, by their MinHash fingerprints: ten papers printing one story are one source."""

from collections import defaultdict
from operator import eq

from services.enricher.domain.linking.reports import ReportRecord

NEAR_COPY = 0.7  # similarity from which two texts have one origin
LOOKED_AT = 16  # of a fingerprint's values: near copies that agree in none of them are 0.3 ** 16


class SharedTexts:
    """Finds near copies without comparing all with all: those agree in one of a few values, but for one in 10^8."""

    def __init__(self) -> None:
        self._with_value: dict[tuple[int, int], list[ReportRecord]] = defaultdict(list)

    def add(self, report: ReportRecord) -> None:
        for key in enumerate(report.fingerprint[:LOOKED_AT]):
            self._with_value[key].append(report)

    def has_copy_of(self, report: ReportRecord) -> bool:
        alike = {
            other.report_id: other
            for key in enumerate(report.fingerprint[:LOOKED_AT])
            for other in self._with_value.get(key, ())
        }
        return any(similarity(report, other) >= NEAR_COPY for other in alike.values())


def similarity(a: ReportRecord, b: ReportRecord) -> float:
    """Estimated Jaccard similarity of two texts by their MinHash fingerprints; 0 where one has none."""
    if not a.fingerprint or len(a.fingerprint) != len(b.fingerprint):
        return 0.0
    same: int = sum(map(eq, a.fingerprint, b.fingerprint))
    return same / len(a.fingerprint)
