"""The table of promises in services/alerting/README.md names tests that exist, and the examples there are sound."""

import re
from pathlib import Path

import yaml

from services.alerting.domain.policy import CHAIN
from services.alerting.domain.rulebook import read

README = Path("services/alerting/README.md").read_text(encoding="utf-8")
SUITES = ("integration/test_alerting*.py", "faults/test_delivery*.py", "unit/alerting/test_*.py")
SUITE = "".join(file.read_text(encoding="utf-8") for suite in SUITES for file in Path("tests").glob(suite))


def test_every_promise_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `(test_\w+)` \|$", README, re.MULTILINE)
    assert len(rows) >= 39
    assert [promise for promise, test in rows if f"\ndef {test}(" not in SUITE] == []


def test_the_chain_is_told_as_it_is() -> None:
    told = README.split("## The chain")[1].split("## A rule")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| ", told, re.MULTILINE)[1:]
    steps = [name.strip().replace(" ", "_") for row in rows for name in row.split(",")]
    assert steps == [step.__name__ for step in CHAIN]


def test_the_rule_and_the_configuration_shown_can_be_imported() -> None:
    rule, config = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    names = ["duty-desk", "board", "weekly-mail", "manager"]
    secrets = {"url": "https://hooks.example/x", "secret": "env:SECRET"}
    destinations = [{"id": name, "channel": "webhook", "config": {**secrets, **config}} for name in names]
    rules, entries = read({"rules": rule, "destinations": destinations})
    assert (len(rules), len(entries)) == (1, 4)
    assert rules[0].summary == (
        "blasts: region Sahel; near possible 300 km of 13.51, 2.11; attack type bombing_explosion; killed at least 5"
        " -> duty-desk; confirmed: board; digest: weekly-mail; after 15 min unacknowledged: manager;"
        " updates on toll, claim, status; killed only across 10, 50, 100;"
        " hidden by a wider alert or a graver alert about the same country for 12 h"
    )
