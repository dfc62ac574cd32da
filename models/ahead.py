"""Typical paths: what those who stood where somebody stands did next, and where they came to.

A **standing** is where a journey stands: the last milestone, the last step and its channel, and how
many of the definition's ticks of silence have passed since.  Counts are of journeys: one that stood
somewhere three times counts a third each time.  A standing that few have known is answered from a
coarser one, a step that was never seen by none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

FEWEST = 30.0
STARTED = "started"
"""The milestone of a journey that has not come to one yet."""

Standing = tuple[str | int | None, ...]
"""(step, silence, channel, milestone), or its beginning: coarser. ``silence`` counts the ticks of
the definition that have passed without an event; channel None where it was not told."""

_Z_95 = 1.959963984540054


class Likely(NamedTuple):
    """A share with its 95 % interval, and of how many journeys it is one."""

    share: float
    low: float
    high: float
    journeys: float


@dataclass(frozen=True)
class Stood:
    """What became of the journeys that stood somewhere.

    ``journeys``: how many; ``next``: (step, channel) and how many did that next, the commonest
    first; step None where nothing more came; ``reached``: step and how many came to it later.
    """

    journeys: float
    next: tuple[tuple[str | None, str | None, float], ...]
    reached: Mapping[str, float]


@dataclass(frozen=True)
class Ahead:
    """The typical paths of one journey definition, counted until ``until`` (UTC, ISO)."""

    until: str
    stood: Mapping[Standing, Stood] = field(repr=False)

    def at(self, standing: Standing) -> Stood | None:
        """Return what became of those who stood here, or nearly here; None for a step never seen.

        The finest of the standing and its beginnings in which at least `FEWEST` journeys stood; the
        coarsest known where none has so many.
        """
        found = None
        for depth in range(1, len(standing) + 1):
            known = self.stood.get(standing[:depth])
            if known is None or (found is not None and known.journeys < FEWEST):
                break
            found = known
        return found

    def reach(self, standing: Standing, step: str) -> Likely | None:
        """Return how likely a journey that stands here comes to a step later; None: never seen."""
        stood = self.at(standing)
        if stood is None or step not in self.steps:
            return None
        return likely(stood.reached.get(step, 0.0), stood.journeys)

    @cached_property
    def steps(self) -> frozenset[str]:
        """Every step that somebody stood at or came to."""
        reached = {step for one in self.stood.values() for step in one.reached}
        return frozenset(reached | {str(key[0]) for key in self.stood})

    def as_dict(self) -> dict[str, object]:
        """Return the paths as plain data."""
        rows = [
            {
                "at": list(standing),
                "journeys": one.journeys,
                "next": [list(each) for each in one.next],
                "reached": dict(one.reached),
            }
            for standing, one in self.stood.items()
        ]
        return {"until": self.until, "stood": rows}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Ahead":
        """Return the paths that `as_dict` gave."""
        stood = {
            tuple(row["at"]): Stood(
                row["journeys"], tuple((s, c, n) for s, c, n in row["next"]), row["reached"]
            )
            for row in written["stood"]
        }
        return cls(written["until"], stood)


def likely(happened: float, of: float) -> Likely:
    """Return a share with its 95 % interval (Wilson 1927).

    >>> [round(part, 3) for part in likely(5, 10)]
    [0.5, 0.237, 0.763, 10]
    """
    share, z2 = happened / of, _Z_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    variance = max(share * (1 - share), 0.0) / of + z2 / (4 * of**2)
    arm = _Z_95 * variance**0.5 / (1 + z2 / of)
    return Likely(share, max(min(middle - arm, share), 0.0), min(max(middle + arm, share), 1.0), of)
