"""The five metrics of predictions and their draws: a number never stands without its interval.

Intervals are 95 % percentile intervals over bootstrap draws of *customers*.  Whoever scores the
same samples with another model and the same seed sees the same draws, so a lift is a paired
difference.  The calibration error alone is treated apart: `training.calibration_error` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.draws import customer_draws

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Interval = dict[str, float | None]

METRICS = ("auc", "average_precision", "brier", "log_loss", "calibration_error")
REPEATS = 100
BINS = 10


@dataclass(frozen=True, eq=False)
class TestPart:
    """Samples nobody learnt from; all of shape (n_samples,).

    ``y`` 0/1, ``p`` predicted, ``customers`` whose sample, ``elapsed`` share of the median journey,
    ``seen`` how many events of the journey so far (None where nobody asked).
    """

    __test__ = False

    y: Floats
    p: Floats
    customers: Codes
    elapsed: Floats
    seen: Codes | None = None

    def take(self, chosen: Flags) -> "TestPart":
        """Return some of the samples."""
        seen = None if self.seen is None else self.seen[chosen]
        y, p, customers = self.y[chosen], self.p[chosen], self.customers[chosen]
        return TestPart(y, p, customers, self.elapsed[chosen], seen)

    def predicted_by(self, p: Floats) -> "TestPart":
        """Return the same samples with another model's predictions."""
        return replace(self, p=p)

    @property
    def customer_count(self) -> int:
        """How many customers the samples are of."""
        return len(np.unique(self.customers))


def metric_draws(part: TestPart, seed: int, *, repeats: int = REPEATS) -> Floats:
    """Return the metrics of the samples and of bootstrap draws of their customers.

    Returns
    -------
    array of shape (1 + repeats, len(METRICS))
        Row 0 is the samples themselves; NaN for a rank metric where a draw has one class only.
    """
    scored = _Scored(part)
    draws = [scored.metrics(np.ones(len(part.y)))]
    draws += [
        scored.metrics(weight)
        for weight in customer_draws(part.customers, draws=repeats, seed=seed)
    ]
    return np.array(draws)


def auc_draws(part: TestPart, seed: int, *, repeats: int = REPEATS) -> Floats:
    """Return the AUC of the samples and of bootstrap draws, shape (1 + repeats,)."""
    _, rank = np.unique(part.p, return_inverse=True)
    positive = np.flatnonzero(part.y > 0)

    def area(weight: Floats) -> float:
        mass = np.bincount(rank, weight).astype(np.float64)
        hits = np.bincount(rank[positive], weight[positive], len(mass)).astype(np.float64)
        return area_under_roc(hits, mass - hits)

    draws = customer_draws(part.customers, draws=repeats, seed=seed)
    return np.array([area(np.ones(len(part.y))), *map(area, draws)])


def with_intervals(draws: Floats, names: Sequence[str] = METRICS) -> dict[str, Interval]:
    """Return value, low and high of each column: row 0 and the 95 % interval of the others."""
    return {name: interval(draws[:, place]) for place, name in enumerate(names)}


def interval(draws: Floats) -> Interval:
    """Return the first of the draws and the 95 % interval of the rest; None where not defined."""
    known = draws[1:][np.isfinite(draws[1:])]
    if not (np.isfinite(draws[0]) and len(known)):
        return {"value": None, "low": None, "high": None}
    low, high = np.quantile(known, [0.025, 0.975])
    return {"value": float(draws[0]), "low": float(low), "high": float(high)}


def bins_of(p: Floats, bins: int = BINS) -> Codes:
    """Return the bin of each prediction, bins of equal size (fewer where predictions tie)."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, p, side="right")


class _Scored:
    """Predictions sorted once, so that each bootstrap draw costs a few sums."""

    def __init__(self, part: TestPart) -> None:
        self._part = part
        _, self._rank = np.unique(part.p, return_inverse=True)
        self._bin = bins_of(part.p)

    @cached_property
    def _losses(self) -> tuple[Floats, Floats]:
        y, p = self._part.y, np.clip(self._part.p, 1e-9, 1 - 1e-9)
        return (y - p) ** 2, -(y * np.log(p) + (1 - y) * np.log1p(-p))

    def metrics(self, weight: Floats) -> Floats:
        """Return the five metrics under sample weights; NaN for a rank metric of one class."""
        mass = np.bincount(self._rank, weight).astype(np.float64)
        positive = np.bincount(self._rank, weight * self._part.y).astype(np.float64)
        total = weight.sum()
        squared, log_loss = (float(weight @ loss / total) for loss in self._losses)
        ranked = (area_under_roc(positive, mass - positive), _average_precision(positive, mass))
        gap = np.bincount(self._bin, weight * (self._part.y - self._part.p))
        return np.array([*ranked, squared, log_loss, float(np.abs(gap).sum() / total)])


def auc(y: Floats, p: Floats) -> float:
    """Return the area under the ROC curve (ties count a half); NaN of one class only."""
    _, rank = np.unique(p, return_inverse=True)
    positive, mass = np.bincount(rank, y).astype(np.float64), np.bincount(rank).astype(np.float64)
    return area_under_roc(positive, mass - positive)


def area_under_roc(positive: Floats, negative: Floats) -> float:
    """Return the area under the ROC curve from counts per distinct score, ascending."""
    if positive.sum() == 0 or negative.sum() == 0:
        return float("nan")
    below = np.cumsum(negative) - negative
    return float(positive @ (below + negative / 2) / (positive.sum() * negative.sum()))


def _average_precision(positive: Floats, mass: Floats) -> float:
    if positive.sum() == 0:
        return float("nan")
    hits, marked = np.cumsum(positive[::-1]), np.cumsum(mass[::-1])
    precision = np.divide(hits, marked, out=np.zeros_like(hits), where=marked > 0)
    return float(positive[::-1] @ precision / positive.sum())
