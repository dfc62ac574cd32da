"""Drivers are exact, kept apart by tier, as sure as they say, and notice what moved."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from features.feature import Feature
from models.trees import Trees, TreeSettings, fit_trees
from rootcause.drivers import COLUMNS, ScoredRows, drivers_of, plain_words, tier_shares

FEATURES = (
    Feature("os", "code", "os is {value}", "technical", ("(never seen)", "Android", "iOS")),
    Feature("amount_last", "", "last amount: {value}", "context"),
    Feature("upload_failed_count", "events", "upload_failed: {value} times"),
    Feature("noise", "", "noise {value}"),
)


@pytest.fixture(scope="module")
def fitted() -> tuple[Trees, ScoredRows]:
    """Failures follow iOS in the last quarter; failures, and a little the amount, decide."""
    rng = np.random.default_rng(1)
    n = 4000
    time = np.sort(rng.uniform(0, 100, n))
    os = rng.integers(1, 3, n)
    failed = rng.poisson(np.where((os == 2) & (time > 75), 2.0, 0.2))
    amount, noise = rng.normal(size=(2, n))
    y = rng.random(n) < 1 / (1 + np.exp(2 - 1.5 * failed - 0.4 * amount))
    X = np.column_stack([os, amount, failed, noise]).astype(np.float32)
    settings = TreeSettings(trees=60, leaves=8, min_leaf=30)
    trees = fit_trees(X, y.astype(float), settings=settings, categorical=[0])
    times = pd.DatetimeIndex(pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(time, "D"))
    return trees, ScoredRows(X, rng.integers(0, 1500, n), times)


@pytest.fixture(scope="module")
def drivers(fitted: tuple[Trees, ScoredRows]) -> pd.DataFrame:
    trees, rows = fitted
    return drivers_of(trees, FEATURES, rows)


def row_of(drivers: pd.DataFrame, feature: str) -> pd.Series:
    return drivers.set_index("feature").loc[feature]


def test_the_strongest_driver_comes_first_and_noise_last(drivers: pd.DataFrame) -> None:
    assert list(drivers.columns) == list(COLUMNS)
    assert drivers["feature"].iloc[0] == "upload_failed_count"
    assert drivers["importance"].is_monotonic_decreasing


def test_the_interval_holds_the_importance(drivers: pd.DataFrame) -> None:
    assert (drivers["low"] <= drivers["importance"]).all()
    assert (drivers["importance"] <= drivers["high"]).all()
    assert row_of(drivers, "amount_last")["low"] > 0


def test_tiers_are_kept_apart_and_add_up(drivers: pd.DataFrame) -> None:
    shares = tier_shares(drivers)
    assert set(shares) == {"technical", "context", "behaviour"}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["behaviour"] > shares["technical"]


def test_a_reading_says_the_direction_in_words(drivers: pd.DataFrame) -> None:
    assert row_of(drivers, "upload_failed_count")["reading"] == "more goes with more likely"
    assert row_of(drivers, "upload_failed_count")["words"] == "upload failed (how often)"
    assert plain_words(FEATURES[0]) == "os"


def test_what_moved_is_told_from_what_did_not(drivers: pd.DataFrame) -> None:
    failed, amount = row_of(drivers, "upload_failed_count"), row_of(drivers, "amount_last")
    assert failed["moved"]
    assert failed["change_low"] > 0
    assert not amount["moved"]
    assert amount["change_low"] < 0 < amount["change_high"]


def test_what_sways_more_or_less_than_before_is_said_as_well(drivers: pd.DataFrame) -> None:
    failed, amount = row_of(drivers, "upload_failed_count"), row_of(drivers, "amount_last")
    assert failed["grew"]
    assert failed["growth_low"] > 0.5
    # where uploads fail the amount matters less, though it points nowhere else than before
    assert amount["growth_high"] < 0
    assert not amount["moved"]


def test_a_window_of_few_customers_says_nothing(fitted: tuple[Trees, ScoredRows]) -> None:
    trees, rows = fitted
    drivers = drivers_of(trees, FEATURES, rows, since=rows.times[-5])
    assert drivers["change"].isna().all()
    assert not drivers["moved"].any()
    assert not drivers["grew"].any()


def test_the_same_seed_gives_the_same_drivers(
    fitted: tuple[Trees, ScoredRows], drivers: pd.DataFrame
) -> None:
    trees, rows = fitted
    pd.testing.assert_frame_equal(drivers_of(trees, FEATURES, rows), drivers)


def test_contributions_agree_with_shap_where_shap_can(fitted: tuple[Trees, ScoredRows]) -> None:
    import shap

    _, rows = fitted
    X = rows.X[:600, 1:]
    y = (rows.X[:600, 2] > 0).astype(float)
    trees = fit_trees(X, y, settings=TreeSettings(trees=20, leaves=6, min_leaf=20))
    explainer = shap.TreeExplainer(lgb.Booster(model_str=trees.to_text()))
    theirs = np.asarray(explainer(X).values)
    theirs = theirs[..., -1] if theirs.ndim == 3 else theirs
    np.testing.assert_allclose(trees.contributions(X)[:, :-1], theirs, atol=1e-6)
