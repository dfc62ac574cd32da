"""Boosted trees: deterministic, exact after a round trip, and calm with little data."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.trees import Trees, TreeSettings, cross_fitted_probability, fit_trees

SMALL = TreeSettings(trees=30, leaves=7, min_leaf=5)


def world(n: int = 400, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two columns that matter (one is a code, one a number) and one that does not."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 4, n), rng.normal(size=n), rng.normal(size=n)])
    chance = 1 / (1 + np.exp(-(2.0 * (X[:, 0] == 2) + X[:, 1] - 1)))
    return X, (rng.random(n) < chance).astype(float)


def test_what_matters_is_learnt_and_what_does_not_is_not() -> None:
    X, y = world()
    fitted = fit_trees(X, y, settings=SMALL, categorical=[0])
    size = np.abs(fitted.contributions(X)).mean(axis=0)
    assert fitted.probability(X[y == 1]).mean() > fitted.probability(X[y == 0]).mean() + 0.1
    assert size[2] < min(size[0], size[1])


def test_contributions_add_up_to_the_margin() -> None:
    X, y = world()
    fitted = fit_trees(X, y, settings=SMALL, categorical=[0])
    assert fitted.contributions(X).shape == (400, 4)
    assert np.allclose(fitted.contributions(X).sum(axis=1), fitted.margin(X))


def test_the_same_seed_gives_the_same_trees_with_any_number_of_threads() -> None:
    X, y = world(3000)
    one = fit_trees(X, y, settings=SMALL, categorical=[0])
    two = fit_trees(X, y, settings=replace(SMALL, threads=2), categorical=[0])
    assert np.array_equal(one.probability(X), two.probability(X))


def test_text_keeps_every_bit_of_a_prediction() -> None:
    X, y = world()
    fitted = fit_trees(X, y, settings=SMALL, categorical=[0])
    read = Trees.from_text(fitted.to_text())
    assert read.n_features == 3
    assert np.array_equal(read.margin(X), fitted.margin(X))


@given(n=st.integers(0, 50), label=st.sampled_from([0.0, 1.0]))
def test_one_class_gives_its_smoothed_share(n: int, label: float) -> None:
    fitted = fit_trees(np.zeros((n, 2)), np.full(n, label), settings=SMALL)
    expected = (n * label + 0.5) / (n + 1)
    assert fitted.probability(np.ones((3, 2))) == pytest.approx(np.full(3, expected))
    assert Trees.from_text(fitted.to_text()).n_features == 2


def test_missing_values_and_unseen_codes_are_predicted() -> None:
    X, y = world()
    X[::3, 0] = np.nan
    fitted = fit_trees(X, y, settings=SMALL, categorical=[0])
    assert np.isfinite(fitted.probability([[99.0, np.nan, np.nan], [np.nan, 0.0, 0.0]])).all()


def test_boosting_stops_when_new_rows_are_no_longer_told_better() -> None:
    X, y = world()
    noise = np.random.default_rng(0).integers(0, 2, len(y)).astype(float)
    stopped = fit_trees(
        X[:200],
        noise[:200],
        settings=TreeSettings(min_leaf=5),
        validation=(X[200:], noise[200:], None),
    )
    assert stopped.n_trees < 100


def test_what_is_already_explained_is_not_learnt_again() -> None:
    X, y = world(4000)
    known = 2.0 * (X[:, 0] == 2) + X[:, 1] - 1
    fitted = fit_trees(X, y, settings=SMALL, categorical=[0], init_margin=known)
    assert np.abs(fitted.margin(X)).mean() < 0.25


def test_features_of_different_groups_never_meet() -> None:
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (4000, 2)).astype(float)
    y = (rng.random(4000) < np.where(X[:, 0] == X[:, 1], 0.9, 0.1)).astype(float)
    apart = TreeSettings(trees=50, interaction_groups=((0,), (1,)), feature_share=1.0)
    together = TreeSettings(trees=50, feature_share=1.0)
    assert np.ptp(fit_trees(X, y, settings=apart).probability(X)) < 0.2
    assert np.ptp(fit_trees(X, y, settings=together).probability(X)) > 0.6


def test_no_row_is_predicted_by_trees_that_saw_it() -> None:
    """Each row has a code of its own: only trees that saw it could know its outcome."""
    X = np.arange(300.0)[:, None]
    y = np.random.default_rng(5).integers(0, 2, 300).astype(float)
    folds = np.arange(300) % 3
    deep = TreeSettings(trees=50, min_leaf=1, leaves=63, row_share=1.0)
    found = cross_fitted_probability(X, y, folds, settings=deep)
    flipped = np.where(folds == 1, 1 - y, y)
    other = cross_fitted_probability(X, flipped, folds, settings=deep)
    assert np.array_equal(found[folds == 1], other[folds == 1])
    assert not np.array_equal(found[folds != 1], other[folds != 1])


def test_rows_of_no_weight_are_predicted_but_not_learnt_from() -> None:
    X, y = world()
    weight = np.where(np.arange(400) % 2, 1.0, 0.0)
    folds = np.arange(400) // 2 % 2
    found = cross_fitted_probability(X, y, folds, settings=SMALL, weight=weight)
    changed = np.where(weight == 0, 1 - y, y)
    assert np.array_equal(
        found, cross_fitted_probability(X, changed, folds, settings=SMALL, weight=weight)
    )


def test_rows_that_stand_for_many_are_learnt_as_the_many_are() -> None:
    rng = np.random.default_rng(5)
    X = np.column_stack([np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)]).astype(float)
    n = rng.integers(60, 140, len(X))
    chance = 1 / (1 + np.exp(-(0.8 * (X[:, 0] > 3) + 0.5 * (X[:, 1] == 2) - 1)))
    bad = rng.binomial(n, chance)
    settings = replace(SMALL, row_share=1.0, feature_share=1.0, min_leaf=1)
    counted = fit_trees(X, bad / n, settings=settings, weight=n)
    every = np.repeat(X, n, axis=0)
    outcome = np.concatenate([np.arange(of) < ill for ill, of in zip(bad, n, strict=True)])
    many = fit_trees(every, outcome.astype(float), settings=settings)
    assert np.ptp(many.probability(X)) > 0.2
    assert counted.probability(X) == pytest.approx(many.probability(X), abs=0.01)
