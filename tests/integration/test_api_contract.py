"""The API does what its OpenAPI document says, whatever it is asked: schemathesis against the real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.api.caller import Scope
from tests.api_client import link, new_key
from tests.builders import NOON, QUETTA, enriched, frame, toll
from tests.listeners import Server

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CONFIG = Path(__file__).parents[1] / "schemathesis.toml"


@pytest.mark.parametrize(
    ("scope", "seconds"),
    [
        pytest.param("admin", 75, marks=pytest.mark.timeout(300)),
        pytest.param(None, 15, marks=pytest.mark.timeout(180)),
        pytest.param("admin", 1000, marks=[pytest.mark.long, pytest.mark.timeout(2000)]),
        pytest.param("read", 120, marks=[pytest.mark.long, pytest.mark.timeout(900)]),
        pytest.param(None, 50, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_no_request_is_answered_otherwise_than_documented(
    engine: Engine, database_url: str, tmp_path: Path, scope: Scope | None, seconds: int
) -> None:
    link(
        engine,
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("herald/1", frame(place=QUETTA, killed=toll(1)), published_at=NOON),
    )
    unlimited = {"API_REQUESTS_PER_SECOND": "100000", "API_BURST": "100000", "API_STREAM_SECONDS": "0.2"}
    secrets = {"TOCSIN_SECRET_KEY": "k" * 40, "SLACK_SIGNING_SECRET": "s" * 32}
    with Server(database_url, **unlimited, **secrets) as server:
        key = ["--header", f"Authorization: Bearer {new_key(engine, scope)}"] if scope else []
        done = subprocess.run(
            [
                *(SCHEMATHESIS, "--config-file", str(CONFIG), "run", f"{server.url}/openapi.json", *key),
                *("--checks", "all", "--max-time", str(seconds), "--generation-database", "none"),
                *("--seed", "7", "--no-color", "--continue-on-failure"),
            ],
            cwd=tmp_path,
            env=os.environ | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated is not None
    assert int(generated[1]) >= 10, "hardly anything was tried"
