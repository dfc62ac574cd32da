"""Lineage: the newer versions that take over from the one that a finding names.

When a fault leaves with a new release, nobody meets the conditions any more. Whether it is gone is
then asked of those who would have met them: everything else the same, and a newer version.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags

_VERSION = re.compile(r"v?\d+(?:\.\d+)+", re.IGNORECASE)
_NUMBERED = ("version", "release", "build")
_WITH_THE_FIX = (-3 * MICROS_A_DAY, 7 * MICROS_A_DAY)
_RECENT = 14 * MICROS_A_DAY
_DIED_OUT = 0.2


@dataclass(frozen=True)
class Lineage:
    """Who meets the conditions, and who meets all but the version and has a newer one.

    ``newer_conditions``: of those, one dict per newer version, oldest first.
    """

    met: Flags
    newer: Flags
    newer_conditions: tuple[dict[str, str], ...]

    def took_over(self, exposures: Exposures, at: int) -> bool:
        """Whether the newer versions carry what changed at an instant (microseconds, UTC).

        They do if the first of them came with the change, or if hardly anybody is left on the old.
        """
        if not self.newer.any():
            return False
        time = exposures.time
        first = int(time[self.newer].min()) - at
        if _WITH_THE_FIX[0] <= first <= _WITH_THE_FIX[1]:
            return True
        recent = time >= max(at, int(time.max()) - _RECENT)
        old, new = int((self.met & recent).sum()), int((self.newer & recent).sum())
        return old < _DIED_OUT * (old + new)


def lineage_of(exposures: Exposures, conditions: Mapping[str, str]) -> Lineage:
    """Return who meets the conditions and who has taken over; nobody has without a version."""
    met = exposures.meets(conditions)
    newer_conditions = tuple(
        {**conditions, name: value}
        for name in conditions
        for value in _newer(exposures, name, conditions[name])
    )
    newer = np.zeros(len(exposures), dtype=np.bool_)
    kept = []
    for other in newer_conditions:
        of_other = exposures.meets(other)
        newer |= of_other
        kept += [other] if of_other.any() else []
    return Lineage(met, newer & ~met, tuple(kept))


def version_key(name: str, value: str) -> tuple[int, ...] | None:
    """Return what orders a version, or None for what is none.

    >>> version_key("app_version", "8.10.0") > version_key("app_version", "8.2.1")
    True
    """
    numbered = value.isdigit() and any(word in name.lower() for word in _NUMBERED)
    if not (_VERSION.fullmatch(value) or numbered):
        return None
    return tuple(int(part) for part in re.findall(r"\d+", value))


def _newer(exposures: Exposures, name: str, value: str) -> list[str]:
    key = version_key(name, value)
    if name == STEP or key is None or name not in exposures.attributes:
        return []
    others = exposures.names[exposures.attributes.index(name)]
    keys = {other: version_key(name, other) for other in others}
    newer = {other: found for other, found in keys.items() if found is not None and found > key}
    return sorted(newer, key=newer.__getitem__)
