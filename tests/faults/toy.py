"""A toy service as a process of its own: `python -m tests.faults.toy stateless|stateful`."""

import sys

from shared.run import main_stateful, main_stateless
from shared.settings import DatabaseSettings, RuntimeSettings, load
from tests.toys import STATEFUL, STATELESS

if __name__ == "__main__":
    if sys.argv[1] == "stateless":
        sys.exit(main_stateless(STATELESS, load(RuntimeSettings)))
    sys.exit(main_stateful(STATEFUL, load(DatabaseSettings)))
