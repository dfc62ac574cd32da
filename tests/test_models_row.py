"""One row at a time gets the very numbers that a table gets."""

import numpy as np
import pytest
from numpy.typing import NDArray

from features.plan import Plan
from models.reasons import reasons_of, reasons_of_row
from models.row import RowModels
from training.train import Trained

Table = NDArray[np.float32]


@pytest.fixture(scope="module")
def rows(trained: Trained) -> Table:
    """Rows of the log, and rows as no log has them."""
    drawn = np.random.default_rng(0)
    known = trained.data.X[::499]
    strange = drawn.choice(
        np.array([np.nan, np.inf, -np.inf, 0, -1, 1e-40, 3e9, 7], np.float32), known.shape
    )
    mixed = np.where(drawn.random(known.shape) < 0.2, strange, known)
    return np.concatenate([known, mixed, strange[:10]])


@pytest.fixture(scope="module")
def models(trained: Trained) -> RowModels:
    return RowModels(trained.bundle.outcomes)


def test_a_row_has_the_margins_it_has_in_a_table(
    trained: Trained, models: RowModels, rows: Table
) -> None:
    found = np.array([models.margins(row) for row in rows])
    for place, model in enumerate(trained.bundle.outcomes.values()):
        assert np.array_equal(found[:, place], model.margin(rows))


def test_a_row_has_the_probability_and_the_interval_it_has_in_a_table(
    trained: Trained, models: RowModels, rows: Table
) -> None:
    found = np.array([models.predict(row) for row in rows])
    for place, model in enumerate(trained.bundle.outcomes.values()):
        told = model.predict(rows)
        assert np.array_equal(found[:, place], np.column_stack([told.p, told.low, told.high]))


def test_a_row_has_the_shapley_values_it_has_in_a_table(
    trained: Trained, models: RowModels, rows: Table
) -> None:
    found = np.array([models.contributions(row) for row in rows])
    for place, model in enumerate(trained.bundle.outcomes.values()):
        assert np.abs(found[:, place] - model.contributions(rows)).max() < 1e-10


def test_a_row_has_the_reasons_it_has_in_a_table(
    trained: Trained, models: RowModels, rows: Table
) -> None:
    plan: Plan = trained.bundle.plan
    told = [reasons_of_row(models, row, plan, most=5) for row in rows[:20]]
    for outcome, model in trained.bundle.outcomes.items():
        assert [each[outcome] for each in told] == reasons_of(model, rows[:20], plan, most=5)
