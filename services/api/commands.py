"""API keys by hand. Each command returns the status to end with."""

import argparse
import sys
from datetime import datetime, timedelta

from sqlalchemy import Engine

from services.api import keys
from shared.clock import wall


def create(engine: Engine, options: argparse.Namespace) -> int:
    with engine.begin() as connection:
        key = keys.create(connection, options.name, options.scope, _expiry(options))
    return _print_once(key)


def rotate(engine: Engine, options: argparse.Namespace) -> int:
    overlap = timedelta(hours=options.overlap_hours)
    with engine.begin() as connection:
        key = keys.rotate(connection, options.prefix, wall(), overlap, _expiry(options))
    return _print_once(key) if key else _unknown(options.prefix)


def show(engine: Engine, options: argparse.Namespace) -> int:
    with engine.connect() as connection:
        for row in keys.listed(connection):
            state = "revoked" if row.revoked_at else f"expires {row.expires_at or 'never'}"
            used = f"used {row.last_used_at or 'never'}"
            sys.stdout.write("  ".join((row.prefix, row.name, ",".join(row.scopes), state, used)) + "\n")
    return 0


def revoke(engine: Engine, options: argparse.Namespace) -> int:
    with engine.begin() as connection:
        revoked = keys.revoke(connection, options.prefix, wall())
    return 0 if revoked else _unknown(options.prefix)


def _print_once(key: str) -> int:
    sys.stderr.write("This key is shown once; only its hash is kept.\n")
    sys.stdout.write(f"{key}\n")
    return 0


def _unknown(prefix: str) -> int:
    sys.stderr.write(f"no valid key has the prefix {prefix}; see `python -m services.api key list`\n")
    return 1


def _expiry(options: argparse.Namespace) -> datetime | None:
    return wall() + timedelta(days=options.days) if options.days else None
