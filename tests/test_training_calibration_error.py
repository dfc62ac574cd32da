"""The calibration error: chance is not in it, and its interval holds the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.calibration_error import calibration_error, calibration_of
from training.metrics import TestPart, bins_of, metric_draws

Floats = NDArray[np.float64]
ODDS = {
    "true": lambda p: p,
    "five points off": lambda p: p + 0.05,
    "one bin off": lambda p: np.where(p > 0.86, p - 0.2, p),
    "too steep": lambda p: 1 / (1 + np.exp(-0.6 * np.log(p / (1 - p)))),
}


def drawn(kind: str, customers: int, *, seed: int, samples_each: int = 3) -> TestPart:
    """Customers whose outcome comes as often as the true odds of their prediction say."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.9, customers)
    y = (rng.random(customers) < ODDS[kind](p)).astype(float)
    repeated = [np.repeat(one, samples_each) for one in (y, p, np.arange(customers))]
    return TestPart(repeated[0], repeated[1], repeated[2], np.zeros(len(repeated[0])))


def truth_of(kind: str) -> float:
    p = np.random.default_rng(99).uniform(0.05, 0.9, 200_000)
    return float(np.abs(np.bincount(bins_of(p), ODDS[kind](p) - p)).sum() / len(p))


@pytest.mark.parametrize("customers", [60, 300, 1_500])
@pytest.mark.parametrize("kind", ODDS)
def test_the_interval_mostly_holds_the_true_error(kind: str, customers: int) -> None:
    truth = truth_of(kind)
    found = [calibration_error(drawn(kind, customers, seed=seed), 0) for seed in range(24)]
    held = [one["low"] - 1e-9 <= truth <= one["high"] + 1e-9 for one in found]  # type: ignore[operator]
    assert np.mean(held) >= 0.8


@pytest.mark.parametrize("customers", [60, 300])
def test_most_of_the_error_of_sound_predictions_is_taken_out_as_chance(customers: int) -> None:
    parts = [drawn("true", customers, seed=seed) for seed in range(24)]
    plain = np.mean([metric_draws(part, 0, repeats=1)[0, 4] for part in parts])
    debiased = np.mean([calibration_error(part, 0)["value"] for part in parts])  # type: ignore[misc]
    assert debiased < plain / 2


def test_what_is_off_on_the_whole_is_told_with_its_sign() -> None:
    part = drawn("five points off", 4_000, seed=1)
    off = calibration_of(part, 0)["observed_less_predicted"]
    assert off["low"] < 0.05 < off["high"]  # type: ignore[index]
    assert off["low"] > 0  # type: ignore[index]


def test_an_interval_never_ends_where_luck_began() -> None:
    """Predictions off by less than chance once had the interval 0 to 0."""
    p = np.full(400, 0.5)
    part = TestPart(np.arange(400) % 2.0, p, np.arange(400), np.zeros(400))
    found = calibration_error(part, 0)
    assert found["value"] == 0
    assert found["high"] > 0.01  # type: ignore[operator]
