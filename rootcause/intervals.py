"""Intervals: how sure a rate is, and draws of customers for everything else."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def customer_draws(customers: NDArray[np.int64], *, draws: int, seed: int) -> Floats:
    """Return a weight per draw and row, the same for all rows of a customer: (draws, n).

    Poisson(1) weights: a bootstrap over customers that needs no resampling.
    """
    _, place = np.unique(customers, return_inverse=True)
    n_customers = int(place.max()) + 1 if len(place) else 0
    drawn = np.random.default_rng(seed).poisson(1.0, size=(draws, n_customers))
    return drawn[:, place].astype(np.float64)
