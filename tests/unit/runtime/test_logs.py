"""Logs as a process writes them: one JSON object a line, or something for a person."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import logging, structlog
from shared.telemetry import configure_logs
configure_logs({log_format!r}, "toy")
log = structlog.get_logger("shared.toy")
log.info("started", port=8080)
logging.getLogger("kafka").info("chatter")
logging.getLogger("kafka").warning("a node is away")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it broke", stage="toy")
"""


def stderr_of(log_format: str) -> list[str]:
    program = PROGRAM.format(log_format=log_format)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "stdout belongs to the data"
    return done.stderr.splitlines()


def test_json() -> None:
    started, warning, broke = (json.loads(line) for line in stderr_of("json"))
    assert (started["event"], started["port"], started["service"], started["level"]) == ("started", 8080, "toy", "info")
    assert started["timestamp"].endswith("Z")
    assert (warning["event"], warning["logger"]) == ("a node is away", "kafka"), "libraries from WARNING up"
    assert broke["stage"] == "toy"
    assert "ZeroDivisionError: division by zero" in broke["exception"]


def test_console() -> None:
    lines = stderr_of("console")
    assert "started" in lines[0] and "port=8080" in lines[0]
    assert lines[-1] == "ZeroDivisionError: division by zero"
