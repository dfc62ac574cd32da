"""Boosted trees for a 0/1 outcome: the one place that speaks to LightGBM.

Deterministic: the same rows and settings give the same trees, whatever the number of threads.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import lightgbm as lgb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.stored import StoredTable

Floats = NDArray[np.float64]
Labelled = tuple[ArrayLike, ArrayLike, ArrayLike | None]
"""Features, labels and weights (or None) of rows that only say when to stop."""

_ROWS_WORTH_A_THREAD = 2_000


@dataclass(frozen=True)
class TreeSettings:
    """How the trees grow.

    ``boosting``: *boosted*, each tree corrects those before it, or a *forest*, whose trees grow
    independently on drawn rows and features and are averaged (Breiman 2001).  ``smoothing`` draws
    small leaves to their parents; ``feature_share`` of the features are drawn for each tree,
    ``node_share`` of these for each split; ``random_cuts`` draws one threshold per feature.
    A split of ``codes`` parts their values into two *sets*, or, where few rows would let it find a
    set for every noise, at a *number*.  ``patience``: so many trees may bring nothing on the rows
    watched before growing stops; 0 never stops it.

    ``interaction_groups``: the features of one path from root to leaf all stand in one group; a
    feature in no group is never used; empty means that all may meet. ``monotone``: per feature 1,
    -1 or 0; empty means that no direction is asked for.
    """

    boosting: Literal["boosted", "forest"] = "boosted"
    trees: int = 300
    leaves: int = 31
    learning_rate: float = 0.05
    min_leaf: int = 50
    l2: float = 1.0
    smoothing: float = 0.0
    feature_share: float = 0.8
    node_share: float = 1.0
    row_share: float = 0.8
    random_cuts: bool = False
    codes: Literal["sets", "numbers"] = "sets"
    patience: int = 20
    threads: int = 1
    seed: int = 0
    interaction_groups: tuple[tuple[int, ...], ...] = ()
    monotone: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the settings by name, as they are written beside a model."""
        return asdict(self)


class Trees:
    """Fitted trees; ``share`` is what each one's log odds count for."""

    def __init__(self, booster: lgb.Booster, threads: int = 1) -> None:
        self._booster = booster
        self._threads = threads
        # LightGBM averages a forest's probabilities, but only sums its margins and contributions.
        averaged = bool(booster.dump_model(num_iteration=1).get("average_output"))
        self.share = 1.0 / booster.num_trees() if averaged else 1.0

    @property
    def n_features(self) -> int:
        """The number of columns that every table given must have."""
        return int(self._booster.num_feature())

    @property
    def n_trees(self) -> int:
        """The number of trees kept, after early stopping."""
        return int(self._booster.num_trees())

    def margin(self, X: ArrayLike) -> Floats:
        """Return the log odds of 1, shape (n,); without the ``init_margin`` of the fit."""
        return self._predicted(X, raw_score=True)

    def probability(self, X: ArrayLike) -> Floats:
        """Return the probability of 1, shape (n,)."""
        return probability_of(self.margin(X))

    def contributions(self, X: ArrayLike) -> Floats:
        """Return SHAP values in log odds, shape (n, n_features + 1), the base in the last."""
        if len(np.atleast_2d(np.asarray(X))) == 0:  # LightGBM divides by the number of rows
            return np.empty((0, self.n_features + 1))
        return self._predicted(X, pred_contrib=True)

    def to_text(self) -> str:
        """Return the trees in LightGBM's own text format."""
        return str(self._booster.model_to_string())

    @classmethod
    def from_text(cls, text: str, *, threads: int = 1) -> "Trees":
        """Return the trees that `to_text` wrote."""
        return cls(lgb.Booster(model_str=text), threads)

    def _predicted(self, X: ArrayLike, **how: bool) -> Floats:
        rows = np.atleast_2d(np.asarray(X))
        threads = self._threads if len(rows) >= _ROWS_WORTH_A_THREAD else 1
        found = self._booster.predict(rows, num_threads=threads, **how)
        return np.asarray(found, dtype=np.float64) * self.share


def fit_trees(  # noqa: PLR0913 - a fit has this many ingredients
    X: ArrayLike | StoredTable,
    y: ArrayLike,
    *,
    settings: TreeSettings,
    categorical: Sequence[int] = (),
    weight: ArrayLike | None = None,
    init_margin: ArrayLike | None = None,
    validation: Labelled | None = None,
) -> Trees:
    """Return trees fitted to a 0/1 outcome, or to shares of it.

    Parameters
    ----------
    X : array, shape (n, n_features)
        Numbers; NaN is missing. Columns named in ``categorical`` hold codes from 0 on. Of a stored
        table only bins, a byte a value, come into memory; the trees are those of one in memory.
    y : array of 0.0 and 1.0, shape (n,)
        Of one class only (or empty) gives a constant: its share, drawn half a row towards 0.5.
        A row that stands for several outcomes holds their share, and weighs as many.
    init_margin : array, shape (n,)
        Log odds already explained; the trees learn only what is missing.
    validation : (X, y, weight)
        Rows on which the log loss is watched; boosting stops when it no longer falls.
    """
    rows = X if isinstance(X, StoredTable) else np.asarray(X)
    labels = np.asarray(y, dtype=np.float64)
    if not len(labels) or labels.min() == labels.max():
        return _constant(labels, weight, rows.shape[1])
    categorical = categorical if settings.codes == "sets" else ()
    parameters = parameters_of(settings, rows.shape[1])
    if ((labels > 0.0) & (labels < 1.0)).any():
        parameters["objective"] = "cross_entropy"
    train = _dataset(rows, labels, weight, init_margin, categorical)
    watched, callbacks = [], []
    if validation is not None and settings.boosting == "boosted" and settings.patience:
        watched = [_validation(validation, train)]
        callbacks = [lgb.early_stopping(settings.patience, verbose=False)]
    booster = lgb.train(parameters, train, settings.trees, valid_sets=watched, callbacks=callbacks)
    return Trees(booster, settings.threads)


def cross_fitted_probability(
    X: ArrayLike,
    y: ArrayLike,
    folds: ArrayLike,
    *,
    settings: TreeSettings,
    categorical: Sequence[int] = (),
    weight: ArrayLike | None = None,
) -> Floats:
    """Return for each row the probability given by trees that never saw its fold, shape (n,).

    ``folds`` holds a number per row, shape (n,); rows of one customer belong in one fold. A row of
    weight 0 is predicted but never learnt from.
    """
    rows, labels, fold = np.asarray(X), np.asarray(y, dtype=np.float64), np.asarray(folds)
    weights = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=np.float64)
    found = np.empty(len(rows))
    for number in np.unique(fold):
        held_out = fold == number
        learn = ~held_out & (weights > 0)
        fitted = fit_trees(
            rows[learn],
            labels[learn],
            settings=replace(settings, seed=settings.seed + int(number)),
            categorical=categorical,
            weight=None if weight is None else weights[learn],
        )
        found[held_out] = fitted.probability(rows[held_out])
    return found


def probability_of(margin: Floats) -> Floats:
    """Return the probability that log odds stand for."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margin, -40.0, 40.0))))


def parameters_of(settings: TreeSettings, n_features: int) -> dict[str, object]:
    """Return the settings by LightGBM's own names; the number of trees is not among them."""
    chosen: dict[str, object] = {
        "objective": "binary",
        "boosting": "gbdt" if settings.boosting == "boosted" else "rf",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_leaf,
        "min_data_per_group": settings.min_leaf,
        "lambda_l2": settings.l2,
        "path_smooth": settings.smoothing,
        "feature_fraction": settings.feature_share,
        "feature_fraction_bynode": settings.node_share,
        "extra_trees": settings.random_cuts,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1 if settings.row_share < 1 else 0,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "data_random_seed": settings.seed,  # else a stored table is sampled by another
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbose": -1,
    }
    if settings.interaction_groups:
        chosen["interaction_constraints"] = [list(group) for group in settings.interaction_groups]
    if settings.monotone:
        chosen["monotone_constraints"] = list(settings.monotone[:n_features])
    return chosen


class _Batches(lgb.Sequence):  # type: ignore[misc]  # LightGBM is not typed
    """A stored table as LightGBM reads it: some rows for the bins, then all of them in batches."""

    batch_size = 16_384

    def __init__(self, table: StoredTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, asked: int | slice | list[int]) -> Floats:
        return self._table[asked].astype(np.float64)


def _dataset(
    rows: NDArray[np.generic] | StoredTable,
    labels: Floats,
    weight: ArrayLike | None,
    init_margin: ArrayLike | None,
    categorical: Sequence[int],
) -> lgb.Dataset:
    return lgb.Dataset(
        _Batches(rows) if isinstance(rows, StoredTable) else rows,
        labels,
        weight=weight,
        init_score=init_margin,
        categorical_feature=list(categorical),
        params={"verbose": -1, "feature_pre_filter": False},
    )


def _validation(validation: Labelled, train: lgb.Dataset) -> lgb.Dataset:
    rows, labels, weight = validation
    return train.create_valid(np.asarray(rows), np.asarray(labels, dtype=np.float64), weight=weight)


def _constant(labels: Floats, weight: ArrayLike | None, n_features: int) -> Trees:
    """Return trees of one leaf that give every row the share of ones."""
    weights = np.ones(len(labels)) if weight is None else np.asarray(weight, dtype=np.float64)
    share = (labels @ weights + 0.5) / (weights.sum() + 1.0)
    parameters = {"objective": "cross_entropy", "verbose": -1, "num_threads": 1}
    nothing = lgb.Dataset(np.zeros((2, n_features)), np.full(2, share), params={"verbose": -1})
    return Trees(lgb.train(parameters, nothing, 1))
