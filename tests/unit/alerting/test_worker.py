"""The worker as a process: how it gives way to others."""

import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
GIVE_WAY = """
import os
from pathlib import Path
from services.alerting.worker import give_way
give_way(7)
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text() if group.exists() else "")
"""


def told(*, own_session: bool) -> list[str]:
    argv = [sys.executable, "-c", GIVE_WAY]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, start_new_session=own_session)
    return done.stdout.split()


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not share the processor out by session")
def test_a_worker_gives_way_with_its_session_if_that_is_its_own() -> None:
    assert (told(own_session=True)[0], told(own_session=True)[-1]) == ("7", "7")
    before = AUTOGROUP.read_text()
    assert told(own_session=False)[0] == "7"
    assert AUTOGROUP.read_text() == before


def test_a_worker_gives_way_as_a_process() -> None:
    assert told(own_session=False)[0] == "7"
