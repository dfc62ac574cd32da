"""LightGBM alone, without calibration, on the samples that a model was trained on."""

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from benchmarks.oracle_world import World
from journeys.definition import Outcome
from journeys.dice import Codes, Floats

Table = NDArray[np.float32]

# Many small trees on few features each: they read what is weak in noise better than its defaults.
_CAREFUL = {
    "num_leaves": 8,
    "learning_rate": 0.05,
    "num_iterations": 300,
    "min_data_in_leaf": 200,
    "lambda_l2": 10.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}


def plain(world: World, outcome: Outcome, rows: Codes, *, width: int) -> Floats:
    """Return what LightGBM with its own settings predicts, from the first columns of the table."""
    return _predicted(world, outcome, rows, {}, world.trained.data.X[:, :width])


def careful(world: World, outcome: Outcome, rows: Codes, *, beside: Table | None = None) -> Floats:
    """Return what LightGBM with careful settings predicts at some samples.

    Parameters
    ----------
    beside : columns beside the model's own, shape (n_samples, n_further)
    """
    X = world.trained.data.X
    return _predicted(world, outcome, rows, _CAREFUL, X, *([] if beside is None else [beside]))


def _predicted(
    world: World, outcome: Outcome, rows: Codes, settings: dict[str, float], *tables: Table
) -> Floats:
    data = world.trained.data
    train = np.flatnonzero(data.splits[outcome].train)
    learnt = lgb.Dataset(
        np.hstack([one[train] for one in tables]),
        world.y(outcome)[train],
        categorical_feature=[one for one in data.plan.categorical if one < tables[0].shape[1]],
    )
    fixed = {"objective": "binary", "num_threads": 1, "verbose": -1, "seed": 0}
    booster = lgb.train(settings | fixed, learnt)
    asked = np.hstack([one[rows] for one in tables])
    return np.asarray(booster.predict(asked, num_threads=1), dtype=np.float64)
