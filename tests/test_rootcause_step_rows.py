"""Exposures alike are one row with a number: nothing is lost, and no order decides anything."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from rootcause.exposure import Exposures
from rootcause.last_known import Ints
from rootcause.step_rows import StepRows, rows_of_step
from rootcause.tally import members, quantiles_of
from tests.rootcause_contrast import made_up

WORLD = made_up(1, 5000).exposures


def rows_of(exposures: Exposures) -> StepRows:
    unexplained = np.zeros(len(exposures), dtype=np.bool_)
    return rows_of_step(exposures, 0, explained=unexplained, seed=0)


def in_order(exposures: Exposures, order: Ints) -> Exposures:
    n = len(exposures)
    arrays = {field.name: getattr(exposures, field.name) for field in fields(exposures)}
    given = {name: each for name, each in arrays.items() if isinstance(each, np.ndarray)}
    return replace(
        exposures, **{name: each[order] for name, each in given.items() if len(each) == n}
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_exposures_makes_no_difference(seed: int) -> None:
    rows = rows_of(WORLD)
    mixed = rows_of(in_order(WORLD, np.random.default_rng(seed).permutation(len(WORLD))))
    for name in ("codes", "numbers", "day", "n", "bad", "fold"):
        assert np.array_equal(getattr(rows, name), getattr(mixed, name)), name


def test_rows_hold_all_exposures_with_their_outcomes() -> None:
    rows = rows_of(WORLD)
    assert len(rows) < rows.total == len(WORLD)
    for conditions in (((0, 1),), ((0, 1), (2, 0)), ((1, 0), (3, 2))):
        met = np.ones(len(WORLD), dtype=np.bool_)
        for attribute, code in conditions:
            met &= WORLD.codes[:, attribute] == code
        inside = members(rows, conditions)
        assert rows.n[inside].sum() == met.sum()
        assert rows.bad[inside].sum() == WORLD.bad[met].sum()
        assert np.array_equal(rows.of_exposures(met), np.where(inside, rows.n, 0.0))


def test_many_times_the_same_exposures_are_as_many_rows() -> None:
    rows = rows_of(WORLD)
    thrice = rows_of(in_order(WORLD, np.tile(np.arange(len(WORLD)), 3)))
    assert np.array_equal(thrice.codes, rows.codes)
    assert np.array_equal(thrice.n, 3 * rows.n)
    assert np.array_equal(thrice.bad, 3 * rows.bad)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=30))
@examples(deadline=None)
def test_quantiles_of_counted_values_are_those_of_all(pairs: list[tuple[int, int]]) -> None:
    values, n = (np.array(each, dtype=np.float64) for each in zip(*pairs, strict=True))
    shares = np.array([0.0, 0.125, 0.5, 0.9, 1.0])
    expected = np.quantile(np.repeat(values, n.astype(int)), shares)
    assert quantiles_of(values, n, shares) == pytest.approx(expected)
