"""A curve of straight pieces has the values that numpy gives it, in tables and alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.along import along

NUMBERS = st.floats(-1e6, 1e6)


@given(
    knots=st.lists(NUMBERS, min_size=2, max_size=9, unique=True).map(sorted),
    x=st.lists(st.one_of(NUMBERS, st.sampled_from([np.nan, np.inf, -np.inf])), max_size=9),
    seed=st.integers(0, 99),
)
def test_values_are_those_of_numpy(knots: list[float], x: list[float], seed: int) -> None:
    values = np.random.default_rng(seed).random(len(knots))
    asked = np.array(x + knots)
    found = np.empty(len(asked))
    along(np.array(knots), values, asked, found)
    told = np.interp(asked, knots, values)
    assert np.allclose(found, told, rtol=1e-12, atol=1e-12, equal_nan=True)
