"""Calibration: a rising curve that means what it says, and a band that knows how sure it is."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.calibration import Calibration, fit_calibration

Floats = NDArray[np.float64]
Drawn = tuple[Floats, Floats, NDArray[np.int64]]


def true_chance(margin: Floats) -> Floats:
    """What a margin means in this world: flatter than the sigmoid the trees believe in."""
    return np.asarray(1 / (1 + np.exp(-(0.6 * margin - 0.8))))


def world(n: int, *, seed: int = 1) -> Drawn:
    """Margins, outcomes of the true chances, and a customer to each sample."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(0.0, 1.5, n)
    return margin, (rng.random(n) < true_chance(margin)).astype(float), np.arange(n)


def width(curve: Calibration) -> float:
    low, high = curve.band(np.array([-1.0, 0.0, 1.0]))
    return float((high - low).mean())


@settings(max_examples=15)
@given(
    n=st.integers(2, 300), scale=st.sampled_from([0.0, 0.01, 1.0, 8.0]), seed=st.integers(0, 999)
)
def test_the_curve_rises_strictly_and_its_band_holds_it(n: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    margin, y = rng.normal(0, scale, n), rng.integers(0, 2, n).astype(float)
    curve = fit_calibration(margin, y, rng.integers(0, 20, n), seed)
    assert (np.diff(curve.margin) > 0).all()
    assert (np.diff(curve.probability) > 0).all()
    low, high = curve.band(margin)
    p = curve(margin)
    assert ((low <= p) & (p <= high) & (low > 0) & (high < 1)).all()


@pytest.mark.parametrize(("n", "method"), [(1500, "sigmoid"), (20_000, "isotonic")])
def test_probabilities_mean_what_they_say(n: int, method: str) -> None:
    curve = fit_calibration(*world(n), seed=0)
    margin, _, _ = world(5000, seed=2)
    assert curve.method == method
    assert np.abs(curve(margin) - true_chance(margin)).mean() < 0.03


def test_the_band_mostly_holds_the_true_chance() -> None:
    margin = np.linspace(-2, 2, 9)
    bands = [fit_calibration(*world(800, seed=seed), seed=0).band(margin) for seed in range(10)]
    held = [(low <= true_chance(margin)) & (true_chance(margin) <= high) for low, high in bands]
    assert np.mean(held) > 0.7


@pytest.mark.parametrize("n", [1500, 20_000])
def test_a_curve_that_is_flat_in_truth_still_never_reorders(n: int) -> None:
    """Isotonic steps and steep ends would tie customers whom the trees tell apart."""
    margin, _, customers = world(n)
    y = np.random.default_rng(4).integers(0, 2, n).astype(float)
    curve = fit_calibration(margin * 5, y, customers, seed=0)
    assert (np.diff(curve(np.sort(np.unique(margin * 5)))) > 0).all()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_only_gives_a_chance_near_it_and_never_certainty(label: float) -> None:
    margin, _, customers = world(500)
    curve = fit_calibration(margin, np.full(500, label), customers, seed=0)
    assert curve.method == "sigmoid"
    assert np.abs(curve(margin) - label).mean() < 0.02
    assert 0 < curve(margin).min() < curve(margin).max() < 1


def test_samples_of_the_same_customers_make_us_less_sure() -> None:
    """Ten samples that share an outcome are one customer, not ten."""
    rng = np.random.default_rng(7)
    margin = np.repeat(rng.normal(0, 1.5, 150), 10)
    y = np.repeat((rng.random(150) < 0.4).astype(float), 10)
    clustered = fit_calibration(margin, y, np.repeat(np.arange(150), 10), seed=0)
    independent = fit_calibration(margin, y, np.arange(1500), seed=0)
    assert np.array_equal(clustered.probability, independent.probability)
    assert width(clustered) > 1.5 * width(independent)


def test_one_customer_with_many_samples_is_calibrated_without_a_warning() -> None:
    """A bootstrap draw may take none of few customers: it once left nothing to fit to."""
    margin, y, _ = world(6000)
    curve = fit_calibration(margin, y, np.zeros(6000, dtype=np.int64), seed=0)
    assert curve.method == "sigmoid"  # of one customer a thousand samples are one
    assert width(curve) < 1e-6


def test_the_same_seed_gives_the_same_band() -> None:
    one, two, other = (fit_calibration(*world(500), seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.low, two.low)
    assert not np.array_equal(one.low, other.low)


def test_json_keeps_every_bit_of_a_curve() -> None:
    curve = fit_calibration(*world(500), seed=0)
    read = Calibration.from_dict(json.loads(json.dumps(curve.as_dict())))
    margin = np.linspace(-9, 9, 500)
    assert read.method == curve.method
    assert np.array_equal(read(margin), curve(margin))
    assert np.array_equal(read.band(margin), curve.band(margin))
