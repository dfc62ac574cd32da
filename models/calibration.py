"""Calibration: from a margin to a probability that means what it says, with its interval.

Fitted on rows that the members never saw.  The curve is piecewise linear over margins and strictly
increasing, so it never reorders customers: a sigmoid where outcomes are few (Platt 1999), isotonic
over quantile bins, with a trace of the sigmoid, where they are many (Zadrozny & Elkan 2002).  A
margin can mean more in the first hour of a journey than at its end: then each stage bends the
shared curve by a shift and a slope of its log odds, both drawn to none (partial pooling), if that
tells held-out customers better.  The band is the 90 % percentile interval over bootstrap samples
of customers: how sure we are of the rate among customers with this margin, not how one customer
will turn out.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.along import along
from models.curve import Counted, curve_of, staged
from models.draws import customer_draws
from models.threads import one_thread

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Ask = Literal["one", "each", "better"]

_KNOTS = 40
_BINS = 50
_ENOUGH_FOR_ISOTONIC = 1_000
_REPEATS = 60
_FOLDS = 5
_FEWEST_TO_CHOOSE = 200


@dataclass(frozen=True)
class Stages:
    """Stages of a journey: ``column`` of the features holds hours since its start.

    ``edges`` are hours, ascending: a stage begins at each.
    """

    column: int
    edges: tuple[float, ...]

    def of(self, X: NDArray[np.float32]) -> Codes:
        """Return the stage of each row, from 0 on, shape (n,); missing hours are the last stage."""
        hours = X[:, self.column].astype(np.float64)
        return np.asarray(np.searchsorted(self.edges, hours, side="right"), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Curves from margin (log odds) to probability, with a 90 % band.

    ``margin``: shape (n_knots,); ``probability``, ``low`` and ``high``: (n_curves, n_knots), one
    curve for each of the ``stages``, or one curve where these are None.
    """

    method: str
    stages: Stages | None
    margin: Floats
    probability: Floats
    low: Floats
    high: Floats

    def __call__(self, margin: Floats, stage: Codes | None = None) -> Floats:
        """Return the probability at each margin; ``stage`` as `stage_of` gives it."""
        return self._at(self.probability, margin, stage)

    def band(self, margin: Floats, stage: Codes | None = None) -> tuple[Floats, Floats]:
        """Return the lower and the upper end of the interval at each margin."""
        return self._at(self.low, margin, stage), self._at(self.high, margin, stage)

    def moved(self, by: float) -> "Calibration":
        """Return the same curves for margins that are all higher by so much."""
        return replace(self, margin=self.margin + by)

    def stage_of(self, X: NDArray[np.float32]) -> Codes:
        """Return the stage of each row of features; 0 where there is one curve."""
        if self.stages is None:
            return np.zeros(len(X), dtype=np.int64)
        return self.stages.of(X)

    def as_dict(self) -> dict[str, object]:
        """Return the curves as lists of numbers."""
        stages = self.stages and {"column": self.stages.column, "edges": list(self.stages.edges)}
        curves = ("margin", "probability", "low", "high")
        lists = {name: getattr(self, name).tolist() for name in curves}
        return {"method": self.method, "stages": stages} | lists

    @classmethod
    def from_dict(cls, written: dict[str, Any]) -> "Calibration":
        """Return the curves that `as_dict` wrote."""
        said = written["stages"]
        stages = Stages(said["column"], tuple(said["edges"])) if said else None
        curves = [np.array(written[name]) for name in ("margin", "probability", "low", "high")]
        return cls(str(written["method"]), stages, *curves)

    def _at(self, curves: Floats, margin: Floats, stage: Codes | None) -> Floats:
        if len(curves) == 1 or stage is None:
            return self._along(curves[0], margin)
        found = np.empty(len(margin))
        for place, curve in enumerate(curves):
            here = stage == place
            found[here] = self._along(curve, margin[here])
        return found

    def _along(self, curve: Floats, margin: Floats) -> Floats:
        found = np.empty(len(margin))
        along(self.margin, curve, np.ascontiguousarray(margin, dtype=np.float64), found)
        return found


def fit_calibration(  # noqa: PLR0913 - a fit has this many ingredients
    margin: Floats,
    y: Floats,
    customers: Codes,
    seed: int,
    *,
    stages: Stages | None = None,
    stage: Codes | None = None,
    ask: Ask = "better",
) -> Calibration:
    """Fit the curve to rows that the members never saw.

    Parameters
    ----------
    margin, y, customers : shape (n_samples,)
        Log odds, 0/1 outcomes, and whose sample it is: customers, not samples, are drawn for the
        band.
    stages, stage : what the stages are, and the stage of each sample; None for one curve
    ask : *one* curve, one for *each* stage, or which is *better* by log loss in customers held out
    """
    stages = stages if stage is not None and ask != "one" else None
    place = np.zeros(len(y), dtype=np.int64) if stages is None or stage is None else stage
    samples = _Samples.of(
        margin, y, customers, place, 1 if stages is None else len(stages.edges) + 1
    )
    with one_thread():
        if stages is not None and ask == "better" and not _stages_help(samples, seed):
            stages, samples = None, samples.of_one_stage()
        best = samples.curves(np.ones(len(y)))
        draws = customer_draws(customers, draws=_REPEATS, seed=seed)
        drawn = [samples.curves(weight) for weight in draws]
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return Calibration(
        method=samples.method,
        stages=stages,
        margin=samples.knots,
        probability=best,
        low=np.minimum(low, best),
        high=np.maximum(high, best),
    )


@dataclass(frozen=True, eq=False)
class _Samples:
    """Samples in quantile bins of the margin by stage, so that a refit costs the bins."""

    method: Literal["sigmoid", "isotonic"]
    knots: Floats
    place: Codes
    n_stages: int
    margin: Floats
    y: Floats
    customers: Codes

    @classmethod
    def of(
        cls, margin: Floats, y: Floats, customers: Codes, stage: Codes, n_stages: int
    ) -> "_Samples":
        edges = np.unique(np.quantile(margin, np.linspace(0, 1, _BINS + 1)[1:-1]))
        place = stage * _BINS + np.searchsorted(edges, margin, side="right")
        both = [len(np.unique(customers[y == label])) for label in (0.0, 1.0)]
        many = min(both) >= _ENOUGH_FOR_ISOTONIC  # of one customer a hundred samples are one
        method: Literal["sigmoid", "isotonic"] = "isotonic" if many else "sigmoid"
        return cls(method, _knots(margin), place, n_stages, margin, y, customers)

    def of_one_stage(self) -> "_Samples":
        stage = np.zeros(len(self.y), dtype=np.int64)
        return _Samples.of(self.margin, self.y, self.customers, stage, 1)

    def curves(self, weight: Floats) -> Floats:
        """Return the probabilities at the knots, shape (n_stages, n_knots), under some weights."""
        counted = self._counted(weight)
        shared = curve_of(counted.summed(), self.knots, self.method)
        if self.n_stages == 1:
            return shared[None]
        return staged(counted, shared, self.knots, worth=self._worth)

    def log_loss(self, curves: Floats, rows: NDArray[np.bool_]) -> float:
        """Return the summed log loss of some samples under the curves of their stages."""
        p, stage = np.empty(len(self.y)), self.place // _BINS
        for place, curve in enumerate(curves):
            here = stage == place
            p[here] = np.interp(self.margin[here], self.knots, curve)
        p, y = p[rows], self.y[rows]
        return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).sum())

    @property
    def _worth(self) -> float:
        """What a sample says beyond its customer's others: as if one of each customer a stage."""
        pairs = np.unique(self.customers * self.n_stages + self.place // _BINS)
        return len(pairs) / max(len(self.y), 1)

    def _counted(self, weight: Floats) -> Counted:
        shape, size = (self.n_stages, _BINS), self.n_stages * _BINS
        mass = np.bincount(self.place, weight, minlength=size)
        sums = np.bincount(self.place, weight * self.margin, minlength=size)
        positive = np.bincount(self.place, weight * self.y, minlength=size)
        counts = (np.asarray(each, dtype=np.float64) for each in (sums, mass, positive))
        return Counted(*(each.reshape(shape) for each in counts))


def _stages_help(samples: _Samples, seed: int) -> bool:
    """Whether curves of the stages have the lower log loss on customers who were held out."""
    _, member = np.unique(samples.customers, return_inverse=True)
    if member.max() + 1 < _FEWEST_TO_CHOOSE:
        return False
    fold = np.random.default_rng(seed).integers(0, _FOLDS, member.max() + 1)[member]
    one, gain = samples.of_one_stage(), 0.0
    for held in range(_FOLDS):
        learnt, out = (fold != held).astype(np.float64), fold == held
        gain += one.log_loss(one.curves(learnt), out) - samples.log_loss(
            samples.curves(learnt), out
        )
    return gain > 0


def _knots(margin: Floats) -> Floats:
    """Return distinct margins from the smallest to the largest, denser where samples are."""
    quantiles = np.quantile(margin, np.linspace(0, 1, _KNOTS))
    wide = np.linspace(margin.min() - 1.0, margin.max() + 1.0, _KNOTS)
    return np.unique(np.round(np.concatenate([quantiles, wide]), 6))
