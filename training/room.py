"""The memory that a training may use, and how many customers it has room for.

What a sample costs is measured by ``benchmarks/train_memory.py``, as the growth of the peak with
the samples; docs/training-at-scale.md says what was measured, and what was not.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from features.plan import plan_of
from features.vocabulary import learn_vocabulary
from journeys.find import find_journeys
from journeys.samples import samples_of
from journeys.shards import Shards

GIB = 2**30
IN_MEMORY_BYTES = 20.0
"""Bytes that a value (a sample has one a feature) takes at the peak of learning in memory.

One outcome was measured to take 8; two are learnt at a time.
"""
FROM_DISK_BYTES = 4.0
"""The same with the samples on disk: bins of a byte, twice, and the narrow columns of a sample."""

_SHARE_OF_FREE = 0.6
_PROBED = 1_000
_FREE = "MemAvailable:"
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class Room:
    """``memory`` in GiB, and what fills it: samples a customer, features a sample."""

    memory: float
    samples_a_customer: float
    features: int

    @property
    def customers(self) -> int:
        """How many customers can be learnt from in memory; at least one."""
        return max(int(self.memory / max(self.gib_of(1), 1e-12)), 1)

    @property
    def samples(self) -> int:
        """How many samples can be learnt from in memory."""
        return int(self.customers * self.samples_a_customer)

    def gib_of(self, customers: int, *, on_disk: bool = False) -> float:
        """Return about how many GiB of memory learning from so many customers takes."""
        value = FROM_DISK_BYTES if on_disk else IN_MEMORY_BYTES
        return customers * self.samples_a_customer * self.features * value / GIB

    def holds_from_disk(self, customers: int) -> bool:
        """Whether memory is enough to learn from so many customers with their samples on disk."""
        return self.gib_of(customers, on_disk=True) <= self.memory

    def disk_of(self, customers: int) -> float:
        """Return about how many GiB the samples of so many customers take on disk."""
        return 2 * 4 * customers * self.samples_a_customer * self.features / GIB


def room_for(shards: Shards, *, memory: float | None = None) -> Room:
    """Return the room for the samples of a log, judged by about a thousand of its customers.

    Parameters
    ----------
    memory : in GiB; None takes 60 % of what is free now
    """
    log, definition = shards.some(_PROBED), shards.definition
    samples = samples_of(log, find_journeys(log, definition), definition)
    plan = plan_of(definition, learn_vocabulary(log, definition))
    customers = max(len(log.offsets) - 1, 1)
    given = _SHARE_OF_FREE * free_gib() if memory is None else memory
    return Room(given, len(samples) / customers, len(plan.features))


def free_gib() -> float:
    """Return the memory that is free on this machine, or in this container, in GiB."""
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    found = [float(line.split()[1]) * 1024 for line in lines if line.startswith(_FREE)]
    free = found or [float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))]
    return min(*free, *_left_in_container(), free[0]) / GIB


def _left_in_container() -> list[float]:
    """Return what a limit of control groups leaves, where there is one."""
    for limit, used in _LIMITS:
        try:
            most, now = Path(limit).read_text().strip(), Path(used).read_text().strip()
        except OSError:
            continue
        if most.isdigit() and now.isdigit():
            return [float(most) - float(now)]
    return []
