"""Difference in differences: the gap of one period less that of the past, with what stays open.

The level that the exposed always had is taken off as far as it is known (`level_believed`): a group
with a past brings its own level, a new release only what the expected rate may be off. What is not
known of the level, and the drift since, is the same error in every period (Sant'Anna and Zhao 2020
for the doubly robust difference in differences; Cameron, Gelbach and Miller 2011 for errors
clustered in two ways).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rootcause.contrast import level_believed, usual_spread
from rootcause.exposure import Flags
from rootcause.gap import Gap, Ground
from rootcause.intervals import Z_95
from rootcause.scan import DRIFT_LOGITS

Interval = tuple[float, float]

_FEWEST_FOR_A_WEEK = 10
# A level before a fix holds the harm: it may lie further off than one that nothing has happened to.
_HARMED_LOGITS = 1.0


@dataclass(frozen=True)
class Level:
    """The gap that there always was; ``variance``: what of it stays open, drift included."""

    value: float
    variance: float


@dataclass(frozen=True)
class Change:
    """An additional probability of the bad outcome in one period, over the level before.

    ``variance``: of the period itself, days included; ``shared``: of the level, the same in all
    periods.
    """

    value: float
    variance: float
    shared: float
    exposed: int
    compared: int

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.variance + self.shared))

    @property
    def interval(self) -> Interval:
        """The 95 % interval, within -1 and 1."""
        half = Z_95 * self.error
        return max(-1.0, self.value - half), min(1.0, self.value + half)


@dataclass(frozen=True)
class Remains:
    """What is left after, less so much of what was before, and its variance, parted.

    ``growing``: the part of the variance that more days make smaller.
    """

    value: float
    growing: float
    fixed: float

    @property
    def interval(self) -> Interval:
        """The 95 % interval."""
        half = Z_95 * float(np.sqrt(self.growing + self.fixed))
        return self.value - half, self.value + half


def scatter_of(gaps: Iterable[Gap | None]) -> float:
    """Return by how much days scatter more than journeys, over all periods, at least 1."""
    known = [gap for gap in gaps if gap is not None]
    days = sum(gap.days for gap in known)
    return max(1.0, sum(gap.scatter * gap.days for gap in known) / days) if days else 1.0


def level_of(ground: Ground, past: Gap | None, period: Flags, *, scatter: float) -> Level:
    """Return the level of the exposed in a period in which they were not exposed to anything.

    Of a new release a first day or two say little: see `level_believed`.
    """
    contrast = ground.contrast
    if not contrast.here.any():
        return Level(0.0, 0.0)
    before = contrast.here & contrast.met & period
    others = contrast.here & ~contrast.met
    variance = np.inf if past is None else scatter * past.variance
    believed, left = level_believed(contrast, before, others, variance)
    return Level(0.0 if past is None else believed * past.value, left)


def level_before(ground: Ground, past: Gap | None, period: Flags, *, scatter: float) -> Level:
    """Return the level before a change, which is what the change is measured against.

    However short it was; only where nobody was there it is that of `level_of`.
    """
    if past is None:
        return level_of(ground, past, period, scatter=scatter)
    spread = usual_spread(ground.contrast)
    prior, seen = (_HARMED_LOGITS * spread) ** 2, scatter * past.variance
    believed = prior / (prior + seen)
    return Level(believed * past.value, believed * seen + (DRIFT_LOGITS * spread) ** 2)


def change_of(gap: Gap | None, level: Level, *, scatter: float) -> Change | None:
    """Return what a period has over the level; None where it could not be compared."""
    if gap is None:
        return None
    variance = scatter * gap.variance
    return Change(gap.value - level.value, variance, level.variance, gap.exposed, gap.compared)


def remains_of(after: Change, before: Change, share: float) -> Remains:
    """Return what is left beyond a share of what was; the level, in both, mostly drops out."""
    fixed = share**2 * before.variance + (1.0 - share) ** 2 * before.shared
    return Remains(after.value - share * before.value, after.variance, fixed)


def share_left(after: Change, before: Change) -> tuple[float, Interval | None]:
    """Return after over before, with Fieller's interval (1954); None where it has no end."""
    square = Z_95**2
    a = before.value**2 - square * (before.variance + before.shared)
    b = before.value * after.value - square * before.shared
    c = after.value**2 - square * (after.variance + after.shared)
    ratio = after.value / before.value
    if a <= 0 or b**2 < a * c:
        return ratio, None
    arm = float(np.sqrt(b**2 - a * c))
    return ratio, ((b - arm) / a, (b + arm) / a)


def by_week(gap: Gap | None, level: Level, *, scatter: float) -> list[tuple[int, Change]]:
    """Return (block, change) for each seven days of a period."""
    if gap is None:
        return []
    return [
        (block, Change(value - level.value, scatter * variance, level.variance, exposed, 0))
        for block, value, variance, exposed in gap.blocks
    ]


def shown_by_week(
    at: pd.Timestamp, weeks: Iterable[tuple[int, Change]]
) -> tuple[dict[str, object], ...]:
    """Return seven days each as ``{"from", "effect", "low", "high", "exposed"}``, counted from at.

    Those of fewer than ten exposures are left out.
    """
    return tuple(
        {
            "from": (at + pd.Timedelta(days=7 * block)).strftime("%Y-%m-%d"),
            "effect": round(change.value, 4),
            "low": rounded(change.interval)[0],
            "high": rounded(change.interval)[1],
            "exposed": change.exposed,
        }
        for block, change in weeks
        if change.exposed >= _FEWEST_FOR_A_WEEK
    )


def rounded(interval: Interval) -> Interval:
    """Return an interval as it is written to files."""
    return round(interval[0], 4), round(interval[1], 4)
