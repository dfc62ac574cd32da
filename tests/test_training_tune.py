"""Tuning: on past data alone, repeatable, pruned, and humble where data are few."""

from dataclasses import replace

import numpy as np
import pytest

from models.linear import LinearSettings
from models.outcome import fit_refitted
from models.part import Part
from models.recipe import Ingredient, Recipe, recipe_for
from models.trees import TreeSettings
from training.folds import folds_of, rows_of_some
from training.space import complexity
from training.tune import Tuned, tune

DAY = 86_400_000_000
QUICK = Recipe(
    (
        Ingredient("boosted", TreeSettings(trees=30, leaves=4, min_leaf=10, patience=5)),
        Ingredient("linear", LinearSettings()),
    )
)


def days(n_customers: int, *, seed: int, rate: float = 1.0) -> Part:
    """Three samples a customer, one customer after the other; a number and a code that matter."""
    rng = np.random.default_rng(seed)
    customers = np.repeat(np.arange(n_customers), 3)
    n = len(customers)
    X = np.column_stack([rng.normal(size=n), rng.integers(0, 3, n), rng.normal(size=n)])
    chance = 1 / (1 + np.exp(-rate * (1.5 * X[:, 0] + (X[:, 1] == 1) - 0.5)))
    started = customers * DAY // 4
    y = (rng.random(n) < chance).astype(np.float64)
    return Part(X.astype(np.float32), y, customers, np.ones(n), started, started + 2 * DAY)


def tuned(part: Part, *, trials: int = 10, seed: int = 0) -> Tuned:
    return tune(part, categorical=(1,), trials=trials, recipe=QUICK, seed=seed)


@pytest.fixture(scope="module")
def searched() -> Tuned:
    return tuned(days(1100, seed=1), trials=16)


def test_the_same_seed_finds_the_same_recipe(searched: Tuned) -> None:
    assert tuned(days(1100, seed=1), trials=16) == searched


def test_every_trial_is_told_with_its_number_and_state(searched: Tuned) -> None:
    told: list[tuple[int, str]] = []
    shares: list[float] = []
    again = tune(
        days(1100, seed=1),
        categorical=(1,),
        trials=16,
        recipe=QUICK,
        progress=lambda _, share: shares.append(share),
        on_trial=lambda number, _params, _value, state: told.append((number, state)),
    )
    assert [number for number, _ in told] == list(range(16))
    assert [state for _, state in told] == [trial.state for trial in again.trials]
    assert shares[-1] == 1.0
    assert again.trials == searched.trials


def test_hopeless_trials_are_pruned_and_the_rest_completed(searched: Tuned) -> None:
    states = [trial.state for trial in searched.trials]
    assert set(states) == {"complete", "pruned"}
    assert states[0] == "complete"
    assert "pruned) on 3 folds of past data" in searched.recipe.chosen


def test_what_is_found_is_no_worse_on_the_folds_than_the_default(searched: Tuned) -> None:
    for name in ("boosted", "linear"):
        values = [
            trial.value
            for trial in searched.trials
            if trial.state == "complete" and f"{name}." in next(iter(trial.params))
        ]
        assert min(values) <= values[0]


def test_without_trials_the_default_is_taken_and_nothing_is_fitted() -> None:
    part = days(100, seed=2)
    assert tune(part, categorical=(1,), trials=0) == Tuned(recipe_for(part), ())


def test_no_time_still_tries_the_default_of_every_member() -> None:
    found = tune(days(100, seed=2), categorical=(1,), trials=20, recipe=QUICK, seconds=0.0)
    assert len(found.trials) == 2


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_few_customers_get_nothing_freer_than_the_best_trial(seed: int) -> None:
    """Where nothing can be told, the best of many noisy means flatters itself."""
    found = tuned(days(150, seed=seed, rate=0.0), trials=12)
    ours = found.recipe.ingredients[0].settings
    tried = [one for one in found.trials if one.state == "complete" and "boosted.l2" in one.params]
    best = min(tried, key=lambda one: one.value).params
    freest = replace(ours, **{name.split(".")[1]: value for name, value in best.items()})
    assert complexity(ours) <= complexity(freest)


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_on_two_hundred_customers_of_pure_luck_predictions_stay_near_the_rate(seed: int) -> None:
    """Forty features of noise: a model of so few must not believe in what it finds."""
    past, future = (noise(200, seed=seed + shift) for shift in (0, 100))
    model, recipe = fit_refitted(past, folds_of(past), categorical=(), seed=seed)
    p = model.predict(future.X).p
    constant = np.mean((past.y.mean() - future.y) ** 2)
    assert recipe.ingredients
    assert np.mean((p - future.y) ** 2) < constant + 0.01
    assert np.abs(p - past.y.mean()).max() < 0.25


def noise(n_customers: int, *, seed: int) -> Part:
    """Five samples a customer that share an outcome; no feature has to do with it."""
    rng = np.random.default_rng(seed)
    luck = (rng.random(n_customers) < 0.3).astype(np.float64)
    customers = np.repeat(np.arange(n_customers), 5)
    X = rng.normal(size=(len(customers), 40)).astype(np.float32)
    started = customers * DAY
    return Part(X, luck[customers], customers, np.ones(len(X)), started, started + DAY)


def test_constraints_outlive_the_search() -> None:
    recipe = QUICK.with_settings(monotone=(1, 0, 0), interaction_groups=((0,), (1, 2)))
    found = tune(days(100, seed=4), categorical=(1,), trials=4, recipe=recipe).recipe
    assert [one.settings.monotone for one in found.ingredients] == [(1, 0, 0), (1, 0, 0)]


def test_a_large_part_is_searched_on_whole_customers() -> None:
    part = days(300, seed=5)
    some = rows_of_some(part, 400, seed=0)
    assert 300 < len(some) <= 400
    assert set(np.unique(part.customers[some], return_counts=True)[1]) == {3}
    assert len(rows_of_some(part, 10_000, seed=0)) == 900
