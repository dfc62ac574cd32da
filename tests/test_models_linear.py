"""The line: it bends with the data, adds up exactly, and never runs away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.linear import Linear, LinearSettings, fit_linear
from models.logistic import fit_logistic

Table = NDArray[np.float32]
Floats = NDArray[np.float64]


def world(n: int = 2000, *, seed: int = 1) -> tuple[Table, Floats]:
    """A code that matters, a number whose effect bends and is often missing, and noise."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 4, n), rng.normal(size=n), rng.normal(size=n)])
    margin = 1.5 * (X[:, 0] == 2) + 2 * np.minimum(X[:, 1], 0) - 0.5
    X[::5, 1] = np.nan
    margin[::5] = 1.0
    y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    return X.astype(np.float32), y


def line(n: int = 2000, *, seed: int = 1, monotone: tuple[int, ...] = ()) -> Linear:
    X, y = world(n, seed=seed)
    return fit_linear(X, y, settings=LinearSettings(10.0, monotone=monotone), categorical=[0])


def test_what_bends_is_missing_or_a_code_is_learnt_and_noise_is_not() -> None:
    X, _ = world()
    parts = line().contributions(X)
    assert np.abs(parts[:, 2]).mean() < 0.15
    flat = parts[X[:, 1] > 0.1, 1]
    steep = parts[(X[:, 1] < -0.2) & (X[:, 1] > -1.5), 1]
    assert np.ptp(flat) < 0.8 < np.ptp(steep)
    assert parts[X[:, 0] == 2, 0].min() > parts[X[:, 0] != 2, 0].max()
    assert parts[np.isnan(X[:, 1]), 1].mean() > 0.5


@settings(max_examples=15)
@given(n=st.integers(1, 600), seed=st.integers(0, 99))
def test_contributions_add_up_to_the_margin_and_a_row_alone_is_the_same(n: int, seed: int) -> None:
    fitted, (X, _) = line(), world(n, seed=seed)
    margin = fitted.margin(X)
    assert np.abs(fitted.contributions(X).sum(axis=1) - margin).max() < 1e-9
    assert np.array_equal(fitted.margin(X[-1:]), margin[-1:])


def test_contributions_average_to_nothing_over_what_was_learnt_from() -> None:
    X, _ = world()
    assert np.abs(line().contributions(X)[:, :-1].mean(axis=0)).max() < 1e-3


def test_text_keeps_every_bit() -> None:
    fitted, (X, _) = line(), world(300, seed=5)
    read = Linear.from_text(fitted.to_text())
    assert np.array_equal(read.margin(X), fitted.margin(X))
    assert np.array_equal(read.contributions(X), fitted.contributions(X))
    assert read.to_text() == fitted.to_text()


def test_what_lies_beyond_all_that_was_seen_counts_like_the_last_seen() -> None:
    X, _ = world()
    fitted = line()
    far, last = X[:1].copy(), X[:1].copy()
    far[0, 1], last[0, 1] = 1e30, np.nanmax(X[:, 1])
    assert np.array_equal(fitted.margin(far), fitted.margin(last))
    strange = np.array([[99.0, -np.inf, np.inf], [np.nan, np.nan, np.nan]], dtype=np.float32)
    assert np.isfinite(fitted.margin(strange)).all()


@pytest.mark.parametrize("direction", [1, -1])
def test_a_direction_asked_for_is_kept_whatever_the_data_say(direction: int) -> None:
    fitted = line(monotone=(0, direction, direction))
    for place in (1, 2):
        rows = np.tile(world(1)[0], (200, 1))
        rows[:, place] = np.linspace(-4, 4, 200)
        assert (np.diff(fitted.margin(rows)) * direction >= 0).all()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_is_a_constant_near_it(label: float) -> None:
    X, _ = world(50)
    fitted = fit_linear(X, np.full(50, label), settings=LinearSettings(), categorical=[0])
    assert fitted.margin(X) == pytest.approx(
        np.full(50, np.log((50 * label + 0.5) / (50.5 - 50 * label)))
    )
    assert (fitted.contributions(X)[:, :-1] == 0).all()


def test_nothing_known_of_any_feature_is_the_rate() -> None:
    X = np.full((40, 2), np.nan, dtype=np.float32)
    y = np.arange(40) % 4 == 0
    fitted = fit_linear(X, y, settings=LinearSettings())
    assert 1 / (1 + np.exp(-fitted.margin(X))) == pytest.approx(np.full(40, 0.25), abs=0.01)


def test_a_weight_of_two_is_a_row_twice() -> None:
    X, y = world(400)
    weight = np.where(np.arange(400) < 200, 2.0, 1.0)
    Z = np.nan_to_num(X) - np.nan_to_num(X).mean(axis=0)
    twice = np.concatenate([np.arange(400), np.arange(200)])
    once = fit_logistic(Z, y, weight, strength=5.0)
    again = fit_logistic(Z[twice], y[twice], np.ones(600), strength=5.0)
    assert np.append(*once) == pytest.approx(np.append(*again), abs=2e-3)


def test_it_finds_the_minimum_that_scikit_learn_finds() -> None:
    X, y = world(1000)
    Z = np.nan_to_num(X) - np.nan_to_num(X).mean(axis=0)
    found, shift = fit_logistic(Z, y, np.ones(1000), strength=4.0)
    theirs = LogisticRegression(C=0.25, tol=1e-8).fit(Z.astype(np.float64), y)
    assert found == pytest.approx(theirs.coef_[0], abs=5e-3)
    assert shift == pytest.approx(theirs.intercept_[0], abs=5e-3)
