"""Reasons: why this prediction, in words; a feature's SHAP contribution to one margin.

Contributions are exact Shapley values in log odds: the members' own (TreeSHAP, Lundberg et al.
2020, as LightGBM computes it, and those of a line) added by weight.  **Points** say what each is
worth in probability: the calibrated probability minus the one without this contribution.  A reason
is an association, never a cause.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.feature import Tier
from features.plan import Plan
from models.outcome import OutcomeModel
from models.row import RowModels, strongest_of

Table = NDArray[np.float32]
Row = NDArray[np.float32]
Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reason:
    """One contribution: ``value`` as a person would write it, ``points`` in probability."""

    feature: str
    value: str
    points: float
    text: str
    tier: Tier


def reasons_of(model: OutcomeModel, X: Table, plan: Plan, *, most: int = 5) -> list[list[Reason]]:
    """Return for each row of features its strongest reasons, the strongest first."""
    found = []
    for row, contributions in zip(X, model.contributions(X), strict=True):
        places, points = strongest_of(model, row, contributions, most=most)
        found.append(_reasons(plan, row, places, points))
    return found


def reasons_of_row(
    models: RowModels, row: Row, plan: Plan, *, most: int = 5
) -> dict[str, list[Reason]]:
    """Return for each outcome the strongest reasons of one row of features, the strongest first."""
    places, points = models.strongest(row, most=most)
    return {
        outcome: _reasons(plan, row, places[at], points[at])
        for at, outcome in enumerate(models.outcomes)
    }


def _reasons(plan: Plan, row: Row, places: Places, points: Floats) -> list[Reason]:
    found = []
    for place, worth in zip(places.tolist(), points.tolist(), strict=True):
        if place < 0:
            break
        feature, value = plan.features[place], float(row[place])
        shown, text = feature.shown(value), feature.text(value)
        found.append(Reason(feature.name, shown, worth, text, feature.tier))
    return found
