"""Where the values behind references are read: `env:NAME` and `file:/path`. Never stored, never logged."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.alerting.channels.outcome import Dead
from services.alerting.domain.destinations import is_reference

FILE_LIMIT = 64 * 1024  # bytes


def resolve(value: str, environ: Mapping[str, str] = os.environ) -> str:
    """The value itself where it is no reference; raises `Dead` where it refers to nothing."""
    if not is_reference(value):
        return value
    kind, _, place = value.partition(":")
    found = environ.get(place) if kind == "env" else _read(Path(place))
    if not found:
        missing = "is not set" if kind == "env" else "cannot be read, or is empty"
        raise Dead(f"{value} {missing}: set it where the worker runs, start the worker anew, then resend")
    return found


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(FILE_LIMIT).decode().strip()
    except (OSError, UnicodeDecodeError):
        return None
