"""Measuring: processor time, time on the wall, and the most memory that a piece of work held."""

import ctypes
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Taken:
    """What one run of a piece of work took.

    ``core_seconds`` of all threads together; ``peak_mib`` above what was held before it began.
    """

    core_seconds: float
    wall_seconds: float
    peak_mib: float


def taken(work: Callable[[], object]) -> Taken:
    """Run a piece of work and say what it took; what it returns is thrown away."""
    before = forget_peak()
    wall, core = time.perf_counter(), time.process_time()
    work()
    wall, core = time.perf_counter() - wall, time.process_time() - core
    return Taken(core, wall, max(peak_mib() - before, 0.0))


def median_core_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median processor time of some runs: one thread, whoever else is busy."""
    return median(taken(work).core_seconds for _ in range(repeats))


def forget_peak() -> float:
    """Begin a new peak where the system can; return the memory held now, in MiB.

    What was freed before is given back first: used again, it would not count.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        (_PROCESS / "clear_refs").write_text("5")
    except (
        OSError,
        AttributeError,
    ):  # the peak stays that of the whole process: too high, never too low
        return peak_mib()
    return peak_mib()


def peak_mib() -> float:
    """Return the most memory that this process has held since `forget_peak`, in MiB."""
    try:
        lines = (_PROCESS / "status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kib = next(line for line in lines if line.startswith("VmHWM:")).split()[1]
    return int(kib) / 1024
