"""Folds: what is known at an instant on one side, what begins after it on the other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.crossfit import Fold
from models.part import Part
from training.folds import customer_folds, folds_of, settling_folds, time_folds

DAY = 86_400_000_000


def part(n: int, *, customers: int, horizon_days: float, seed: int, positive: float = 0.5) -> Part:
    """Samples of journeys that begin on a hundred days, their labels known a horizon later."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, customers, n)
    started = rng.integers(0, 100 * DAY, n)
    closed = started + rng.integers(0, int(horizon_days * DAY) + 1, n)
    y = (rng.random(n) < positive).astype(np.float64)
    X = np.zeros((n, 1), dtype=np.float32)
    return Part(X, y, customer, np.ones(n), started, closed)


def nobody_is_on_both_sides(learnt: Part, fold: Fold) -> bool:
    return set(learnt.customers[fold[0]]).isdisjoint(learnt.customers[fold[1]])


@settings(max_examples=40)
@given(
    n=st.integers(0, 800),
    customers=st.integers(1, 2000),
    horizon=st.sampled_from([0.0, 5.0, 30.0, 120.0]),
    seed=st.integers(0, 99),
)
def test_by_time_every_label_was_known_before_any_later_journey_began(
    n: int, customers: int, horizon: float, seed: int
) -> None:
    learnt = part(n, customers=customers, horizon_days=horizon, seed=seed)
    folds = time_folds(learnt, 3)
    for earlier, later in folds:
        assert learnt.closed_at[earlier].max() <= learnt.started[later].min()
        assert nobody_is_on_both_sides(learnt, (earlier, later))
    starts = [learnt.started[later] for _, later in folds]
    assert all(one.max() < following.min() for one, following in pairwise(starts))


def test_by_time_a_long_log_gets_all_its_folds_and_later_ones_learn_from_more() -> None:
    folds = time_folds(part(3000, customers=3000, horizon_days=5, seed=1), 3)
    assert len(folds) == 3
    assert np.all(np.diff([len(earlier) for earlier, _ in folds]) > 0)
    assert min(len(later) for _, later in folds) > 300


def test_a_horizon_as_long_as_the_log_leaves_no_instant() -> None:
    assert time_folds(part(2000, customers=2000, horizon_days=4000, seed=1), 3) == []


def test_who_always_comes_back_is_still_learnt_from_and_tested_on() -> None:
    """Everybody is in both halves: some are kept out of the earlier rows instead."""
    learnt = part(4000, customers=60, horizon_days=2, seed=2)
    folds = time_folds(learnt, 3)
    assert len(folds) == 3
    assert all(len(earlier) > 500 and len(later) > 100 for earlier, later in folds)


@settings(max_examples=30)
@given(n=st.integers(1, 300), customers=st.integers(1, 60), seed=st.integers(0, 99))
def test_by_customer_everybody_is_held_out_once_in_every_repeat(
    n: int, customers: int, seed: int
) -> None:
    learnt = part(n, customers=customers, horizon_days=5, seed=seed)
    folds = customer_folds(learnt, n=4, repeats=2, seed=seed)
    assert all(nobody_is_on_both_sides(learnt, fold) for fold in folds)
    if len(folds) == 8:
        held = np.concatenate([later for _, later in folds])
        assert np.array_equal(np.bincount(held, minlength=n), np.full(n, 2))


def test_a_rare_outcome_is_dealt_to_every_fold() -> None:
    learnt = part(200, customers=10_000, horizon_days=5, seed=3, positive=0.0)
    learnt.y[:10] = 1.0
    folds = customer_folds(learnt, n=5, repeats=1, seed=0)
    assert [learnt.y[later].sum() for _, later in folds] == [2.0] * 5


@pytest.mark.parametrize(("customers", "n_folds"), [(3000, 3), (200, 10)])
def test_small_logs_get_repeated_folds_by_customer(customers: int, n_folds: int) -> None:
    learnt = part(3000, customers=customers, horizon_days=5, seed=4)
    assert len(folds_of(learnt)) == n_folds


def test_a_recipe_is_settled_on_two_folds_of_whole_customers() -> None:
    learnt = part(3000, customers=2000, horizon_days=5, seed=4)
    folds = settling_folds(learnt)
    assert len(folds) == 2
    assert all(nobody_is_on_both_sides(learnt, fold) for fold in folds)
    for earlier, later in folds:
        assert learnt.closed_at[earlier].max() <= learnt.started[later].min()


def test_the_same_seed_gives_the_same_folds() -> None:
    learnt = part(300, customers=100, horizon_days=5, seed=5)
    one, two = (np.concatenate([later for _, later in folds_of(learnt, seed=3)]) for _ in "ab")
    assert np.array_equal(one, two)


def test_one_customer_alone_is_parted_by_time() -> None:
    learnt = part(30, customers=1, horizon_days=5, seed=6)
    ((earlier, later),) = folds_of(learnt)
    assert learnt.closed_at[earlier].max() <= learnt.closed_at[later].min()
