"""Plain LightGBM: its own settings, no calibration, on the samples that a model was trained on."""

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from benchmarks.oracle_world import World
from journeys.definition import Outcome
from journeys.dice import Codes, Floats

Table = NDArray[np.float32]


def plain_predictions(
    world: World,
    outcome: Outcome,
    rows: Codes,
    *,
    width: int | None = None,
    beside: Table | None = None,
) -> Floats:
    """Return what plain LightGBM predicts at some samples.

    Parameters
    ----------
    width : only the first columns of the table
    beside : further columns, shape (n_samples, n_further)
    """
    data = world.trained.data
    width = width or data.X.shape[1]
    categorical = [place for place in data.plan.categorical if place < width]

    def columns(chosen: Codes) -> Table:
        table = data.X[chosen, :width]
        return table if beside is None else np.hstack([table, beside[chosen]])

    train = np.flatnonzero(data.splits[outcome].train)
    learnt = lgb.Dataset(columns(train), world.y(outcome)[train], categorical_feature=categorical)
    booster = lgb.train({"objective": "binary", "num_threads": 1, "verbose": -1}, learnt)
    return np.asarray(booster.predict(columns(rows), num_threads=1), dtype=np.float64)
