"""Placebo: what the search finds in this very log once its attributes mean nothing.

The attributes are dealt out anew among the exposures of one step and one week. Seasons, trends,
moody days and the mix stay as they are; whatever is found now is found in noise.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from rootcause.exposure import Exposures
from rootcause.pursuit import Progress, causes_in


@dataclass(frozen=True)
class Placebo:
    """How often the log was searched with attributes dealt anew, and how many causes that gave."""

    runs: int
    findings: int

    def as_dict(self) -> dict[str, int]:
        """Return the placebo runs as they stand in findings.json."""
        return asdict(self)


def placebo_of(
    exposures: Exposures, *, within: int | None, runs: int, seed: int, progress: Progress
) -> Placebo:
    """Return what so many whole searches find where nothing is to be found.

    Parameters
    ----------
    within : of `rootcause.search.horizon_of`
    progress : called with a label and the share done, 0 to 1
    """
    found = 0
    for run in range(runs):
        progress(f"placebo {run + 1} of {runs}", run / runs)
        dealt = dealt_anew(exposures, seed=seed + run)
        found += len(causes_in(dealt, within=within, seed=seed).causes)
    return Placebo(runs, found)


def dealt_anew(exposures: Exposures, *, seed: int) -> Exposures:
    """Return the exposures with all attributes of each handed to another of its step and week."""
    week = (exposures.day - exposures.day.min(initial=0)) // 7
    group = exposures.step * (week.max(initial=0) + 1) + week
    chance = np.random.default_rng(seed).random(len(exposures))
    to, giver = np.argsort(group, kind="stable"), np.lexsort((chance, group))
    codes, numbers = np.empty_like(exposures.codes), np.empty_like(exposures.numbers)
    codes[to], numbers[to] = exposures.codes[giver], exposures.numbers[giver]
    return replace(exposures, codes=codes, numbers=numbers)
