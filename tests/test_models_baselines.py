"""Two baselines: the rate of a step at an age, and a straight line through all features."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.baselines import LastActivityRate, fit_last_activity_rate, fit_logistic_regression
from tests.features_logs import PLAN

PLACE = {feature.name: place for place, feature in enumerate(PLAN.features)}
ACTIVITY, ELAPSED = PLACE["activity_1_back"], PLACE["elapsed_hours"]


def rows(n: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Tables in which only the last activity and the hours since the start differ."""
    rng = np.random.default_rng(seed)
    X = np.zeros((n, len(PLAN.features)), dtype=np.float32)
    X[:, ACTIVITY] = rng.integers(0, 3, n)
    X[:, ELAPSED] = rng.exponential(50, n)
    return X


def test_the_rate_of_a_step_is_what_happened_there() -> None:
    X = rows(6000)
    y = (np.random.default_rng(1).random(6000) < np.array([0.1, 0.5, 0.8])[_steps(X)]).astype(float)
    found = fit_last_activity_rate(X, y, PLAN).predict(X)
    for step in range(3):
        here = _steps(X) == step
        assert found[here].mean() == pytest.approx(y[here].mean(), abs=0.03)


def test_time_since_the_start_matters_within_a_step() -> None:
    X = rows(6000)
    y = (X[:, ELAPSED] > np.median(X[:, ELAPSED])).astype(float)
    found = fit_last_activity_rate(X, y, PLAN).predict(X)
    assert found[y == 1].min() > 0.9
    assert found[y == 0].max() < 0.1


def test_a_step_seen_once_is_drawn_to_the_overall_rate() -> None:
    X = rows(1000)
    X[:, ACTIVITY] = 1
    X[0, ACTIVITY] = 2
    y = np.zeros(1000)
    y[0] = 1
    assert fit_last_activity_rate(X, y, PLAN).predict(X[:1])[0] < 0.15


def test_a_step_and_an_age_never_seen_get_a_rate() -> None:
    X = rows(500)
    fitted: LastActivityRate = fit_last_activity_rate(X, np.arange(500) % 2.0, PLAN)
    new = rows(3)
    new[:, ELAPSED] = [np.nan, 1e9, -1]
    new[:, ACTIVITY] = [np.nan, 0, 2]
    assert ((fitted.predict(new) > 0) & (fitted.predict(new) < 1)).all()


def test_the_logistic_regression_learns_and_meets_what_is_missing_or_new() -> None:
    X = rows(800)
    y = ((_steps(X) == 1) ^ (np.random.default_rng(2).random(800) < 0.1)).astype(float)
    fitted = fit_logistic_regression(X, y, PLAN, seed=0)
    p = fitted.predict_proba(X)[:, 1]
    assert p[_steps(X) == 1].min() > p[_steps(X) != 1].max()
    new = np.full((2, X.shape[1]), np.nan, dtype=np.float32)
    new[1] = 200
    assert np.isfinite(fitted.predict_proba(new)).all()


def test_an_outcome_so_rare_that_a_draw_misses_it_is_still_fitted() -> None:
    """Only a part of many rows is drawn: once without any positive one, and nothing fitted."""
    X = rows(90_000)
    y = np.zeros(90_000)
    y[31_235] = 1
    assert fit_logistic_regression(X, y, PLAN, seed=0).classes_.tolist() == [0.0, 1.0]


def _steps(X: NDArray[np.float32]) -> NDArray[np.int64]:
    return X[:, ACTIVITY].astype(np.int64)
