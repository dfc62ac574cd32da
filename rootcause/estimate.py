"""Estimates: a number, how each customer moves it, and the intervals that follow from that.

Variances are sums over customers, never over journeys: one customer's journeys are alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rootcause.intervals import Z_95
from rootcause.kpi import Measured

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; ``influence`` has an entry per entry of ``customer``."""

    value: float
    low: float
    high: float
    part: int
    whole: int
    customer: Ints
    influence: Floats

    @property
    def known(self) -> bool:
        """Whether it can be said at all."""
        return not np.isnan(self.value)

    @property
    def measured(self) -> Measured:
        """The number and its interval alone."""
        if not self.known:
            return Measured(None, None, None, self.part, self.whole)
        return Measured(self.value, self.low, self.high, self.part, self.whole)


def unknown(part: int, whole: int) -> Estimate:
    """Return that so many were counted, and that it says nothing."""
    nobody = np.empty(0, dtype=np.int64)
    return Estimate(np.nan, np.nan, np.nan, part, whole, nobody, np.empty(0))


def share(value: float, customer: Ints, influence: Floats, *, part: int, whole: int) -> Estimate:
    """Return a share; its interval is Wilson's (1927) at the effective number of journeys.

    That number is the one at which independent journeys would give this variance (Korn & Graubard
    1998); at none or all it is the number counted.
    """
    value = min(max(value, 0.0), 1.0)
    error = spread_of(customer, influence)
    at_edge = error <= 0.0 or not 0.0 < value < 1.0
    n = max(whole, 1) if at_edge else value * (1.0 - value) / error**2
    middle = (value + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    arm = Z_95 * np.sqrt(value * (1 - value) / n + Z_95**2 / (4 * n**2)) / (1 + Z_95**2 / n)
    low, high = min(max(middle - arm, 0.0), value), max(min(middle + arm, 1.0), value)
    return Estimate(value, float(low), float(high), part, whole, customer, influence)


def mean(value: float, customer: Ints, influence: Floats, *, part: int, whole: int) -> Estimate:
    """Return a mean that cannot be negative; its interval is symmetric on the log scale."""
    error = spread_of(customer, influence)
    if value <= 0.0:
        return Estimate(0.0, 0.0, 3.0 / max(whole, 1), part, whole, customer, influence)
    factor = float(np.exp(Z_95 * error / value))
    return Estimate(value, value / factor, value * factor, part, whole, customer, influence)


def between(
    value: float, customer: Ints, influence: Floats, *, bounds: tuple[float, float], whole: int
) -> Estimate:
    """Return a mean on a scale, with a symmetric interval that keeps to the scale."""
    arm = Z_95 * spread_of(customer, influence)
    low, high = max(value - arm, bounds[0]), min(value + arm, bounds[1])
    return Estimate(value, low, high, whole, whole, customer, influence)


def spread_of(customer: Ints, influence: Floats) -> float:
    """Return the standard error of a number from the influences on it, by customer."""
    if not len(customer):
        return 0.0
    total = np.bincount(customer, influence)
    n = np.count_nonzero(np.bincount(customer))
    return float(np.sqrt((total**2).sum() * (n / (n - 1.0) if n > 1 else 1.0)))


def change_of(now: Estimate, before: Estimate) -> tuple[float, float, float]:
    """Return now less before and its interval, from the two intervals and their correlation.

    Both are known.  The method of variance estimates recovery (Zou & Donner 2008), which keeps the
    shape of the two; customers that are in both make them move together.
    """
    change = now.value - before.value
    together = _correlation(now, before)

    def arm(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 + other**2 - 2.0 * together * one * other, 0.0)))

    low = change - arm(now.value - now.low, before.high - before.value)
    return change, low, change + arm(now.high - now.value, before.value - before.low)


def _correlation(one: Estimate, other: Estimate) -> float:
    if not len(one.customer) or not len(other.customer):
        return 0.0
    size = int(max(one.customer.max(), other.customer.max())) + 1
    a = np.bincount(one.customer, one.influence, size)
    b = np.bincount(other.customer, other.influence, size)
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0
