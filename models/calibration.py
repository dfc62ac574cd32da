"""Calibration: from a tree's margin to a probability that means what it says, with its interval.

Fitted on later data than the trees.  The curve is piecewise linear over margins and strictly
increasing, so it never reorders customers: a sigmoid where outcomes are few (Platt 1999), isotonic
over quantile bins, with a trace of the sigmoid, where they are many (Zadrozny & Elkan 2002).  Its
band is the 90 % percentile interval over bootstrap samples of customers: how sure we are of the
rate among customers with this margin, not how one customer will turn out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from models.threads import one_thread

Floats = NDArray[np.float64]

_KNOTS = 40
_BINS = 50
_ENOUGH_FOR_ISOTONIC = 1_000
_FEWEST = 10
_REPEATS = 60
_SIGMOID_TRACE = 0.05
_SMALLEST = 1e-4
_SMALLEST_SLOPE = 0.05


@dataclass(frozen=True, eq=False)
class Calibration:
    """A curve from margin (log odds) to probability, with a 90 % band; all of shape (n_knots,)."""

    method: str
    margin: Floats
    probability: Floats
    low: Floats
    high: Floats

    def __call__(self, margin: Floats) -> Floats:
        """Return the probability at each margin."""
        return np.interp(margin, self.margin, self.probability)

    def band(self, margin: Floats) -> tuple[Floats, Floats]:
        """Return the lower and the upper end of the interval at each margin."""
        return np.interp(margin, self.margin, self.low), np.interp(margin, self.margin, self.high)

    def as_dict(self) -> dict[str, object]:
        """Return the curve as lists of numbers."""
        curves = ("margin", "probability", "low", "high")
        return {"method": self.method} | {name: getattr(self, name).tolist() for name in curves}

    @classmethod
    def from_dict(cls, written: dict[str, list[float]]) -> "Calibration":
        """Return the curve that `as_dict` wrote."""
        curves = [np.array(written[name]) for name in ("margin", "probability", "low", "high")]
        return cls(str(written["method"]), *curves)


def fit_calibration(
    margin: Floats, y: Floats, customers: NDArray[np.int64], seed: int
) -> Calibration:
    """Fit the curve to later samples.

    Parameters
    ----------
    margin, y, customers : shape (n_samples,)
        Log odds from the trees, 0/1 outcomes, and whose sample it is: customers, not samples, are
        drawn for the band.
    """
    knots = _knots(margin)
    flexible = min(y.sum(), (1 - y).sum()) >= _ENOUGH_FOR_ISOTONIC
    fit = _isotonic if flexible else _sigmoid
    binned = _Binned.of(margin, y)
    with one_thread():
        best = fit(binned.counted(np.ones(len(y))), knots)
        draws = _customer_draws(customers, seed)
        drawn = [fit(binned.counted(weight), knots) for weight in draws]
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return Calibration(
        method="isotonic" if flexible else "sigmoid",
        margin=knots,
        probability=best,
        low=np.minimum(low, best),
        high=np.maximum(high, best),
    )


def _knots(margin: Floats) -> Floats:
    """Return distinct margins from the smallest to the largest, denser where samples are."""
    quantiles = np.quantile(margin, np.linspace(0, 1, _KNOTS))
    wide = np.linspace(margin.min() - 1.0, margin.max() + 1.0, _KNOTS)
    return np.unique(np.round(np.concatenate([quantiles, wide]), 6))


def _customer_draws(customers: NDArray[np.int64], seed: int) -> Iterator[Floats]:
    """Yield weights per sample: how often a bootstrap draw took the sample's customer."""
    rng = np.random.default_rng(seed)
    _, member = np.unique(customers, return_inverse=True)
    for _ in range(_REPEATS):
        taken = rng.poisson(1.0, member.max() + 1)
        # Of very few customers a draw may take none: that says nothing, all of them at least this.
        yield (taken if taken.any() else np.ones_like(taken))[member].astype(np.float64)


@dataclass(frozen=True)
class _Binned:
    """Samples in quantile bins of the margin, so that a refit costs the bins, not the samples."""

    place: NDArray[np.int64]
    margin: Floats
    y: Floats

    @classmethod
    def of(cls, margin: Floats, y: Floats) -> "_Binned":
        edges = np.unique(np.quantile(margin, np.linspace(0, 1, _BINS + 1)[1:-1]))
        return cls(np.searchsorted(edges, margin, side="right"), margin, y)

    def counted(self, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """Return mean margin, weight and weight of the positives of each bin that has any."""
        mass = np.bincount(self.place, weight)
        held = mass > 0
        middle = np.bincount(self.place, weight * self.margin)[held] / mass[held]
        positive = np.bincount(self.place, weight * self.y)[held]
        return middle, mass[held].astype(np.float64), positive.astype(np.float64)


def _sigmoid(counted: tuple[Floats, Floats, Floats], knots: Floats) -> Floats:
    """Return the probabilities at the knots of a logistic fit; a mere shift where data are few."""
    middle, mass, positive = counted
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


def _isotonic(counted: tuple[Floats, Floats, Floats], knots: Floats) -> Floats:
    """Return the probabilities at the knots of an isotonic fit to the rates of the bins."""
    middle, mass, positive = counted
    steps = isotonic_regression(positive / mass, sample_weight=mass)
    smooth = _sigmoid(counted, knots)
    return _inside((1 - _SIGMOID_TRACE) * np.interp(knots, middle, steps) + _SIGMOID_TRACE * smooth)


def _inside(probability: Floats) -> Floats:
    """Return probabilities that are never 0 or 1; not cut off, so that they keep their order."""
    return _SMALLEST + (1 - 2 * _SMALLEST) * probability
