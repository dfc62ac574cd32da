"""Stored rows: learnt from batch by batch, they teach what the same rows in memory teach."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.linear import LinearSettings, fit_linear
from models.outcome import fit_refitted
from models.part import Part
from models.recipe import Ingredient, Recipe
from models.row_file import RowFile, new_row_file
from models.stored import StoredPart, StoredTable
from models.trees import TreeSettings, fit_trees

SETTINGS = TreeSettings(trees=12, leaves=6, min_leaf=10)
RECIPE = Recipe(
    (
        Ingredient("boosted", TreeSettings(trees=20, leaves=6, min_leaf=10)),
        Ingredient("linear", LinearSettings(rows=500)),
    )
)


def rows_of(n: int, seed: int = 0) -> np.ndarray:
    """Numbers with gaps, ties and zeros, and a column of codes."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.normal(size=n),
            np.where(rng.random(n) < 0.3, np.nan, rng.exponential(size=n)),
            rng.integers(0, 5, n),
            np.where(rng.random(n) < 0.8, 0.0, rng.normal(size=n)),
        ]
    )
    return X.astype(np.float32)


@pytest.fixture
def stored(tmp_path: Path) -> StoredTable:
    """Four of every five rows of a file."""
    X = rows_of(3_000)
    file = new_row_file(tmp_path / "rows", *X.shape)
    order = np.random.default_rng(3).permutation(len(X))
    for some in np.array_split(order, 7):
        file.write(some, X[some])
    return StoredTable(file, np.flatnonzero(np.arange(len(X)) % 5 != 2))


def labels(X: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (X[:, 0] + 0.7 * (X[:, 2] == 3) + rng.normal(size=len(X)) > 0.3).astype(np.float64)


def parts(stored: StoredTable) -> tuple[Part, StoredPart]:
    X = stored[:]
    rest = (
        labels(X),
        np.arange(len(X)) // 3,
        np.linspace(0.5, 1.5, len(X)),
        np.arange(len(X)),
        np.arange(len(X)) + 5,
    )
    return Part(X, *rest), StoredPart(stored, *rest)


def test_rows_are_read_as_from_an_array(stored: StoredTable) -> None:
    whole = rows_of(3_000)[stored.rows]
    assert stored.shape == whole.shape
    assert np.array_equal(stored[7], whole[7], equal_nan=True)
    assert np.array_equal(stored[2:9], whole[2:9], equal_nan=True)
    assert np.array_equal(np.concatenate([*stored.batches(700)]), whole, equal_nan=True)


@given(rows=st.lists(st.integers(0, 299), max_size=60))
def test_any_rows_are_read_in_the_order_asked_for(
    rows: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    X, path = rows_of(300), tmp_path_factory.getbasetemp() / "any_rows"
    X.tofile(path)
    asked = np.array(rows, dtype=np.int64)
    assert np.array_equal(RowFile(path, *X.shape)[asked], X[asked], equal_nan=True)


@pytest.mark.parametrize("codes", ["sets", "numbers"])
def test_stored_rows_grow_the_very_same_trees(stored: StoredTable, codes: str) -> None:
    """Same bins from the same sampled rows, and the same order of rows."""
    X, settings = stored[:], TreeSettings(trees=12, leaves=6, min_leaf=10, codes=codes)  # type: ignore[arg-type]
    weight = np.linspace(0.5, 1.5, len(X))
    grown = [
        fit_trees(rows, labels(X), settings=settings, categorical=(2,), weight=weight).to_text()
        for rows in (X, stored)
    ]
    assert grown[0] == grown[1]


def test_more_rows_than_are_sampled_for_bins_have_the_same_bins(tmp_path: Path) -> None:
    """LightGBM looks at 200,000 rows for its bins; which ones must not depend on the road."""
    X = rows_of(210_000, seed=4)
    quick = TreeSettings(trees=2, leaves=31)
    every = StoredTable(X, np.arange(len(X)))
    grown = [fit_trees(rows, labels(X), settings=quick).to_text() for rows in (X, every)]
    assert grown[0] == grown[1]


def test_stored_rows_fit_the_very_same_line(stored: StoredTable) -> None:
    X, settings = stored[:], LinearSettings(rows=800)
    fitted = [
        fit_linear(rows, labels(X), settings=settings, categorical=(2,)).to_text()
        for rows in (X, stored)
    ]
    assert fitted[0] == fitted[1]


def test_a_stored_part_is_settled_and_refitted_as_one_in_memory(stored: StoredTable) -> None:
    rows = np.arange(len(stored))
    folds = [(rows[:1_200], rows[1_200:1_800]), (rows[:1_800], rows[1_800:])]
    found = [fit_refitted(part, folds, categorical=(2,), recipe=RECIPE) for part in parts(stored)]
    (one, its_recipe), (other, others) = found
    X = rows_of(500, seed=9)
    assert its_recipe == others
    for name in ("p", "low", "high"):
        assert np.array_equal(getattr(one.predict(X), name), getattr(other.predict(X), name))


def test_stored_labels_of_one_class_give_a_constant(stored: StoredTable) -> None:
    fitted = fit_trees(stored, np.ones(len(stored)), settings=SETTINGS)
    assert len(np.unique(fitted.probability(stored[:50]))) == 1
