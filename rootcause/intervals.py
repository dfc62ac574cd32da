"""Intervals: how sure a rate is, and draws of customers for everything else."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.draws import customer_draws

Floats = NDArray[np.float64]

Z_95 = 1.959963984540054


def rate_interval(happened: ArrayLike, of: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return rates with 95 % intervals (Wilson 1927); NaN where nobody was counted.

    Parameters
    ----------
    happened, of : counts, of one shape

    Returns
    -------
    rate, low, high : arrays of that shape
    """
    k, n = np.asarray(happened, dtype=np.float64), np.asarray(of, dtype=np.float64)
    n = np.where(n > 0, n, np.nan)
    rate = k / n
    middle = (rate + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    arm = Z_95 * np.sqrt(rate * (1 - rate) / n + Z_95**2 / (4 * n**2)) / (1 + Z_95**2 / n)
    return rate, np.clip(middle - arm, 0.0, rate), np.clip(middle + arm, rate, 1.0)


def customer_weights(customers: NDArray[np.int64], *, draws: int, seed: int) -> Floats:
    """Return the weights of `models.draws.customer_draws` as one array, shape (draws, n)."""
    if not len(customers):
        return np.empty((draws, 0))
    return np.array(list(customer_draws(customers, draws=draws, seed=seed)))
