"""The Java runtime and Maven of this machine, if it has them."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

OLDEST = 17  # the oldest Java that Kafka 4 brokers run on


@dataclass(frozen=True)
class Java:
    """A Java runtime."""

    path: str  # of the `java` program
    version: str  # as it names itself, such as "17.0.15"

    @property
    def recent_enough(self) -> bool:
        """Tell whether Kafka runs on it."""
        return int(self.version.split(".")[0]) >= OLDEST


def find_java(environ: Mapping[str, str] = os.environ) -> Java | None:
    """Return the Java of JAVA_HOME, else of PATH; None where there is none."""
    home = environ.get("JAVA_HOME")
    path = shutil.which("java", path=str(Path(home) / "bin") if home else environ.get("PATH", ""))
    if path is None:
        return None
    answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    named = re.search(r'version "(\d[^"]*)"', answer.stderr)
    if named is None:
        raise StackError(
            f"{path} -version gave no version: {answer.stderr.strip()[:300]}; repair Java or set BROKER=light"
        )
    return Java(path, named[1])


def find_maven(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of `mvn`; None where there is none."""
    return shutil.which("mvn", path=environ.get("PATH", ""))
