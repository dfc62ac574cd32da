"""Boosters of every kind that the compiled trees must answer as, and rows that try them."""

from collections.abc import Mapping

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.blend import Blend
from models.calibration import Calibration
from models.outcome import OutcomeModel
from models.trees import Trees

Table = NDArray[np.float32]
STRANGE = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-36, 0.5, -0.5, -1, 3e9, 1e30, 7], np.float32
)


def world(n: int, n_features: int, *, seed: int = 0) -> tuple[Table, NDArray[np.float64]]:
    """Two codes, then numbers of which some are missing and some are 0; an outcome of all."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features)).astype(np.float32)
    X[:, :2] = rng.integers(0, 50, (n, 2))
    X[rng.random(X.shape) < 0.15] = np.nan
    X[rng.random(X.shape) < 0.15] = 0.0
    known = np.nan_to_num(X)
    margin = known[:, 2:].sum(axis=1) + (known[:, 0] % 3 == 1) + known[:, 1] * known[:, 2] / 25
    return X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(np.float64)


def booster(
    n: int = 1500, n_features: int = 8, *, trees: int = 20, seed: int = 0, **settings: object
) -> lgb.Booster:
    """Return trees learnt from a world, with LightGBM's own settings by name."""
    X, y = world(n, n_features, seed=seed)
    asked: Mapping[str, object] = {
        "objective": "binary",
        "verbose": -1,
        "num_threads": 1,
        "min_data_in_leaf": 5,
        "min_data_per_group": 5,
        "cat_smooth": 1.0,
        "seed": seed,
        **settings,
    }
    data = lgb.Dataset(X, y, categorical_feature=[0, 1], params={"verbose": -1, **settings})
    return lgb.train(dict(asked), data, trees)


def rows_for(n: int, n_features: int, *, seed: int = 1) -> Table:
    """Return rows as learnt, rows with strange numbers among them, and rows of nothing else."""
    rng = np.random.default_rng(seed)
    X, _ = world(n, n_features, seed=seed)
    strange = rng.choice(STRANGE, X.shape)
    mixed = np.where(rng.random(X.shape) < 0.3, strange, X)
    return np.concatenate([X, mixed, strange[: n // 4 + 1]])


def outcome_of(*boosters: lgb.Booster) -> OutcomeModel:
    """Return an outcome whose margin is the sum of some boosters', with one curve."""
    members = {f"trees-{place}": Trees(one) for place, one in enumerate(boosters)}
    knots, p = np.array([-3.0, 0.0, 4.0]), np.array([[0.1, 0.4, 0.9]])
    curve = Calibration("one", None, knots, p, p - 0.05, p + 0.05)
    return OutcomeModel(Blend(dict(members), dict.fromkeys(members, 1.0)), curve)
