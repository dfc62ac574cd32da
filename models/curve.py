"""The curve of a calibration: fitted to counts in bins of the margin, and bent for each stage."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]

_FEWEST = 10
_SIGMOID_TRACE = 0.05
_SMALLEST = 1e-4
_SMALLEST_SLOPE = 0.05
_SHIFT_SPREAD, _SLOPE_SPREAD = 0.3, 0.2
_STEPS = 8


@dataclass(frozen=True, eq=False)
class Counted:
    """Sum of margins, weight, and weight of the positives, by bin: each (n_stages, n_bins)."""

    sums: Floats
    mass: Floats
    positive: Floats

    def summed(self) -> "Counted":
        """Return the counts of all stages together, shape (n_bins,)."""
        return Counted(self.sums.sum(axis=0), self.mass.sum(axis=0), self.positive.sum(axis=0))

    def stage(self, place: int) -> "Counted":
        """Return the counts of one stage, shape (n_bins,)."""
        return Counted(self.sums[place], self.mass[place], self.positive[place])

    def points(self) -> tuple[Floats, Floats, Floats]:
        """Return mean margin, weight and weight of the positives of each bin that has any."""
        held = self.mass > 0
        return self.sums[held] / self.mass[held], self.mass[held], self.positive[held]


def curve_of(counted: Counted, knots: Floats, method: Literal["sigmoid", "isotonic"]) -> Floats:
    """Return the probabilities at the knots, strictly rising, shape (n_knots,)."""
    return _sigmoid(counted, knots) if method == "sigmoid" else _isotonic(counted, knots)


def staged(counted: Counted, shared: Floats, knots: Floats, *, worth: float) -> Floats:
    """Return the shared curve bent for each stage, shape (n_stages, n_knots).

    Each stage shifts and stretches the log odds, by a logistic fit that is drawn to no change:
    normal priors, the spreads those of stages in practice.

    Parameters
    ----------
    worth : what one sample counts for in the fit; samples of one customer say much the same
    """
    log_odds = np.log(shared / (1 - shared))
    curves = []
    for place in range(len(counted.mass)):
        middle, mass, positive = counted.stage(place).points()
        at = np.interp(middle, knots, log_odds)
        shift, slope = _bend(at, worth * mass, worth * positive)
        curves.append(_inside(1 / (1 + np.exp(-(shift + slope * log_odds)))))
    return np.array(curves)


def _bend(log_odds: Floats, mass: Floats, positive: Floats) -> tuple[float, float]:
    """Return shift and slope of log odds, by Newton's method on the penalised likelihood."""
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    centre = np.array([0.0, 1.0])
    prior = np.array([_SHIFT_SPREAD, _SLOPE_SPREAD]) ** -2.0
    at = centre
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(design @ at)))
        downhill = design.T @ (positive - mass * p) - prior * (at - centre)
        bend = (design * (mass * p * (1 - p))[:, None]).T @ design + np.diag(prior)
        at = at + np.clip(np.linalg.solve(bend, downhill), -1.0, 1.0)
    return float(at[0]), max(float(at[1]), _SMALLEST_SLOPE)


def _sigmoid(counted: Counted, knots: Floats) -> Floats:
    """Return the probabilities at the knots of a logistic fit; a mere shift where data are few."""
    middle, mass, positive = counted.points()
    if min(positive.sum(), (mass - positive).sum()) < _FEWEST:
        rate = (positive.sum() + 1) / (mass.sum() + 2)
        shift = np.log(rate / (1 - rate)) - (mass @ middle) / max(mass.sum(), 1e-9)
        return _inside(1 / (1 + np.exp(-(knots + shift))))
    both = np.concatenate([middle, middle])[:, None]
    outcome = np.repeat([1.0, 0.0], len(middle))
    weight = np.concatenate([positive, mass - positive])
    fit = LogisticRegression(C=100.0).fit(both, outcome, sample_weight=weight)
    slope = max(float(fit.coef_[0, 0]), _SMALLEST_SLOPE)
    return _inside(1 / (1 + np.exp(-(slope * knots + float(fit.intercept_[0])))))


def _isotonic(counted: Counted, knots: Floats) -> Floats:
    """Return the probabilities at the knots of an isotonic fit to the rates of the bins."""
    middle, mass, positive = counted.points()
    steps = isotonic_regression(positive / mass, sample_weight=mass)
    smooth = _sigmoid(counted, knots)
    return _inside((1 - _SIGMOID_TRACE) * np.interp(knots, middle, steps) + _SIGMOID_TRACE * smooth)


def _inside(probability: Floats) -> Floats:
    """Return probabilities that are never 0 or 1; not cut off, so that they keep their order."""
    return _SMALLEST + (1 - 2 * _SMALLEST) * probability
