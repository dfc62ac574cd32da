"""The doubly robust effect: the simple one, corrected by journeys that look like the exposed.

Augmented inverse probability weighting for the effect on the exposed (Robins, Rotnitzky and Zhao
1994; Hirano and Imbens 2001): what happened less what was expected, over the exposed, less the same
over others weighed by p / (1 - p), where p is their probability of meeting the conditions given all
else that is known of them. Right if either the expected rate or p is. Where the conditions were
already there before the onset, the contrast of then is taken off (doubly robust difference in
differences: Sant'Anna and Zhao 2020). Rate and probability are predicted out of fold (Chernozhukov
et al. 2018).
"""

from dataclasses import dataclass

import numpy as np

from models.trees import TreeSettings, cross_fitted_probability
from rootcause.contrast import Contrast, adjusted_for, level_believed
from rootcause.exposure import Flags, Floats
from rootcause.intervals import Z_95
from rootcause.step_rows import customer_fold
from rootcause.wording import points, points_between

_MOST_CERTAIN = 0.95
_FEWEST_TO_FIT = 60
_FEWEST_COMPARABLE = 20.0
_DISAGREE_Z = 2.0


@dataclass(frozen=True)
class RobustEffect:
    """An effect with its standard error; ``low`` and ``high``: its 95 % interval."""

    effect: float
    error: float

    @property
    def low(self) -> float:
        """The lower end, at least -1."""
        return max(-1.0, self.effect - Z_95 * self.error)

    @property
    def high(self) -> float:
        """The upper end, at most 1."""
        return min(1.0, self.effect + Z_95 * self.error)


@dataclass(frozen=True)
class _Period:
    """A contrast in one period, and its variance over customers."""

    value: float
    variance: float


def robust_effect(contrast: Contrast, *, seed: int = 0) -> RobustEffect | None:
    """Return the doubly robust effect on the exposed since the onset.

    None where too few others resemble the exposed: fewer than 60 of either, or weights that rest on
    fewer than 20 journeys (Kish's effective number).
    """
    rows = contrast.here & contrast.later
    after = _weighted(contrast, rows, seed=seed)
    if after is None:
        return None
    earlier = contrast.here & ~contrast.later
    before = _weighted(contrast, earlier, seed=seed)
    if before is None:
        before = _Period(0.0, np.inf)
    met = earlier & contrast.met
    others = contrast.here & ~contrast.met
    believed, left = level_believed(contrast, met, others, before.variance)
    variance = contrast.scatter * (after.variance + left)
    return RobustEffect(after.value - believed * before.value, float(np.sqrt(variance)))


def disagreement(simple: tuple[float, float, float], robust: RobustEffect | None) -> str:
    """Say that two estimates disagree; empty where they do not. ``simple``: effect, low, high."""
    if robust is None:
        return "No doubly robust estimate: too few others resemble the exposed."
    effect, low, high = simple
    error = float(np.hypot((high - low) / (2 * Z_95), robust.error))
    if abs(effect - robust.effect) <= _DISAGREE_Z * error:
        return ""
    return (
        f"The two estimates disagree: {points(effect)} by the expected rate, "
        f"{points(robust.effect)} ({points_between(robust.low, robust.high)}) against journeys "
        "that look alike. Trust the conditions and the onset more than the size."
    )


def likeness(contrast: Contrast, rows: Flags, *, seed: int = 0) -> Floats:
    """Return how much each of some rows is like the exposed, shape (rows.sum(),).

    p / (1 - p), p being the probability of meeting the conditions given all else that is known.
    """
    exposures = contrast.exposures
    kept, numbers = adjusted_for(contrast)
    columns = (exposures.codes[:, kept], exposures.numbers[:, numbers], exposures.day)
    p = cross_fitted_probability(
        np.column_stack([column[rows] for column in columns]).astype(np.float32),
        contrast.met[rows].astype(np.float64),
        customer_fold(exposures.lot[rows], 2, seed),
        settings=TreeSettings(trees=40, leaves=8, learning_rate=0.1, min_leaf=50, seed=seed),
        categorical=range(len(kept)),
    )
    p = np.clip(p, 0.0, _MOST_CERTAIN)
    return np.asarray(p / (1.0 - p))


def _weighted(contrast: Contrast, rows: Flags, *, seed: int) -> _Period | None:
    """Return exposed less others weighed to look like them, of the residuals in one period."""
    met, others = rows & contrast.met, rows & ~contrast.met
    if min(int(met.sum()), int(others.sum())) < _FEWEST_TO_FIT:
        return None
    weight = likeness(contrast, rows, seed=seed)[~contrast.met[rows]]
    if weight.sum() ** 2 < _FEWEST_COMPARABLE * (weight**2).sum():
        return None
    residual = contrast.residual
    own, theirs = residual[met], residual[others]
    level = float(np.average(theirs, weights=weight))
    influence = np.zeros(len(contrast.exposures))
    influence[met] = (own - own.mean()) / len(own)
    influence[others] = -weight * (theirs - level) / weight.sum()
    by_customer = np.bincount(contrast.exposures.customer[rows], influence[rows])
    return _Period(float(own.mean()) - level, float((by_customer**2).sum()))
