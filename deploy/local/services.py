"""Tocsin's service processes, as data, and how to run them on one machine."""

import http.client
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.ports import HOST, free_port, wanted_port
from deploy.local.program import Program

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Service:
    """One process of the pipeline."""

    name: str  # as in the books of a replay and in docker-compose.yml
    command: tuple[str, ...]  # after `python -m`


SERVICES = (
    Service("fetcher", ("services.fetcher",)),
    Service("parser", ("services.parser",)),
    Service("extract", ("services.enricher", "extract")),
    Service("link", ("services.enricher", "link")),
    Service("alerting", ("services.alerting",)),
    Service("delivery", ("services.alerting", "worker")),
    Service("api", ("services.api",)),
)


def program(service: Service, environ: Mapping[str, str]) -> Program:
    """Return how to run a service with the settings of `environ`, on free ports unless API_PORT names one."""
    health_port = free_port()
    env = {**environ, "HEALTH_PORT": str(health_port), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    if service.name == "api":
        env |= {"API_HOST": HOST, "API_PORT": str(api_port(environ))}
    return Program(
        service.name,
        (sys.executable, "-m", *service.command),
        env,
        ready=partial(answers, health_port, "/health/ready"),
    )


def programs(environ: Mapping[str, str], names: Iterable[str] = ()) -> list[Program]:
    """Return how to run the named services, or all."""
    wanted = set(names) or {service.name for service in SERVICES}
    return [program(service, environ) for service in SERVICES if service.name in wanted]


def api_port(environ: Mapping[str, str]) -> int:
    """Return the port of the API: API_PORT, or a free one."""
    return wanted_port("API_PORT", environ["API_PORT"]) if environ.get("API_PORT") else free_port()


def answers(port: int, path: str) -> bool:
    """Tell whether a GET on the loopback port gives 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
