"""One row at a time gets the very numbers that a table gets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from models.calibration import Stages
from models.linear import LinearSettings
from models.outcome import OutcomeModel, fit_outcome
from models.part import Part, part_of
from models.reasons import reasons_of, reasons_of_row
from models.recipe import Ingredient, Recipe
from models.row import RowModels
from models.trees import TreeSettings
from tests.features_logs import PLAN

Table = NDArray[np.float32]
Outcomes = dict[str, OutcomeModel]

HOURS = [feature.name for feature in PLAN.features].index("elapsed_hours")
STRANGE = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-40, 3e9, 0.5], np.float32)
BOOSTED = TreeSettings(trees=25, leaves=7, min_leaf=10, patience=0)
FOREST = TreeSettings(boosting="forest", trees=8, leaves=15, min_leaf=10, row_share=0.5)
MIXED = Recipe(
    (
        Ingredient("boosted", BOOSTED, 0.5),
        Ingredient("forest", FOREST, 0.3),
        Ingredient("linear", LinearSettings(10.0), 0.4),
    ),
    calibration="each",
    weighed=True,
)
LINE = Recipe((Ingredient("linear", LinearSettings(10.0), 1.0),), weighed=True, calibration="one")


def part(n: int = 900, *, seed: int = 1) -> Part:
    """Rows of a real plan drawn by chance; the outcome comes with hours and codes."""
    rng = np.random.default_rng(seed)
    X = rng.exponential(5.0, (n, len(PLAN.features))).astype(np.float32)
    for place, feature in enumerate(PLAN.features):
        if feature.labels:
            X[:, place] = rng.integers(0, len(feature.labels), n)
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, HOURS] = rng.exponential(50.0, n)
    margin = np.minimum(X[:, HOURS], 80) / 40 - 1 + np.nan_to_num(X[:, HOURS + 1]) / 10
    return part_of(X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(float), np.arange(n) // 3)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """Three outcomes: of three members and with stages, of trees alone, of a line alone."""
    stages = Stages(HOURS, (10.0, 40.0))
    recipes = {
        "success": MIXED,
        "leakage": Recipe(MIXED.ingredients[:1], weighed=True),
        "churn": LINE,
    }
    return {
        name: fit_outcome(
            part(seed=seed),
            part(500, seed=9),
            categorical=PLAN.categorical,
            recipe=recipe,
            stages=stages if name == "success" else None,
        )
        for seed, (name, recipe) in enumerate(recipes.items())
    }


@pytest.fixture(scope="module")
def rows() -> Table:
    """Rows as learnt from, and rows with numbers that no log has."""
    drawn, known = np.random.default_rng(0), part(150, seed=5).X
    strange = drawn.choice(STRANGE, known.shape)
    mixed = np.where(drawn.random(known.shape) < 0.2, strange, known)
    return np.concatenate([known, mixed, strange[:30]])


@pytest.fixture(scope="module", params=["compiled", "asked one by one"])
def models(request: pytest.FixtureRequest, outcomes: Outcomes) -> RowModels:
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "compiled":  # as where numba does not compile
            patch.setattr("models.row.config.DISABLE_JIT", 1)
        return RowModels(outcomes)


def test_the_world_has_what_the_models_are_made_of(outcomes: Outcomes) -> None:
    assert [len(model.blend.members) for model in outcomes.values()] == [3, 1, 1]
    assert outcomes["success"].calibration.probability.shape[0] == 3


def test_a_row_has_the_margin_it_has_in_a_table(
    outcomes: Outcomes, models: RowModels, rows: Table
) -> None:
    found = np.array([models.margins(row) for row in rows])
    told = [model.margin(rows) for model in outcomes.values()]
    assert np.array_equal(found, np.column_stack(told))


def test_a_row_has_the_probability_and_the_interval_it_has_in_a_table(
    outcomes: Outcomes, models: RowModels, rows: Table
) -> None:
    found = np.array([models.predict(row) for row in rows])
    for place, model in enumerate(outcomes.values()):
        told = model.predict(rows)
        assert np.array_equal(found[:, place], np.column_stack([told.p, told.low, told.high]))


def test_a_row_has_the_shapley_values_it_has_in_a_table(
    outcomes: Outcomes, models: RowModels, rows: Table
) -> None:
    found = np.array([models.contributions(row) for row in rows])
    for place, model in enumerate(outcomes.values()):
        assert np.abs(found[:, place] - model.contributions(rows)).max() < 1e-10


@pytest.mark.parametrize("most", [1, 5, 1000])
def test_a_row_has_the_reasons_it_has_in_a_table(
    outcomes: Outcomes, models: RowModels, most: int
) -> None:
    rows = part(20, seed=5).X
    told = [reasons_of_row(models, row, PLAN, most=most) for row in rows]
    for outcome, model in outcomes.items():
        for mine, others in zip(told, reasons_of(model, rows, PLAN, most=most), strict=True):
            assert [r.text for r in mine[outcome]] == [r.text for r in others]
            assert [r.points for r in mine[outcome]] == pytest.approx([r.points for r in others])


def test_the_shapley_values_of_lightgbm_can_be_asked_for(outcomes: Outcomes, rows: Table) -> None:
    slow = RowModels(outcomes, shapley="lightgbm")
    told = [model.contributions(rows[:1])[0] for model in outcomes.values()]
    assert np.array_equal(slow.contributions(rows[0]), told)
    fast = RowModels(outcomes).strongest(rows[0], most=5)
    assert np.array_equal(slow.strongest(rows[0], most=5)[0], fast[0])


def test_threads_do_not_disturb_each_other(models: RowModels, rows: Table) -> None:
    alone = [models.strongest(row, most=5)[1] for row in rows]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda row: models.strongest(row, most=5)[1], rows))
    assert np.array_equal(alone, together)
