"""Scores of predictions, with intervals over customers, and free of the noise of replays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.draws import customer_draws

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Scored = Callable[[Floats], float]

_BINS = 10
_REPEATS = 200


def auc_of(y: Floats, p: Floats) -> Scored:
    """Return the area under the ROC curve as a function of the samples' weights; ties are halves.

    Sorted once, so that a bootstrap draw costs a few sums.
    """
    _, rank = np.unique(p, return_inverse=True)

    def scored(weight: Floats) -> float:
        positive, negative = (np.bincount(rank, weight * one) for one in (y, 1.0 - y))
        below = np.cumsum(negative) - negative / 2
        pairs = positive.sum() * negative.sum()
        return float(positive @ below / pairs) if pairs > 0 else float("nan")

    return scored


def auc_without_noise(y: Floats, whole: Floats, halves: tuple[Floats, Floats]) -> Scored:
    """Return the AUC that a probability would have if it had been counted over endless replays.

    Noise of a variance v costs c v of the AUC where v is small.  Half of the replays have twice
    the variance, so the whole's AUC plus what it is above the halves' is the AUC without noise.
    """
    score, of_halves = auc_of(y, whole), [auc_of(y, half) for half in halves]
    return lambda weight: 2 * score(weight) - float(np.mean([one(weight) for one in of_halves]))


def calibration_error_of(y: Floats, p: Floats) -> Scored:
    """Return the expected calibration error over ten bins of equal size."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, _BINS + 1)[1:-1]))
    of_bin = np.searchsorted(edges, p, side="right")

    def scored(weight: Floats) -> float:
        gap = np.bincount(of_bin, weight * (y - p))
        return float(np.abs(gap).sum() / weight.sum())

    return scored


def difference(one: Scored, other: Scored) -> Scored:
    """Return by how much one score is above another of the same samples."""
    return lambda weight: one(weight) - other(weight)


def with_interval(scored: Scored, customers: Codes, *, seed: int) -> tuple[float, float, float]:
    """Return a score and its 95 % percentile interval over bootstrap draws of customers.

    NaN where the samples have no score, as those of one class have no area.
    """
    value = scored(np.ones(len(customers)))
    if np.isnan(value):
        return value, value, value
    draws = [scored(one) for one in customer_draws(customers, draws=_REPEATS, seed=seed)]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return value, float(low), float(high)
