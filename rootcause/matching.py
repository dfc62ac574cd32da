"""Matching: weights that make journeys not exposed look like the exposed ones.

Each pool exposure weighs p / (1 - p), where p is the probability of being exposed given who the
customer is and when (Hirano & Imbens 2001: the effect on the exposed). Attributes of the tier that
the conditions name are left out: inside iOS 8.2.0 a device says the same thing again.
"""

from collections.abc import Mapping

import numpy as np

from journeys.definition import Definition
from models.trees import TreeSettings, cross_fitted_probability
from rootcause.exposure import STEP, Exposures, Flags, Floats
from rootcause.step_rows import customer_fold

_FEWEST_TO_FIT = 60
_MOST_CERTAIN = 0.95


def matched_weights(
    exposures: Exposures,
    definition: Definition,
    conditions: Mapping[str, str],
    *,
    exposed: Flags,
    pool: Flags,
    seed: int = 0,
) -> Floats:
    """Return a weight per exposure, shape (n,): 1 for the exposed, matched for the pool, else 0.

    With too few exposures to fit anything every pool exposure weighs the same.
    """
    weights = exposed.astype(np.float64)
    rows = np.flatnonzero(exposed | pool)
    if min(int(exposed.sum()), int(pool.sum())) < _FEWEST_TO_FIT:
        weights[pool] = 1.0
        return weights
    kept = free_attributes(exposures, definition, conditions)
    X = np.column_stack(
        [
            exposures.codes[rows][:, kept],
            exposures.numbers[rows][:, free_numbers(exposures, conditions)],
            exposures.day[rows],
        ]
    )
    p = cross_fitted_probability(
        X.astype(np.float32),
        exposed[rows].astype(np.float64),
        customer_fold(exposures.lot[rows], 2, seed),
        settings=TreeSettings(trees=40, leaves=8, learning_rate=0.1, min_leaf=50, seed=seed),
        categorical=range(len(kept)),
    )
    p = np.clip(p, 0.0, _MOST_CERTAIN)
    weights[rows] = np.where(exposed[rows], 1.0, p / (1.0 - p))
    return weights


def free_attributes(
    exposures: Exposures, definition: Definition, conditions: Mapping[str, str]
) -> list[int]:
    """Return the attributes that may differ where the conditions hold, as places."""
    technical = set(definition.attributes.technical)
    named = set(conditions) - {STEP}
    taken = named | (technical if named & technical else set())
    taken |= set(exposures.numeric)  # those are matched as numbers
    return [place for place, name in enumerate(exposures.attributes) if name not in taken]


def free_numbers(exposures: Exposures, conditions: Mapping[str, str]) -> list[int]:
    """Return the numbers that are no condition, as places."""
    return [place for place, name in enumerate(exposures.numeric) if name not in conditions]
