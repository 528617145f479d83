"""What the image of a service installs is what the service imports."""

import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
OURS = {"services", "shared"}
TRAINING = tuple(f"services.enricher.model.{name}" for name in ("train", "training", "network", "export"))  # by hand


@pytest.mark.parametrize("group", ["fetcher", "parser", "enricher", "alerting", "api"])
def test_every_library_that_a_service_imports_is_in_its_image(group: str) -> None:
    imported = libraries(f"services.{group}")
    assert "kafka" in imported or "fastapi" in imported, "no import was read"
    missing = {name for name in imported if not normal(distributions().get(name, [name])) & locked(group)}
    assert not missing, f"requirements/{group}.txt lacks {sorted(missing)}: add them to its group and run `make lock`"


def libraries(package: str) -> set[str]:
    """Return the third-party modules that a package imports, by whatever way through the project."""
    upstream = imports().find_upstream_modules(package, as_package=True)
    return {name for name in upstream if name.partition(".")[0] not in OURS | sys.stdlib_module_names}


@cache
def imports() -> grimp.ImportGraph:
    """Return which module imports which, but for those that only train: no service imports them."""
    graph = grimp.build_graph("services", "shared", include_external_packages=True)
    for module in TRAINING:
        users = graph.find_modules_that_directly_import(module) - set(TRAINING)
        assert not users, f"{module} needs the group `train`, which no image installs: {sorted(users)} import it"
    for module in TRAINING:
        graph.remove_module(module)
    return graph


def locked(group: str) -> set[str]:
    """Return the distributions that a group installs."""
    text = (ROOT / "requirements" / f"{group}.txt").read_text()
    return normal(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==", text, re.MULTILINE))


def normal(names: list[str]) -> set[str]:
    """Return distribution names in their one spelling."""
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@cache
def distributions() -> dict[str, list[str]]:
    """Return which distributions bring a top-level module."""
    return dict(packages_distributions())
