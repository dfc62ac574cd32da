"""Chance: tail probabilities, and what is left of them after many looks."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, false_discovery_control, norm

Floats = NDArray[np.float64]


def two_sided(z: float) -> float:
    """Return the probability that a standard normal is at least so far from 0."""
    return float(2.0 * norm.sf(abs(z)))


def chi_square_tail(value: Floats, degrees: Floats) -> Floats:
    """Return the probability that a chi-square of so many degrees of freedom is larger."""
    return np.asarray(chi2.sf(value, degrees), dtype=np.float64)


def false_discovery_rates(p_values: Floats) -> Floats:
    """Return q-values (Benjamini and Hochberg 1995), NaN where the p-value is NaN."""
    found = np.full(len(p_values), np.nan)
    tested = np.isfinite(p_values)
    if tested.any():
        found[tested] = false_discovery_control(p_values[tested])
    return found
