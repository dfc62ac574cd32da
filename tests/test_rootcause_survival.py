"""Survival: what becomes of journeys by an age, by hand, by its derivative and by coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootcause.estimate import change_of, share, spread_of
from rootcause.survival import Curve, Marks, curve_of, spells_in

FOREVER = (0, 1_000_000)
Stretch = tuple[int, int, int]  # origin, length, cause (0: still under way)

stretches = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 2)), min_size=2, max_size=25
)


def curve(journeys: list[Stretch], window: tuple[int, int] = FOREVER) -> Curve:
    """Return the incidence of cause 1; every journey is of another customer."""
    origin, length, cause = (np.array(column) for column in zip(*journeys, strict=True))
    customer = np.arange(len(journeys))
    spells, rows = spells_in(origin, origin + length, cause > 0, customer, window)
    marked = np.flatnonzero(spells.ended & (cause[rows] == 1))
    return curve_of(spells, Marks(marked, spells.exit[marked]))


def test_without_censoring_it_is_the_share() -> None:
    told = curve([(0, 3, 1), (0, 5, 2), (0, 5, 1), (0, 9, 2)])
    assert told.value_by(9) == pytest.approx(0.5)
    assert told.value_by(4) == pytest.approx(0.25)


def test_a_journey_under_way_is_no_failure() -> None:
    """By hand: 4 at risk, one succeeds at 2; one is censored at 3; of 2 left one succeeds at 5."""
    told = curve([(0, 2, 1), (0, 3, 0), (0, 5, 1), (0, 8, 2)])
    assert told.value_by(8) == pytest.approx(1 / 4 + 3 / 4 * 1 / 2)


def test_a_journey_counts_from_the_age_at_which_the_period_found_it() -> None:
    """One began 10 before the period and is not at risk at age 4, when another succeeds."""
    told = curve([(0, 15, 1), (10, 4, 1), (10, 20, 2)], window=(10, 100))
    assert told.value_by(4) == pytest.approx(1 / 2)
    assert told.value_by(15) == pytest.approx(1 / 2 + 1 / 2 * 1 / 2)


def test_what_nobody_was_watched_for_is_not_told() -> None:
    assert not curve([(0, 5, 0), (0, 4, 0)]).tells_of(9)
    assert curve([(0, 5, 1), (0, 4, 1)]).tells_of(9)  # nobody is left to be watched


@given(journeys=stretches, window=st.tuples(st.integers(0, 40), st.integers(41, 120)))
@settings(max_examples=25)
def test_the_influence_is_the_derivative_in_a_journey_s_weight(
    journeys: list[Stretch], window: tuple[int, int]
) -> None:
    told = curve(journeys, window)
    copies = 500
    many = curve(journeys * copies, window).value_by(30)
    origin = np.array([one[0] for one in journeys])
    stop = origin + np.array([one[1] for one in journeys])
    rows = np.flatnonzero((origin < window[1]) & (stop >= window[0]))
    influence = told.influence_by(30)
    assert influence.sum() == pytest.approx(0.0, abs=1e-9)
    for place in range(min(len(rows), 3)):
        more = curve([*journeys * copies, journeys[rows[place]]], window).value_by(30)
        assert (more - many) * copies == pytest.approx(influence[place], abs=0.03)


@given(journeys=stretches)
def test_an_incidence_is_a_share_and_never_falls(journeys: list[Stretch]) -> None:
    told = curve(journeys)
    values = [told.value_by(age) for age in range(0, 45, 5)]
    assert values == sorted(values)
    assert -1e-12 <= values[0] <= values[-1] <= 1 + 1e-12


def test_journeys_of_one_customer_count_as_one() -> None:
    influence = np.array([0.3, -0.1, -0.3, 0.1]) / 4
    alone = spread_of(np.arange(8), np.tile(influence, 2) / 2)
    paired = spread_of(np.repeat(np.arange(4), 2), np.repeat(influence, 2) / 2)
    assert paired > 1.3 * alone


@given(hits=st.integers(0, 40), more=st.integers(0, 60))
@settings(max_examples=50)
def test_an_interval_of_a_share_holds_it_and_keeps_to_shares(hits: int, more: int) -> None:
    n = hits + more + 1
    value = hits / n
    influence = (np.where(np.arange(n) < hits, 1.0, 0.0) - value) / n
    told = share(value, np.arange(n), influence, part=hits, whole=n)
    assert 0.0 <= told.low <= told.value <= told.high <= 1.0
    assert told.high > told.low


def test_a_change_of_what_moves_together_is_told_more_surely() -> None:
    customer, influence = np.arange(100), np.tile([0.01, -0.01], 50)
    one = share(0.5, customer, influence, part=50, whole=100)
    apart = share(0.5, customer + 100, influence, part=50, whole=100)
    _, low, high = change_of(one, apart)
    _, same_low, same_high = change_of(one, one)
    assert high - low > 0.2
    assert same_high - same_low < 1e-6
