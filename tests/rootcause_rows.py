"""Rows of one step with a planted cause, made by hand, for the tests of the search's parts."""

import numpy as np

from rootcause.step_rows import StepRows, customer_fold

ONSET = 60
CAUSE = ((0, 1), (1, 2))


def rows_with(extra: float, *, n: int = 8000, seed: int = 0, moods: float = 0.0) -> StepRows:
    """Return 100 days of three attributes of 3 values; the cause adds ``extra`` from day 60."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, 100, n))
    codes = rng.integers(0, 3, (n, 3))
    hit = (codes[:, 0] == 1) & (codes[:, 1] == 2) & (day >= ONSET)
    mood = rng.normal(0, moods, (101, 3))[day, codes[:, 2]]
    chance = 1 / (1 + np.exp(1.7 - 0.3 * codes[:, 2] - mood))
    bad = (rng.random(n) < 1 - (1 - chance) * (1 - extra * hit)).astype(float)
    customer = np.arange(n)
    return StepRows(
        step=0,
        index=customer,
        row=customer,
        codes=codes.astype(np.int32),
        sizes=(3, 3, 3),
        bases=(0, 1, 2),
        n_whole=3,
        numbers=np.empty((n, 0)),
        day=day + 20_000,
        n=np.ones(n),
        bad=bad,
        fold=customer_fold(customer, 2, 0),
    )
