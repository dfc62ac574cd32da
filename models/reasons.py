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
from models.row import RowModels

Table = NDArray[np.float32]


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
    contributions = model.contributions(X)
    margin = contributions.sum(axis=1)
    strongest = np.argsort(-np.abs(contributions[:, :-1]), axis=1, kind="stable")[:, :most]
    stage = model.calibration.stage_of(X)
    probability = model.calibration(margin, stage)
    found = []
    for row, places in enumerate(strongest):
        less = margin[row] - contributions[row, places]
        without = model.calibration(less, np.repeat(stage[row], len(places)))
        points = probability[row] - without
        found.append(
            [
                _reason(plan, int(place), float(X[row, place]), float(worth))
                for place, worth in zip(places, points, strict=True)
                if contributions[row, place] != 0
            ]
        )
    return found


def reasons_of_row(
    models: RowModels, row: NDArray[np.float32], plan: Plan, *, most: int = 5
) -> dict[str, list[Reason]]:
    """Return for each outcome the strongest reasons of one row of features, the strongest first."""
    return {
        outcome: reasons_of(model, row[None], plan, most=most)[0]
        for outcome, model in models.outcomes.items()
    }


def _reason(plan: Plan, place: int, value: float, points: float) -> Reason:
    feature = plan.features[place]
    shown = feature.shown(value)
    return Reason(feature.name, shown, points, feature.text(value), feature.tier)
