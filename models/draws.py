"""Bootstrap draws of customers: samples of one customer are not independent."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def customer_draws(customers: NDArray[np.int64], *, draws: int, seed: int) -> Iterator[Floats]:
    """Yield a weight per row and draw, the same for all rows of a customer; each of shape (n,).

    Poisson(1) weights: a bootstrap over customers that needs no resampling (Chamandy et al. 2012).
    Of very few customers a draw may take none; that says nothing, and all are taken once instead.
    """
    rng = np.random.default_rng(seed)
    _, place = np.unique(customers, return_inverse=True)
    n_customers = int(place.max()) + 1 if len(place) else 0
    for _ in range(draws):
        taken = rng.poisson(1.0, n_customers)
        yield (taken if taken.any() else np.ones_like(taken))[place].astype(np.float64)


def of_some_customers(
    customers: NDArray[np.int64], among: Flags, *, most_rows: int, seed: int
) -> Flags:
    """Return the flagged rows of as many customers, drawn evenly, as make up so many rows.

    At least one customer's; ``customers`` and ``among`` have shape (n,).
    """
    names, member = np.unique(customers[among], return_inverse=True)
    if len(member) <= most_rows:
        return among
    order = np.random.default_rng(seed).permutation(len(names))
    within = np.cumsum(np.bincount(member)[order]) <= most_rows
    within[0] = True
    chosen = among.copy()
    chosen[among] = np.isin(member, order[within])
    return chosen
