"""Anytime-valid evidence: it seldom cries wolf however often one looks, and it sees a wolf."""

import numpy as np
import pytest
from scipy.stats import nchypergeom_fisher

from rootcause.anytime import Cells, least_of, mean_of, rate_interval_anytime, trail_of

BLOCKS, ALPHA = 50, 0.1


def cells(log_odds: np.ndarray | float, seed: int, *, rate: float = 0.15) -> Cells:
    """Blocks of a dozen watched and a dozen like them, whose rate moves from day to day."""
    rng = np.random.default_rng(seed)
    watched, others = rng.integers(1, 12, BLOCKS), rng.integers(1, 12, BLOCKS)
    odds = np.log(rate / (1 - rate)) + 0.5 * rng.standard_normal(BLOCKS)
    hit = rng.binomial(watched, 1 / (1 + np.exp(-odds - log_odds)))
    others_hit = rng.binomial(others, 1 / (1 + np.exp(-odds)))
    return Cells(np.arange(BLOCKS), watched, hit, others, others_hit)


def ever_crossed(log_odds: np.ndarray | float, *, benign: float = 0.0, runs: int = 400) -> float:
    trails = (trail_of(cells(log_odds, seed), benign=benign) for seed in range(runs))
    return float(np.mean([trail.crossed(-np.log(ALPHA)) is not None for trail in trails]))


def test_without_a_difference_the_bar_is_seldom_ever_reached() -> None:
    assert ever_crossed(0.0) <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / 400)


def test_a_mixture_of_benign_differences_is_no_alarm() -> None:
    mixture = np.where(np.arange(BLOCKS) % 2 == 0, 0.3, -0.8)
    assert ever_crossed(mixture, benign=0.3) <= ALPHA
    assert ever_crossed(np.full(BLOCKS, 0.3), benign=0.3, runs=200) <= ALPHA + 0.06


def test_a_difference_is_seen() -> None:
    assert ever_crossed(1.5, benign=0.2, runs=100) > 0.95


def test_the_interval_of_a_rate_holds_at_every_instant() -> None:
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(300):
        hits = np.cumsum(rng.random(120) < 0.2)
        intervals = (
            rate_interval_anytime(int(hits[of - 1]), of, alpha=ALPHA) for of in range(4, 121, 4)
        )
        inside.append(all(low <= 0.2 <= high for low, high in intervals))
    assert np.mean(inside) >= 1 - ALPHA - 3 * np.sqrt(ALPHA * (1 - ALPHA) / 300)


def test_the_interval_of_a_rate_holds_the_rate_and_narrows() -> None:
    few, many = rate_interval_anytime(3, 10), rate_interval_anytime(300, 1_000)
    assert few[0] < many[0] < 0.3 < many[1] < few[1]
    assert rate_interval_anytime(0, 5)[0] == 0.0
    assert rate_interval_anytime(5, 5)[1] == 1.0


def test_a_cell_has_the_likelihood_of_the_textbook() -> None:
    one = Cells(*(np.array([n]) for n in (0, 7, 4, 9, 2)))
    gained = np.diff(trail_of(one).likelihood[0, [30, 45]])[0]  # from log odds 0 to 1.5
    book = nchypergeom_fisher(16, 6, 7, [1.0, np.exp(1.5)]).logpmf(4)
    assert gained == pytest.approx(np.diff(book)[0])


def test_cells_that_can_tell_nothing_change_nothing() -> None:
    some = cells(1.0, 3)
    mute = Cells(*(np.array([n, n]) for n in (60, 5, 0, 5, 0)))
    both = Cells(*(np.concatenate([getattr(c, f) for c in (some, mute)]) for f in vars(some)))
    assert trail_of(both).log_e == pytest.approx(trail_of(some).log_e)
    assert len(trail_of(mute).block) == 0


def test_scatter_weakens_evidence() -> None:
    some = cells(1.5, 1)
    assert trail_of(some, scatter=2.0).log_e[-1] < trail_of(some).log_e[-1]


def test_the_lesser_and_the_mean_of_two_trails() -> None:
    strong, weak = trail_of(cells(2.0, 1)), trail_of(cells(0.0, 2))
    least, mean = least_of(strong, weak), mean_of(strong, weak)
    assert least.log_e[-1] == min(strong.log_e[-1], weak.log_e[-1])
    assert np.exp(mean.log_e[-1]) == pytest.approx(
        (np.exp(strong.log_e[-1]) + np.exp(weak.log_e[-1])) / 2
    )


def test_the_stretch_begins_where_the_difference_does() -> None:
    late = np.where(np.arange(BLOCKS) < 30, 0.0, 2.5)
    began = [trail_of(cells(late, seed)).began() for seed in range(20)]
    assert abs(np.median(began) - 30) <= 3
