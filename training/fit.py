"""Fitting one outcome: the recipe from past folds, the model from every past row."""

import numpy as np
import pandas as pd

from journeys.definition import Outcome
from journeys.split import Split
from models.calibration import Stages
from models.outcome import OutcomeModel, fit_refitted
from models.recipe import Recipe
from training.data import TrainingData
from training.folds import folds_of

STAGE_SHARES = (0.25, 0.5, 1.0)


def fit_one(data: TrainingData, outcome: Outcome, seed: int) -> tuple[OutcomeModel, Recipe]:
    """Return the model of an outcome and the recipe that past data chose for it."""
    split = data.splits[outcome]
    part = data.part(outcome, split.train)
    return fit_refitted(
        part,
        folds_of(part, seed=seed),
        categorical=data.plan.categorical,
        stages=stages_of(data, split),
        seed=seed,
    )


def stages_of(data: TrainingData, split: Split) -> Stages:
    """Return the stages of evaluation in hours: shares of the median journey known at the split."""
    column = [feature.name for feature in data.plan.features].index("elapsed_hours")
    median = median_hours(data.journeys, split)
    return Stages(column, tuple(share * median for share in STAGE_SHARES))


def median_hours(journeys: pd.DataFrame, split: Split) -> float:
    """Return how long the journeys that had ended by the split took, the median in hours."""
    ended = journeys[journeys["end"] <= split.at]
    median = float(((ended["last_time"] - ended["start"]).dt.total_seconds() / 3600).median())
    return max(median if np.isfinite(median) else 1.0, 1e-9)
