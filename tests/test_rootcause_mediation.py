"""The share of an effect that passes through a symptom: all of it, none of it, or half."""

import numpy as np
import pytest

from models.draws import customer_draws
from rootcause.mediation import Followed, mediated


def world(
    seed: int, *, through: float, direct: float, shown: float = 0.5
) -> tuple[object, Followed]:
    """Return how often the symptom occurred, and 2,000 exposed beside 4,000 others.

    The symptom comes to ``shown`` of the exposed and to 5 % of the others and adds ``through`` to
    a rate of .1; being exposed adds ``direct``.
    """
    rng = np.random.default_rng(seed)
    exposed = np.arange(6000) < 2000
    levels = (rng.random(6000) < np.where(exposed, shown, 0.05)) * rng.integers(1, 6, 6000)
    bad = rng.random(6000) < 0.1 + through * (levels > 0) + direct * exposed
    draws = np.array([np.ones(6000), *customer_draws(np.arange(6000), draws=100, seed=seed)])
    return levels, Followed(exposed, np.ones(6000), bad - 0.1, draws)


@pytest.mark.parametrize(
    ("through", "direct", "truth"),
    [(0.4, 0.0, 1.0), (0.0, 0.2, 0.0), (0.4, 0.18, 0.5)],
)
def test_the_share_is_the_planted_one(through: float, direct: float, truth: float) -> None:
    for seed in range(5):
        found = mediated(*world(seed, through=through, direct=direct))  # type: ignore[arg-type]
        assert found is not None
        assert found.share == pytest.approx(truth, abs=0.15)
        assert 0.0 <= found.low <= found.share <= found.high <= 1.0
        assert found.low - 0.02 <= truth <= found.high + 0.02


def test_no_effect_has_no_shares() -> None:
    levels, followed = world(1, through=0.0, direct=-0.05)
    assert mediated(levels, followed) is None  # type: ignore[arg-type]


def test_where_all_exposed_show_it_nobody_says_what_is_without_it() -> None:
    levels, followed = world(1, through=0.4, direct=0.0, shown=1.0)
    assert mediated(levels, followed) is None  # type: ignore[arg-type]
