"""The made-up world of the benchmarks holds to the contracts, and is the same for the same seed."""

import json
from itertools import islice

from services.enricher.domain.linking.reports import ReportRecord
from shared.contracts import EventSnapshot
from tests.benchmarks.world import World


def test_events_and_reports_are_valid_and_as_many_as_asked() -> None:
    attacks = list(World(1).attacks(40, 5, fingerprints=True, seed=1))
    assert sum(len(attack.reports) for attack in attacks) == 200
    for attack in attacks:
        snapshot = EventSnapshot.model_validate(attack.row["snapshot"])
        assert snapshot.event_id == attack.id
        reports = [ReportRecord.model_validate(report) for report in attack.reports]
        assert snapshot.first_reported_at == reports[0].published_at
    assert len({report["article_id"] for attack in attacks for report in attack.reports}) == 200


def test_the_same_seed_gives_the_same_world_and_another_another() -> None:
    first, again, other = (
        json.dumps([attack.row for attack in islice(World(seed).attacks(9, 2, False, seed), 9)]) for seed in (1, 1, 2)
    )
    assert first == again != other
