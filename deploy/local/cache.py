"""Where the local stack keeps what it fetched once, and the throwaway data of running stacks.

`TOCSIN_CACHE` names the folder. Without it: `$XDG_CACHE_HOME/tocsin` or `~/.cache/tocsin`; for root
`/var/cache/tocsin`, because PostgreSQL refuses to run as root and root's home must not be opened to another user.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import StackError

SPACE_NEEDED = 500 * 2**20  # bytes: Kafka's jars and class archive, PostgreSQL's binaries, one stack's data


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the cache folder, made, writable and with room to work in; say what to do where it is not."""
    folder = _chosen(environ)
    try:
        # Others may pass through (PostgreSQL runs as another user under root); what lies within guards itself.
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x" * 4096)
    except OSError as error:
        raise StackError(
            f"cache folder {folder}: {error.strerror}; make it writable or point TOCSIN_CACHE at another folder"
        ) from error
    if os.geteuid() == 0 and not all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents)):
        raise StackError(
            f"cache folder {folder}: lies in a folder that only its owner may enter, and under root PostgreSQL runs as "
            "another user; point TOCSIN_CACHE outside of home folders, such as /var/cache/tocsin"
        )
    free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        raise StackError(
            f"cache folder {folder}: {free // 2**20} MB free, {SPACE_NEEDED // 2**20} MB needed; "
            "make room or point TOCSIN_CACHE at a folder on another disk"
        )
    return folder


def _chosen(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get("TOCSIN_CACHE"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/tocsin")
    if home := environ.get("XDG_CACHE_HOME"):
        return Path(home) / "tocsin"
    return Path.home() / ".cache" / "tocsin"


def stack_folder(cache: Path) -> Path:
    """Make a new folder for the data, logs and secrets of one stack."""
    stacks = cache / "stacks"
    stacks.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir=stacks))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # PostgreSQL's user must reach its own folder inside
    return folder


def once(target: Path, make: Callable[[Path], None]) -> Path:
    """Return folder `target`, filled by `make` if it is not there yet.

    Stacks that start together wait for one another, and a half-filled folder is never taken for a whole one.
    """
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent):
            if not target.exists():
                draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
                try:
                    draft.chmod(0o755)
                    make(draft)
                    draft.rename(target)
                finally:
                    shutil.rmtree(draft, ignore_errors=True)
    return target


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # On the folder itself: no lock file stays, and the kernel drops the lock when its holder dies.
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
