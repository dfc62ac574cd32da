"""Evaluation: the textbook's numbers, honest intervals, and no number where there is none."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from rootcause.intervals import rate_interval
from training.evaluate import doubts, evaluate_outcome
from training.metrics import METRICS, TestPart
from training.stages import STAGES

Floats = NDArray[np.float64]
CHANCES = st.sampled_from([0.1, 0.1, 0.25, 0.5, 0.75, 0.9])  # few values: ties happen


def part(
    y: Floats, p: Floats, customers: NDArray[np.int64] | None = None, elapsed: Floats | None = None
) -> TestPart:
    n = len(y)
    return TestPart(
        np.asarray(y, dtype=float),
        np.asarray(p, dtype=float),
        np.arange(n) if customers is None else customers,
        np.zeros(n) if elapsed is None else elapsed,
    )


def drawn(n: int, *, seed: int = 0, repeats: int = 1) -> TestPart:
    """Outcomes that come with the predicted chances; ``repeats`` equal samples a customer."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    y = (rng.random(n) < p).astype(float)
    who = np.repeat(np.arange(n), repeats)
    return part(np.repeat(y, repeats), np.repeat(p, repeats), who, rng.uniform(0, 2, n * repeats))


def value(said: dict[str, object], metric: str) -> float:
    return said["metrics"][metric]["value"]  # type: ignore[index]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), CHANCES), min_size=2, max_size=60), st.integers(0, 9))
def test_metrics_are_the_textbooks_with_ties_and_without(
    rows: list[tuple[bool, float]], seed: int
) -> None:
    y, p = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    said = evaluate_outcome(part(y, p), {}, seed=seed)
    assert value(said, "brier") == pytest.approx(brier_score_loss(y, p))
    assert value(said, "log_loss") == pytest.approx(log_loss(y, p, labels=[0, 1]))
    if 0 < y.sum() < len(y):
        assert value(said, "auc") == pytest.approx(roc_auc_score(y, p))
        assert value(said, "average_precision") == pytest.approx(average_precision_score(y, p))


def test_predictions_that_come_true_as_often_as_said_have_no_calibration_error() -> None:
    p = np.repeat([0.1, 0.5, 0.8], 100)
    y = np.concatenate([np.arange(100) < share * 100 for share in (0.1, 0.5, 0.8)])
    assert value(evaluate_outcome(part(y, p), {}, seed=0), "calibration_error") == pytest.approx(0)
    worse = evaluate_outcome(part(y, p + 0.1), {}, seed=0)
    assert worse["calibration"]["measured"] == pytest.approx(0.1)  # type: ignore[index]
    assert value(worse, "calibration_error") == pytest.approx(0.1, abs=0.005)


def test_the_interval_mostly_holds_the_truth() -> None:
    truth = value(evaluate_outcome(drawn(20_000, seed=99), {}, seed=0), "auc")
    held = []
    for seed in range(20):
        auc = evaluate_outcome(drawn(150, seed=seed, repeats=5), {}, seed=0)["metrics"]["auc"]  # type: ignore[index]
        held.append(auc["low"] <= truth <= auc["high"])
    assert np.mean(held) >= 0.8


def test_samples_of_the_same_customers_widen_the_interval() -> None:
    many = drawn(100, repeats=20)
    alone = part(many.y, many.p)
    wide, narrow = (
        evaluate_outcome(each, {}, seed=0)["metrics"]["brier"]  # type: ignore[index]
        for each in (many, alone)
    )
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_only_is_none_where_nothing_is_defined(label: float) -> None:
    n = 80
    p = np.linspace(0.1, 0.9, n)
    said = evaluate_outcome(part(np.full(n, label), p), {"flat": np.full(n, 0.5)}, seed=0)
    assert value(said, "auc") is None
    assert said["lift"]["flat"] == {"value": None, "low": None, "high": None}  # type: ignore[index]
    assert value(said, "brier") is not None
    json.dumps(said, allow_nan=False)


def test_one_customer_is_evaluated_without_a_warning() -> None:
    """A bootstrap draw may take none of few customers: it once divided by nothing."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60).astype(float)
    said = evaluate_outcome(part(y, rng.random(60), np.zeros(60, dtype=np.int64)), {}, seed=0)
    auc = said["metrics"]["auc"]  # type: ignore[index]
    assert auc["low"] == pytest.approx(auc["value"])
    json.dumps(said, allow_nan=False)


def test_one_sample_is_evaluated() -> None:
    said = evaluate_outcome(part(np.ones(1), np.array([0.7])), {}, seed=0)
    assert value(said, "brier") == pytest.approx(0.09)
    json.dumps(said, allow_nan=False)


def test_a_lift_is_the_difference_to_the_baseline_on_the_same_draws() -> None:
    here = drawn(400)
    said = evaluate_outcome(here, {"itself": here.p, "backwards": 1 - here.p}, seed=0)
    assert said["lift"]["itself"] == {"value": 0, "low": 0, "high": 0}  # type: ignore[index]
    lift = said["lift"]["backwards"]  # type: ignore[index]
    assert lift["value"] == pytest.approx(2 * value(said, "auc") - 1)
    assert 0 < lift["low"] < lift["value"] < lift["high"]
    assert set(said["baselines"]["itself"]) == set(METRICS)  # type: ignore[index]


def test_each_stage_is_told_apart_and_small_ones_have_no_metrics() -> None:
    elapsed = np.repeat([0.0, 0.24, 0.25, 0.5, 0.99, 1.0, 7.0], [40, 40, 60, 30, 30, 20, 20])
    y = np.arange(240) % 2
    said = evaluate_outcome(part(y, np.linspace(0.1, 0.9, 240), elapsed=elapsed), {}, seed=0)
    stages: list[dict[str, object]] = said["stages"]  # type: ignore[assignment]
    assert [stage["stage"] for stage in stages] == list(STAGES)
    assert [stage["samples"] for stage in stages] == [80, 60, 60, 40]
    assert ["metrics" in stage for stage in stages] == [True, True, True, False]
    assert stages[0]["positives"] == 40


def test_reliability_compares_what_was_said_with_what_came() -> None:
    rows = evaluate_outcome(drawn(5000), {}, seed=0)["reliability"]
    assert len(rows) == 10  # type: ignore[arg-type]
    for row in rows:  # type: ignore[attr-defined]
        assert row["observed"] == pytest.approx(row["predicted"], abs=0.1)
        assert row["low"] <= row["observed"] <= row["high"]
    assert sum(row["samples"] for row in rows) == 5000  # type: ignore[attr-defined]


def test_precision_and_recall_begin_with_everybody() -> None:
    here = drawn(2000)
    curve = evaluate_outcome(here, {}, seed=0)["precision_recall"]
    assert curve[0]["recall"] == 1  # type: ignore[index]
    assert curve[0]["precision"] == pytest.approx(here.y.mean())  # type: ignore[index]
    assert (np.diff([row["recall"] for row in curve]) <= 0).all()  # type: ignore[attr-defined]
    assert (
        evaluate_outcome(part(np.zeros(9), np.full(9, 0.2)), {}, seed=0)["precision_recall"] == []
    )


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 10), (3, 10), (50, 100), (999, 1000), (7, 7)])
def test_the_interval_of_a_rate_is_wilsons(hits: int, n: int) -> None:
    known = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    _, low, high = rate_interval(hits, n)
    assert (low, high) == pytest.approx((known.low, known.high), abs=1e-9)


def test_the_same_seed_says_the_same() -> None:
    one, two = (evaluate_outcome(drawn(300), {}, seed=5) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("customers", [100, 300, 2_000])
def test_chance_alone_raises_no_doubt_and_a_shift_does(customers: int) -> None:
    """Of few customers the calibration error is large by chance: sound models were doubted."""
    sound = drawn(customers, repeats=3)
    assert doubts({"leakage": evaluate_outcome(sound, {}, seed=0)}) == []
    shifted = sound.predicted_by(np.clip(sound.p + 0.3, 0.0, 1.0))
    (doubt,) = doubts({"leakage": evaluate_outcome(shifted, {}, seed=0)})
    assert "unlike what was learnt from" in doubt
