"""Forecasts: factors with their intervals, what they come to together, and for how many people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rootcause.intervals import Z_95
from rootcause.last_known import Floats
from rootcause.reach import log_odds, probability

Interval = tuple[float, float, float]
"""A value between its lower and its upper end, 95 %."""

FACTORS = ("reach", "exposed", "effect")
NUMBERS = tuple(f"{factor}{end}" for factor in FACTORS for end in ("", "_low", "_high"))

_DRAWS = 400


def product_of(people: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return the product of the factors with a 95 % interval, each shape (n,).

    The factors err independently, and their errors add as squares of log ratios.
    """
    value, low, high = (
        people[[f"{factor}{end}" for factor in FACTORS]].to_numpy(dtype=np.float64)
        for end in ("", "_low", "_high")
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
    rng = np.random.default_rng(0)
    chance = np.prod([people[factor].to_numpy(dtype=np.float64) for factor in factors], axis=0)
    counts = []
    for _ in range(_DRAWS):
        drawn = [_drawn(people, factor, float(rng.standard_normal())) for factor in factors]
        counts.append(int((rng.random(len(people)) < np.prod(drawn, axis=0)).sum()))
    low, high = np.quantile(counts, [0.025, 0.975])
    value = float(chance.sum())
    return value, min(float(low), value), max(float(high), value)


def _drawn(people: pd.DataFrame, factor: str, z: float) -> Floats:
    """Return a factor that errs by so many standard errors, for everybody the same way."""
    value, low, high = (
        log_odds(people[f"{factor}{end}"].to_numpy(dtype=np.float64))
        for end in ("", "_low", "_high")
    )
    return probability(value + z * np.where(z > 0, high - value, value - low) / Z_95)
