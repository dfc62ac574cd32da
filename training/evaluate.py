"""Evaluation on the future part: how good, how sure, where in the journey, against what.

Every number has a 95 % percentile interval over bootstrap draws of *customers* (samples of one
customer are not independent).  Baselines see the same draws, so a lift is a paired difference.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Interval = dict[str, float | None]

METRICS = ("auc", "average_precision", "brier", "log_loss", "calibration_error")
STAGES = (
    "first quarter of the median journey",
    "second quarter",
    "second half",
    "beyond the median journey",
)
_REPEATS = 100
_BINS = 10
_STAGE_EDGES = (0.25, 0.5, 1.0)
_FEWEST_IN_STAGE = 50
_TOO_FAR_OFF = 0.05


@dataclass(frozen=True, eq=False)
class TestPart:
    """Samples nobody learnt from; all of shape (n_samples,).

    ``y`` 0/1, ``p`` predicted, ``customers`` whose sample, ``elapsed`` share of the median journey.
    """

    __test__ = False

    y: Floats
    p: Floats
    customers: Codes
    elapsed: Floats

    def take(self, chosen: NDArray[np.bool_]) -> "TestPart":
        """Return some of the samples."""
        return TestPart(
            self.y[chosen], self.p[chosen], self.customers[chosen], self.elapsed[chosen]
        )

    def predicted_by(self, p: Floats) -> "TestPart":
        """Return the same samples with another model's predictions."""
        return TestPart(self.y, p, self.customers, self.elapsed)


def evaluate_outcome(
    part: TestPart, baselines: dict[str, Floats], *, seed: int
) -> dict[str, object]:
    """Return everything that is said about one outcome's predictions; plain data.

    Parameters
    ----------
    baselines : name to predicted probabilities of the same samples
    """
    draws = _metric_draws(part, seed)
    of_baseline = {name: _metric_draws(part.predicted_by(p), seed) for name, p in baselines.items()}
    return {
        "samples": len(part.y),
        "customers": len(np.unique(part.customers)),
        "positives": int(part.y.sum()),
        "base_rate": float(part.y.mean()),
        "metrics": _with_intervals(draws),
        "calibration_error_by_chance": _calibration_error_by_chance(part, seed),
        "baselines": {name: _with_intervals(found) for name, found in of_baseline.items()},
        "lift": {
            name: _with_intervals(draws - found)["auc"] for name, found in of_baseline.items()
        },
        "stages": _by_stage(part, seed),
        "reliability": _reliability(part),
        "precision_recall": _precision_recall(part),
    }


def doubts(evaluation: dict[str, Any]) -> list[str]:
    """Return, in sentences, why some predictions should not be acted on; empty when none."""
    found = []
    for outcome, said in evaluation.items():
        error = said["metrics"]["calibration_error"]["value"]
        if error is not None and error - said["calibration_error_by_chance"] > _TOO_FAR_OFF:
            found.append(
                f"The probabilities of {outcome} were off by {100 * error:.0f} points on "
                "later journeys: what came later is unlike what was learnt from. Look at how the "
                "log was drawn before acting on them."
            )
        worse = [name for name, lift in said["lift"].items() if (lift["high"] or 0.0) < 0]
        if worse:
            found.append(
                f"The model of {outcome} ranks later journeys worse than {' and '.join(worse)}."
            )
    return found


def _by_stage(part: TestPart, seed: int) -> list[dict[str, object]]:
    stage = np.searchsorted(_STAGE_EDGES, part.elapsed, side="right")
    rows = []
    for place, name in enumerate(STAGES):
        here = part.take(stage == place)
        row: dict[str, object] = {"stage": name, "samples": len(here.y)}
        if len(here.y) >= _FEWEST_IN_STAGE:
            row["positives"] = int(here.y.sum())
            row["metrics"] = _with_intervals(_metric_draws(here, seed))
        rows.append(row)
    return rows


def _metric_draws(part: TestPart, seed: int) -> Floats:
    """Return the metrics of the samples (first row) and of bootstrap draws of their customers."""
    scored = _Scored(part)
    rng = np.random.default_rng(seed)
    _, member = np.unique(part.customers, return_inverse=True)
    draws = [scored.metrics(np.ones(len(part.y)))]
    for _ in range(_REPEATS):
        taken = rng.poisson(1.0, member.max() + 1)
        if taken.any():  # of very few customers a draw may take none
            draws.append(scored.metrics(taken[member].astype(np.float64)))
    return np.array(draws)


def _calibration_error_by_chance(part: TestPart, seed: int) -> float:
    """Return the error that predictions without any fault stay below in 95 of 100 draws.

    Few customers never come out exactly as predicted, so the error itself is never zero. Each draw
    turns the sign of what a customer's samples were off by, all of them together.
    """
    scored = _Scored(part)
    rng = np.random.default_rng(seed)
    _, member = np.unique(part.customers, return_inverse=True)
    signs = rng.choice([-1.0, 1.0], size=(_REPEATS, member.max() + 1))
    return float(np.quantile([scored.calibration_error(sign[member]) for sign in signs], 0.95))


def _with_intervals(draws: Floats) -> dict[str, Interval]:
    value = draws[0]
    spread = draws[1:]
    found: dict[str, Interval] = {}
    for place, name in enumerate(METRICS):
        known = spread[np.isfinite(spread[:, place]), place]
        defined = bool(np.isfinite(value[place])) and len(known) > 0
        low, high = np.quantile(known, [0.025, 0.975]) if defined else (None, None)
        found[name] = {
            "value": float(value[place]) if defined else None,
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
        }
    return found


class _Scored:
    """Predictions sorted once, so that each bootstrap draw costs a few sums."""

    def __init__(self, part: TestPart) -> None:
        self._part = part
        _, self._rank = np.unique(part.p, return_inverse=True)
        edges = np.unique(np.quantile(part.p, np.linspace(0, 1, _BINS + 1)[1:-1]))
        self._bin = np.searchsorted(edges, part.p, side="right")

    @cached_property
    def _losses(self) -> tuple[Floats, Floats]:
        y, p = self._part.y, np.clip(self._part.p, 1e-9, 1 - 1e-9)
        return (y - p) ** 2, -(y * np.log(p) + (1 - y) * np.log1p(-p))

    def metrics(self, weight: Floats) -> Floats:
        """Return the five metrics under sample weights; NaN for a rank metric of one class."""
        positive = np.bincount(self._rank, weight * self._part.y).astype(np.float64)
        negative = np.bincount(self._rank, weight * (1 - self._part.y)).astype(np.float64)
        total = weight.sum()
        squared, log_loss = (float(weight @ loss / total) for loss in self._losses)
        ranked = (_auc(positive, negative), _average_precision(positive, negative))
        return np.array([*ranked, squared, log_loss, self.calibration_error(weight)])

    def calibration_error(self, weight: Floats) -> float:
        """Return the expected calibration error over ten bins of equal size."""
        gap = np.bincount(self._bin, weight * (self._part.y - self._part.p))
        return float(np.abs(gap).sum() / np.abs(weight).sum())


def _auc(positive: Floats, negative: Floats) -> float:
    """Return the area under the ROC curve from counts per distinct score, ascending."""
    if positive.sum() == 0 or negative.sum() == 0:
        return float("nan")
    below = np.cumsum(negative) - negative
    return float(positive @ (below + negative / 2) / (positive.sum() * negative.sum()))


def _average_precision(positive: Floats, negative: Floats) -> float:
    if positive.sum() == 0:
        return float("nan")
    hits = np.cumsum(positive[::-1])
    marked = hits + np.cumsum(negative[::-1])
    precision = np.divide(hits, marked, out=np.zeros_like(hits), where=marked > 0)
    return float(positive[::-1] @ precision / positive.sum())


def _reliability(part: TestPart) -> list[dict[str, float]]:
    """Return what was predicted and what came, in bins of equal size, with Wilson intervals.

    The interval counts customers, not samples: those of one customer say much the same.
    """
    edges = np.unique(np.quantile(part.p, np.linspace(0, 1, _BINS + 1)[1:-1]))
    of_bin = np.searchsorted(edges, part.p, side="right")
    rows = []
    for place in np.unique(of_bin):
        here = part.take(of_bin == place)
        rate = float(here.y.mean())
        low, high = wilson(rate, len(np.unique(here.customers)))
        rows.append(
            {
                "predicted": float(here.p.mean()),
                "observed": rate,
                "low": low,
                "high": high,
                "samples": len(here.y),
            }
        )
    return rows


def wilson(rate: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share seen in n draws (Wilson 1927)."""
    z = 1.96
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def _precision_recall(part: TestPart) -> list[dict[str, float]]:
    """Return precision and recall at up to fifty thresholds; empty without a positive."""
    if part.y.sum() == 0:
        return []
    rows = []
    for threshold in np.unique(np.quantile(part.p, np.linspace(0, 0.998, 50))):
        marked = part.p >= threshold
        hits = float(part.y[marked].sum())
        rows.append(
            {
                "threshold": float(threshold),
                "precision": hits / float(marked.sum()),
                "recall": hits / float(part.y.sum()),
            }
        )
    return rows
