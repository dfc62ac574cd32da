"""One step of the road in a process of its own: what it took, children included.

Memory is the resident set of the process and all below it, looked at ten times a second: pages that
they share count in each of them, so that the number is too high rather than too low.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Step:
    """What a step took; ``fault`` says why it did not end well, empty where it did."""

    wall_seconds: float
    core_seconds: float
    peak_gib: float
    fault: str
    printed: str


def run_step(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    most_gib: float,
    most_seconds: float,
) -> Step:
    """Run ``python -m`` with arguments in a folder, and stop it where it goes beyond its bounds."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peak, stopped = 0.0, ""
    with (folder / "stdout").open("w+") as said, (folder / "stderr").open("w+") as wrong:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=said,
            stderr=wrong,
            start_new_session=True,
        )
        while process.poll() is None:
            peak = max(peak, _resident_gib(process.pid))
            wall = time.perf_counter() - begun
            if peak > most_gib or wall > most_seconds:
                stopped = f"stopped at {peak:.1f} GiB after {wall:,.0f} s"
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            time.sleep(_LOOK_SECONDS)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        said.seek(0)
        wrong.seek(0)
        printed, faults = said.read(), wrong.read().strip()
    failed = f"exit code {process.returncode}: {' '.join(faults.split())[-300:]}"
    return Step(
        wall_seconds=time.perf_counter() - begun,
        core_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peak_gib=peak,
        fault=stopped or (failed if process.returncode else ""),
        printed=printed,
    )


def _resident_gib(root: int) -> float:
    """Return what a process and all below it hold; 0 once it is gone."""
    below: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            resident[int(place.name)] = int((place / "statm").read_text().split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):
            continue
        below.setdefault(parent, []).append(int(place.name))
    waiting, total = [root], 0
    while waiting:
        one = waiting.pop()
        total += resident.get(one, 0)
        waiting += below.get(one, [])
    return total / 2**30
