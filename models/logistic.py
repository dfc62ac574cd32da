"""Ridge logistic regression by L-BFGS: small, deterministic, and silent.

Scikit-learn's own warns through a filter that is not safe between threads, and takes no signs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Design = NDArray[np.float32]
Objective = Callable[[Floats], tuple[float, Floats]]

_MEMORY = 10
_MOST_STEPS = 120
_TOLERANCE = 1e-4


def fit_logistic(
    Z: Design, y: Floats, weight: Floats, *, strength: float, signs: NDArray[np.int8] | None = None
) -> tuple[Floats, float]:
    """Return coefficients and intercept of a ridge logistic regression.

    Parameters
    ----------
    Z : shape (n, k), centred columns; y : 0/1; weight : shape (n,)
    strength : of the ridge: half of it times the squared coefficients is added to the log loss
    signs : 1 or -1 where a coefficient may only be so, shape (k,)
        One that would be otherwise is fixed at zero and the others are fitted again.
    """
    free = np.ones(Z.shape[1], dtype=np.bool_)
    solution = np.zeros(Z.shape[1] + 1)
    solution[-1] = _log_odds(y, weight)
    while True:
        columns = Z if free.all() else np.ascontiguousarray(Z[:, free])
        kept = np.append(free, True)
        solution[kept] = _minimum(_loss(columns, y, weight, strength), solution[kept])
        wrong = np.zeros_like(free) if signs is None else free & (solution[:-1] * signs < 0)
        if not wrong.any():
            return solution[:-1], float(solution[-1])
        free &= ~wrong
        solution[:-1][~free] = 0.0


def _log_odds(y: Floats, weight: Floats) -> float:
    rate = (weight @ y + 0.5) / (weight.sum() + 1.0)
    return float(np.log(rate / (1 - rate)))


def _loss(Z: Design, y: Floats, weight: Floats, strength: float) -> Objective:
    """Return the penalised log loss and its gradient, per unit of weight."""
    total = weight.sum()

    def of(solution: Floats) -> tuple[float, Floats]:
        coefficients = solution[:-1]
        margin = (Z @ coefficients.astype(np.float32)).astype(np.float64) + solution[-1]
        loss = weight @ (np.logaddexp(0.0, margin) - y * margin)
        off = weight * (1.0 / (1.0 + np.exp(-np.clip(margin, -40, 40))) - y)
        slope = (off.astype(np.float32) @ Z).astype(np.float64) + strength * coefficients
        penalty = 0.5 * strength * coefficients @ coefficients
        return float((loss + penalty) / total), np.append(slope, off.sum()) / total

    return of


def _minimum(objective: Objective, start: Floats) -> Floats:
    """Return where a smooth convex function is smallest (Nocedal & Wright 2006, ch. 7.2)."""
    at, (value, slope) = start, objective(start)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(_MOST_STEPS):
        direction = _direction(slope, steps)
        length, downhill = 1.0, float(direction @ slope)
        if not steps:
            length = min(1.0, 1.0 / max(float(np.abs(slope).sum()), 1e-12))
        for _ in range(30):
            then = at + length * direction
            found, gradient = objective(then)
            if found <= value + 1e-4 * length * downhill:
                break
            length /= 2
        else:
            return at  # no step leads down: as low as these numbers can tell
        moved, turned, gained = then - at, gradient - slope, value - found
        at, value, slope = then, found, gradient
        if moved @ turned > 1e-14:
            steps = [*steps[1 - _MEMORY :], (moved, turned)]
        if np.abs(slope).max() < _TOLERANCE or gained < 1e-7:
            return at
    return at


def _direction(slope: Floats, steps: list[tuple[Floats, Floats]]) -> Floats:
    """Return the quasi-Newton step downhill, from the last moves and turns of the gradient."""
    direction = -slope
    shares = []
    for moved, turned in reversed(steps):
        share = (moved @ direction) / (moved @ turned)
        direction = direction - share * turned
        shares.append(share)
    if steps:
        moved, turned = steps[-1]
        direction = direction * ((moved @ turned) / (turned @ turned))
    for (moved, turned), share in zip(steps, reversed(shares), strict=True):
        direction = direction + moved * (share - (turned @ direction) / (moved @ turned))
    return direction
