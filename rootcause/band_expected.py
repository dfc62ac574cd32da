"""What was to be expected of a day, learnt from days before it: level, weekday and scatter.

Nothing of the day itself, or of the week before it (which may already be part of a change), is
learnt from, and nothing of the days of an alarm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEARN_DAYS, LEARN_FROM, GAP_DAYS = 56, 28, 7

_WEEKDAY_WEIGHT = 40.0  # so many asked are the prior of a weekday's own share
_MOST_Z2 = 9.0
_FEWEST = 50
_UNSURE = 14.0  # days over which an error in what was learnt adds up


def weekdays_of(days: Ints) -> Ints:
    """Return the weekdays, Monday 0, of days since the epoch."""
    return (days + 3) % 7


@dataclass(frozen=True)
class Expected:
    """Of one KPI, per day of the week: shares of shape (n_steps, n_stretches, 7); scatter by step.

    ``heard``: in which cells (n_steps, n_stretches) enough was learnt to expect anything.
    ``scatter``: by how much a step's daily counts scatter more than coins do, the uncertainty of
    what was learnt included; at least 1.
    """

    share: Floats
    pooled: Floats
    scatter: Floats
    heard: NDArray[np.bool_]

    def log_ratio(self, asked: Floats, hit: Floats, weekday: int, log_odds: Floats) -> Floats:
        """Return how much likelier a day is under each odds ratio, in nats: (n_steps, n_odds).

        The binomial likelihood of every cell, tempered by the scatter (a quasi-likelihood).
        """
        share = self.share[:, :, weekday]
        asked, hit = asked * self.heard, hit * self.heard
        hits = hit.sum(axis=1)[:, None] * log_odds
        normal = np.log1p(share[:, :, None] * np.expm1(log_odds))
        total = hits - (asked[:, :, None] * normal).sum(axis=1)
        return np.asarray(total / self.scatter[:, None])

    def tells(self, asked: Floats) -> Floats:
        """Return how much each step can tell: the standard deviation of its hits."""
        each = self.pooled * (1.0 - self.pooled) * asked.sum(axis=2)
        variance = np.where(self.heard, each, 0.0).sum(axis=1)
        return np.asarray(np.sqrt(variance + 1.0))


@dataclass(frozen=True)
class Volume:
    """How many journeys are expected to begin, by weekday (shape (7,)), and the scatter."""

    begun: Floats
    scatter: float

    def log_ratio(self, begun: float, weekday: int, log_rates: Floats) -> Floats:
        """Return how much likelier a day is under each rate ratio, in nats: (1, n_rates)."""
        total = begun * log_rates - self.begun[weekday] * np.expm1(log_rates)
        return np.asarray(total / self.scatter)[None, :]


def expected_from(asked: Floats, hit: Floats, weekdays: Ints) -> Expected:
    """Return what to expect, from counts of shape (n_steps, n_stretches, n_days)."""
    heard = (asked.sum(axis=2) >= _FEWEST) & ((asked > 0).sum(axis=2) >= LEARN_FROM // 2)
    asked, hit = asked * heard[:, :, None], hit * heard[:, :, None]
    pooled = (hit.sum(axis=2) + 0.5) / (asked.sum(axis=2) + 1.0)
    days = np.eye(7)[weekdays]
    share = (hit @ days + _WEEKDAY_WEIGHT * pooled[:, :, None]) / (asked @ days + _WEEKDAY_WEIGHT)
    usual = share[:, :, weekdays]
    off = (hit - asked * usual).sum(axis=1)
    variance = (asked * usual * (1.0 - usual)).sum(axis=1)
    size = asked.shape[2]
    z2 = np.minimum(off**2 / np.maximum(variance, 1e-9), _MOST_Z2)
    spread = z2.sum(axis=1) / max(size - 7, 1)
    return Expected(share, pooled, np.maximum(spread, 1.0) * (1.0 + _UNSURE / size), heard)


def expected_volume(begun: Floats, days: Ints, weekdays: Ints, day: int) -> Volume | None:
    """Return how many journeys are expected on a later day; None without four whole weeks.

    Level and growth (half of what the median slope of Theil 1950 & Sen 1968 says, since about half
    of it is chance) of the weekly totals, and the median share of each weekday.  ``begun``: of the
    ``days`` given, ascending, which need not follow one another.
    """
    block = (day - days - 1) // 7
    present = np.bincount(block)
    kept = present[block] == 7
    blocks = np.unique(block[kept])[::-1]
    if len(blocks) < LEARN_FROM // 7:
        return None
    order = np.lexsort((weekdays[kept], -block[kept]))
    whole = begun[kept][order].reshape(len(blocks), 7)
    totals = np.maximum(whole.sum(axis=1), 0.5)
    share = np.median(whole / totals[:, None], axis=0)
    share /= max(float(share.sum()), 1e-9)
    growth = 0.5 * _median_slope(-blocks, np.log(totals))
    level = float(np.median(np.log(totals) + growth * blocks))  # of the week that ends with the day
    usual = np.exp(level - growth * blocks)[:, None] * share[None, :]
    z2 = np.minimum((whole - usual) ** 2 / np.maximum(usual, 0.5), 4 * _MOST_Z2)
    scatter = max(1.0, float(z2.sum()) / (whole.size - 9)) * (1.0 + _UNSURE / whole.size)
    return Volume(share * np.exp(level + growth), scatter)


def _median_slope(at: Ints, values: Floats) -> float:
    one, other = np.triu_indices(len(at), k=1)
    return float(np.median((values[other] - values[one]) / (at[other] - at[one])))
