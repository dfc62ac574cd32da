"""One outcome's model: trees, then a calibration on later samples that may set them right."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.outcome import OutcomeModel, fit_outcome, fit_refitted, level_of
from models.part import Part, part_of
from models.recipe import recipe_of
from models.trees import TreeSettings, probability_of

QUICK = TreeSettings(trees=40, leaves=7, min_leaf=10)


def chance(X: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(0.1 + 0.5 * (X[:, 0] > 0) + 0.3 * (X[:, 1] == 1), dtype=np.float64)


def part(n: int, *, seed: int, rarer: float = 1.0) -> Part:
    """A number and a code that matter, a number that does not; ``rarer`` thins the outcome."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.integers(0, 3, n), rng.normal(size=n)])
    X = X.astype(np.float32)
    return part_of(X, (rng.random(n) < rarer * chance(X)).astype(float), np.arange(n) // 2)


def model(earlier: Part, later: Part) -> OutcomeModel:
    return fit_outcome(earlier, later, categorical=(1,), recipe=recipe_of(QUICK))


def texts(fitted: OutcomeModel) -> list[str]:
    return [member.to_text() for member in fitted.blend.members.values()]


def test_the_chance_is_predicted_and_its_interval_holds_it() -> None:
    fitted = model(part(2000, seed=1), part(1000, seed=2))
    new = part(500, seed=3)
    found = fitted.predict(new.X)
    assert np.abs(found.p - chance(new.X)).mean() < 0.08
    assert ((found.low <= found.p) & (found.p <= found.high)).all()


def test_calibration_follows_the_later_samples() -> None:
    """When the outcome has become half as frequent, the probabilities halve as well."""
    fitted = model(part(2000, seed=1), part(1000, seed=2, rarer=0.5))
    found = fitted.predict(part(1000, seed=3).X).p
    later = part(1000, seed=4, rarer=0.5)
    assert found.mean() == pytest.approx(later.y.mean(), abs=0.06)


def test_a_rate_that_moved_within_the_past_is_not_mended_twice() -> None:
    """Members fitted to all of the past know its last rates: only the curve's shape is a fold's."""
    before, after = part(2000, seed=1), part(2000, seed=2, rarer=0.4)
    past = before.followed_by(after)
    folds = [(np.arange(2000), np.arange(2000, 4000))]
    fitted, _ = fit_refitted(past, folds, categorical=(1,), recipe=recipe_of(QUICK))
    found = fitted.predict(part(4000, seed=3).X).p
    assert found.mean() == pytest.approx(past.y.mean(), abs=0.03)
    assert after.y.mean() < past.y.mean() - 0.1


def test_a_level_makes_the_mean_probability_the_rate() -> None:
    rng = np.random.default_rng(0)
    margin, y = rng.normal(size=400), (rng.random(400) < 0.2).astype(float)
    p = probability_of(margin + level_of(margin, y, probability_of))
    assert p.mean() == pytest.approx(y.mean(), abs=1e-6)


def test_nobody_is_reordered_by_calibration() -> None:
    fitted = model(part(2000, seed=1), part(1000, seed=2))
    margin = np.sort(fitted.margin(part(1000, seed=2).X))
    assert (np.diff(fitted.at(margin).p)[np.diff(margin) > 0] > 0).all()


def test_the_same_seed_gives_the_same_model() -> None:
    one, two = (model(part(600, seed=1), part(300, seed=2)) for _ in range(2))
    assert texts(one) == texts(two)
    assert one.calibration.as_dict() == two.calibration.as_dict()


def test_one_class_before_or_after_still_gives_a_model() -> None:
    both, none = part(600, seed=1), part(600, seed=2, rarer=0.0)
    assert model(none, both).predict(both.X).p.mean() == pytest.approx(both.y.mean(), abs=0.02)
    assert model(both, none).predict(both.X).p.max() < 0.05
