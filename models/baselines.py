"""Two baselines that stand beside every model: a number without them says little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from features.plan import Plan

Floats = NDArray[np.float64]
Table = NDArray[np.float32]

_BANDS = 8
_PRIOR_SAMPLES = 20.0
_MOST_ROWS = 30_000


@dataclass(frozen=True)
class LastActivityRate:
    """The rate by last activity and elapsed band, shrunk to the activity's and to the overall rate.

    ``rates`` has shape (n_activities, n_bands); ``edges`` are hours since the start.
    """

    activity: int
    elapsed: int
    edges: Floats
    rates: Floats

    def predict(self, X: Table) -> Floats:
        """Return the rate of each row's cell, shape (n_samples,)."""
        return np.asarray(self.rates[_cells(X, self.activity, self.elapsed, self.edges)])


def fit_last_activity_rate(X: Table, y: Floats, plan: Plan) -> LastActivityRate:
    """Count the outcome by last activity and elapsed band."""
    place = {feature.name: i for i, feature in enumerate(plan.features)}
    activity, elapsed = place["activity_1_back"], place["elapsed_hours"]
    hours = X[:, elapsed].astype(np.float64)
    edges = np.unique(np.quantile(hours, np.linspace(0, 1, _BANDS + 1)[1:-1]))
    shape = (len(plan.features[activity].labels), len(edges) + 1)
    count, bad = np.zeros(shape), np.zeros(shape)
    cells = _cells(X, activity, elapsed, edges)
    np.add.at(count, cells, 1.0)
    np.add.at(bad, cells, y)
    overall = (bad.sum() + 0.5) / (count.sum() + 1.0)
    by_activity = _shrunk(bad.sum(axis=1), count.sum(axis=1), np.full(shape[0], overall))
    return LastActivityRate(activity, elapsed, edges, _shrunk(bad, count, by_activity[:, None]))


def fit_logistic_regression(X: Table, y: Floats, plan: Plan, *, seed: int) -> Pipeline:
    """Fit a logistic regression to all features, codes one-hot, on at most 30,000 rows.

    The rows are drawn from all customers: those of one say much the same, and a baseline fitted to
    few of them would flatter the model beside it.  The result has ``predict_proba``; it is
    compared with, never shipped.
    """
    if len(y) > _MOST_ROWS:
        chosen = np.random.default_rng(seed).choice(len(y), _MOST_ROWS, replace=False)
        chosen[:2] = np.argmax(y), np.argmin(y)  # however rare an outcome is, both are there
        X, y = X[chosen], y[chosen]
    codes = list(plan.categorical)
    amounts = [place for place in range(X.shape[1]) if place not in plan.categorical]
    amounts = [place for place in amounts if np.isfinite(X[:, place]).any()]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(max_categories=30, handle_unknown="infrequent_if_exist")
    prepare = ColumnTransformer([("numbers", numbers, amounts), ("codes", one_hot, codes)])
    model = make_pipeline(prepare, LogisticRegression(C=0.01, max_iter=200))
    return model.fit(X, y)


def _cells(
    X: Table, activity: int, elapsed: int, edges: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    band = np.searchsorted(edges, X[:, elapsed], side="right")
    return np.nan_to_num(X[:, activity]).astype(np.int64), band.astype(np.int64)


def _shrunk(bad: Floats, count: Floats, towards: Floats) -> Floats:
    return (bad + _PRIOR_SAMPLES * towards) / (count + _PRIOR_SAMPLES)
