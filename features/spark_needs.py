"""What Spark needs of a machine: its package, Java, and words a user can do something with."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from journeys.errors import OfframpError

_OLDEST_JAVA = 17
_FAILED = re.compile(r"^\w*(?:Error|Exception|Interrupt)\b.*", re.MULTILINE)
_INSTALL = "Install both on this machine: pip install 'offramp[spark]', and Java 17 or later."


def require_spark() -> None:
    """Raise an `OfframpError` that says what to install, unless pyspark and Java are there."""
    if find_spec("pyspark") is None:
        raise OfframpError(f"The engine spark needs pyspark, which is not installed. {_INSTALL}")
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    if java is None:
        where = f"JAVA_HOME ({home})" if home else "PATH"
        raise OfframpError(f"The engine spark needs Java, which is not in {where}. {_INSTALL}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found and int(found[1]) < _OLDEST_JAVA:
        raise OfframpError(
            f"The engine spark needs Java {_OLDEST_JAVA} or later; {java} is Java {found[1]}. "
            "Install a later one, and set JAVA_HOME to it."
        )


@contextmanager
def stderr_to(path: Path) -> Iterator[None]:
    """Give processes that are started meanwhile a file as their stderr, for as long as they live.

    Java and Spark warn of dozens of things there that say nothing to anybody.
    """
    sys.stderr.flush()
    before = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def what_happened(fault: Exception) -> str:
    """Return a fault of Spark in a line: the last of a worker's Python, else the first of it."""
    said = str(fault).strip()
    raised = _FAILED.findall(said)
    return (raised[-1] if raised and "Traceback" in said else said.split("\n")[0])[:300]
