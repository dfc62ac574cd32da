"""Forecasts: factors with their intervals, what they come to together, and for how many people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rootcause.intervals import Z_95
from rootcause.last_known import Floats
from rootcause.reach import log_odds, probability

Interval = tuple[float, float, float]
"""A value between its lower and its upper end, 95 %."""

_ENDS = ("", "_low", "_high")
FACTORS = ("reach", "exposed", "effect")
NUMBERS = tuple(f"{factor}{end}" for factor in FACTORS for end in _ENDS)

_DRAWS = 400


def product_of(people: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return the product of the factors with a 95 % interval, each shape (n,).

    The factors err independently, and their errors add as squares of log ratios.
    """
    value, low, high = (
        people[[f"{factor}{end}" for factor in FACTORS]].to_numpy(dtype=np.float64) for end in _ENDS
    )
    kept = np.maximum(value, 1e-12)
    below = np.log(kept / np.maximum(np.minimum(low, kept), 1e-12))
    above = np.log(np.maximum(high, kept) / kept)
    product = value.prod(axis=1)
    under = product * np.exp(-np.sqrt((below**2).sum(axis=1)))
    over = np.minimum(product * np.exp(np.sqrt((above**2).sum(axis=1))), high.prod(axis=1))
    return product, under, np.maximum(over, product)


def expected_count(people: pd.DataFrame, factors: Sequence[str]) -> Interval:
    """Return of how many people all factors will come true, with a 95 % prediction interval.

    Each draw errs for all of them alike in each factor, as far as its interval allows, and then
    throws the dice for everybody.

    Parameters
    ----------
    people : with the columns of each factor and its ``_low`` and ``_high``
    """
    if not len(people):
        return 0.0, 0.0, 0.0
    odds = [
        [log_odds(people[f"{factor}{end}"].to_numpy(dtype=np.float64)) for end in _ENDS]
        for factor in factors
    ]
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(_DRAWS):
        chance = np.ones(len(people))
        for factor in odds:
            chance *= _drawn(factor, float(rng.standard_normal()))
        counts.append(int((rng.random(len(people)) < chance).sum()))
    low, high = np.quantile(counts, [0.025, 0.975])
    value = float(people[list(factors)].prod(axis=1).sum())
    return value, min(float(low), value), max(float(high), value)


def _drawn(odds: list[Floats], z: float) -> Floats:
    """Return a factor that errs by so many standard errors, for everybody the same way."""
    value, low, high = odds
    return probability(value + z / Z_95 * ((high - value) if z > 0 else (value - low)))
