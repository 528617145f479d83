"""docker-compose.yml and the image name only what exists, and hold no secret."""

import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

import shared.settings
from deploy.local.services import SERVICES
from shared.settings import DatabaseUrl, RuntimeSettings

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)
CONTAINERS = COMPOSE["services"]
PARTS = {"postgres", "valkey", "kafka"}
JOBS = {"migrations", "topics"}
OURS = {service.name for service in SERVICES}


def test_compose_keeps_to_its_schema() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_the_image_keeps_to_hadolint() -> None:
    run(BIN / "hadolint", "deploy/Dockerfile")


def run(*argv: str | Path) -> None:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_there_and_runs_what_it_runs_locally() -> None:
    assert set(CONTAINERS) == PARTS | JOBS | OURS
    for service in SERVICES:
        assert CONTAINERS[service.name]["command"] == ["python", "-m", *service.command]
        assert importlib.util.find_spec(f"{service.command[0]}.__main__"), service.name


def test_the_jobs_exist() -> None:
    for name in JOBS:
        python, flag, module, *arguments = CONTAINERS[name]["command"]
        assert (python, flag) == ("python", "-m")
        run(sys.executable, "-m", module, *arguments, "--help")


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_a_setting_of_its_service(name: str) -> None:
    package = next(service.command[0] for service in SERVICES if service.name == name)
    own = importlib.util.find_spec(f"{package}.settings")
    modules = [shared.settings, *([importlib.import_module(own.name)] if own else [])]
    known = {
        variable
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings)
        for variable in variables(value)
    }
    given = set(CONTAINERS[name]["environment"])
    assert given <= known, f"no such setting of {package}: {given - known}"


def variables(settings: type[BaseSettings]) -> set[str]:
    """Return the environment variables that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    return {str(field.validation_alias or prefix + name).upper() for name, field in settings.model_fields.items()}


def test_every_variable_of_a_job_is_a_setting_of_it() -> None:
    assert set(CONTAINERS["migrations"]["environment"]) <= variables(DatabaseUrl)
    assert set(CONTAINERS["topics"]["environment"]) <= variables(RuntimeSettings)


@pytest.mark.parametrize("name", sorted(OURS | JOBS))
def test_our_containers_are_locked_down_and_built_from_locked_requirements(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert (ROOT / "requirements" / f"{container['build']['args']['SERVICE']}.txt").exists()
    assert "USER 10001" in (ROOT / container["build"]["dockerfile"]).read_text()


def test_who_waits_for_health_waits_for_one_who_has_it() -> None:
    for name, container in CONTAINERS.items():
        for other, wait in container.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert other in PARTS and CONTAINERS[other]["healthcheck"]["test"], f"{name} waits for {other}"
            else:
                assert other in JOBS, f"{name} waits for {other}"


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {name: container["ports"] for name, container in CONTAINERS.items() if "ports" in container}
    assert published == {"api": ["127.0.0.1:${API_PORT:-8000}:8000"]}


OPTIONAL = ("TOCSIN_SECRET_KEY", "SLACK_SIGNING_SECRET")  # without them messages have no links and no buttons


def test_secrets_are_asked_for_and_never_given() -> None:
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    named = dict(re.findall(r"(?<!\$)\$\{(\w+)(:[?-][^}]*)?\}", TEXT))
    assert set(named) == set(example)
    assert not any(example.values())
    for variable, rest in named.items():
        if "PASSWORD" in variable or "SECRET" in variable:
            assert rest == (":-" if variable in OPTIONAL else f":?set {variable} in .env")
    for container in CONTAINERS.values():
        for variable, value in container.get("environment", {}).items():
            if "PASSWORD" in variable or "SECRET" in variable:
                assert str(value).startswith("${"), variable


def test_files_that_the_image_copies_exist() -> None:
    for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line and "$" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
