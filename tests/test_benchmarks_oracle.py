"""The benchmark against the truth: its scores are right, and replays cost the oracle nothing."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.oracle import goals, rows_of
from benchmarks.oracle_scores import (
    auc_of,
    auc_without_noise,
    calibration_error_of,
    difference,
    with_interval,
)
from benchmarks.oracle_world import OUTCOMES, world_behind
from tests.trained_model import CUSTOMERS, SEED
from training.train import Trained


def test_the_area_is_that_of_the_textbook_under_any_weights() -> None:
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 500).astype(float), rng.integers(0, 40, 500) / 40
    weight = rng.poisson(1.0, 500).astype(float)
    assert auc_of(y, p)(weight) == pytest.approx(roc_auc_score(y, p, sample_weight=weight))


def test_one_class_has_no_area() -> None:
    area = auc_of(np.ones(3), np.array([0.1, 0.2, 0.3]))
    assert np.isnan(with_interval(area, np.arange(3), seed=0)).all()


@pytest.mark.parametrize("replays", [20, 60])
def test_the_noise_of_few_replays_does_not_lower_the_oracle(replays: int) -> None:
    rng = np.random.default_rng(replays)
    p = rng.beta(1.0, 6.0, 60_000)
    y = (rng.random(len(p)) < p).astype(float)
    first, second = (rng.binomial(replays // 2, p) / (replays // 2) for _ in range(2))
    everybody = np.ones(len(p))
    true = auc_of(y, p)(everybody)
    noisy = auc_of(y, (first + second) / 2)(everybody)
    mended = auc_without_noise(y, (first + second) / 2, (first, second))(everybody)
    assert noisy < true - 0.003
    assert abs(mended - true) < (true - noisy) / 3


def test_the_calibration_error_is_what_bins_are_off_by() -> None:
    p = np.repeat([0.2, 0.6], 50)
    y = np.concatenate([np.repeat([1.0, 0.0], [20, 30]), np.repeat([1.0, 0.0], [30, 20])])
    assert calibration_error_of(y, p)(np.ones(100)) == pytest.approx(0.1)


def test_two_scores_of_the_same_samples_differ_less_than_each_varies() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(3_000)
    y = (rng.random(3_000) < p).astype(float)
    customers = np.arange(3_000) // 3
    one, other = auc_of(y, p), auc_of(y, p + rng.normal(0, 0.05, 3_000))
    _, low, high = with_interval(difference(one, other), customers, seed=0)
    _, alone_low, alone_high = with_interval(one, customers, seed=0)
    assert low < one(np.ones(3_000)) - other(np.ones(3_000)) < high
    assert high - low < (alone_high - alone_low) / 2


@pytest.mark.proof
def test_the_oracle_knows_more_than_the_model_and_says_what_comes(trained: Trained) -> None:
    world = world_behind(trained, "ios_upload_bug", customers=CUSTOMERS, seed=SEED)
    rows = rows_of(world, asked=100, wanted=20)
    for row in (row for row in rows if row["what"] == "against the truth"):
        assert float(str(row["oracle_calibration_error"])) < 0.1
        assert float(str(row["gap"])) > 0.0 or row["outcome"] == "churn"  # of 100 who leave
    assert {row["outcome"] for row in rows} == set(OUTCOMES)
    assert all(isinstance(one["met"], bool) for one in goals(rows))
