"""Which broker the local stack runs: Apache Kafka where this machine can, else the light stand-in."""

import os
from collections.abc import Mapping
from typing import Literal

from deploy.local.errors import StackError
from deploy.local.java import find_java, find_maven
from deploy.local.kafka import HOW_TO_GET_IT, has_jars
from deploy.local.supervisor import say

Kind = Literal["kafka", "light"]

_LOST = "records die with the broker, slow rebalances, no transactions"


def choose(environ: Mapping[str, str] = os.environ) -> Kind:
    """Return the broker to run: what BROKER says, else Kafka if Java and Maven (or its jars in the cache) are here."""
    wanted = environ.get("BROKER", "")
    if wanted in ("kafka", "light"):
        return wanted  # type: ignore[return-value]  # mypy does not narrow by `in`
    if wanted:
        raise StackError(f"BROKER={wanted}: no such broker; set BROKER=kafka, BROKER=light, or leave it out")
    lacking = _lacking(environ)
    if lacking is None:
        return "kafka"
    say(f"broker: {lacking}, so Tansu stands in for Apache Kafka ({_LOST}); for Kafka {HOW_TO_GET_IT}")
    return "light"


def _lacking(environ: Mapping[str, str]) -> str | None:
    java = find_java(environ)
    if java is None:
        return "no Java found"
    if not java.recent_enough:
        return f"Java {java.version} is too old"
    if find_maven(environ) is None and not has_jars(environ):
        return "no Maven found"
    return None
