"""Folds: the past, split again, so that what is chosen has stood a test before it is shipped.

**By time** where the log is long enough: learn from rows whose label was closed before an instant,
be tested on journeys that began after it, as in `journeys.split`.  **By customer**, repeated, where
it is not: few rows allow no stretch of time to be set aside, and one draw of few customers says
little.  Never is a customer on both sides of a fold.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.crossfit import Fold
from models.draws import of_some_customers
from models.part import Part
from models.recipe import FEW_CUSTOMERS

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

TIME_FOLDS = 3
CUSTOMER_FOLDS = 5
MOST_ROWS = 60_000
_FIRST_SHARE = 0.3
_FEWEST_OF_A_CLASS = 20
_REPEATS = 2
_ROWS_WORTH_REPEATING = 8_000
_HELD_OUT_SHARE = 0.3


def folds_of(part: Part, *, n: int = TIME_FOLDS, seed: int = 0) -> list[Fold]:
    """Return folds by time where they hold enough, else repeated folds by customer; at least one.

    The last resort, for one customer or one class, is a fold of the first two thirds and the rest.
    """
    if len(np.unique(part.customers)) >= FEW_CUSTOMERS:
        by_time = time_folds(part, n, seed=seed)
        if by_time:
            return by_time
    return customer_folds(part, seed=seed) or [_in_order(part)]


def time_folds(part: Part, n: int, *, seed: int = 0) -> list[Fold]:
    """Return at most n folds whose later rows follow each other in time.

    Returns
    -------
    list of (earlier rows, later rows)
        Of a fold at an instant, the labels of the earlier rows were closed by then, the journeys of
        the later rows began at it or after, and before the next fold's instant; no customer is in
        both.  Folds that lack one class are left out; an empty list says that the horizon is too
        long for this part.
    """
    instants = [*_instants(part, n), np.iinfo(np.int64).max]
    folds = [
        _one_side_each(part, part.closed_at <= at, _begun(part, at, end), seed)
        for at, end in pairwise(instants)
    ]
    return [fold for fold in folds if _tells(part, fold)]


def customer_folds(
    part: Part, *, n: int = CUSTOMER_FOLDS, repeats: int | None = None, seed: int = 0
) -> list[Fold]:
    """Return n folds, drawn anew so many times, each holding out a share of the customers.

    Up to 8,000 rows are drawn twice unless it is said how often; of more, one draw says enough.
    Customers with a positive row are dealt out first, so that every fold has its share of them.
    """
    if repeats is None:
        repeats = _REPEATS if len(part) <= _ROWS_WORTH_REPEATING else 1
    names, of_row = np.unique(part.customers, return_inverse=True)
    positive = np.bincount(of_row, part.y) > 0
    rng = np.random.default_rng(seed)
    folds: list[Fold] = []
    for _ in range(repeats):
        order = np.lexsort((rng.random(len(names)), positive))
        group = np.empty(len(names), dtype=np.int64)
        group[order] = np.arange(len(names)) % n
        held = group[of_row]
        folds += [
            (np.flatnonzero(held != place), np.flatnonzero(held == place)) for place in range(n)
        ]
    return [fold for fold in folds if _has_both(part, fold[0]) and len(fold[1])]


def settling_folds(part: Part, *, most_rows: int | None = None, seed: int = 0) -> list[Fold]:
    """Return two folds to settle a recipe by; of a large part, on a third of the customers.

    What is settled there (when to stop, what to weigh, the calibration) needs fewer rows than the
    members, which are fitted to all of them afterwards; ``most_rows`` is what memory has room for.
    """
    wanted = max(MOST_ROWS, len(part) // 3)
    rows = rows_of_some(part, min(wanted, most_rows or wanted), seed=seed)
    folds = folds_of(part.take(rows), n=2, seed=seed)
    return [(rows[earlier], rows[later]) for earlier, later in folds]


def rows_of_some(part: Part, most_rows: int, *, seed: int) -> Rows:
    """Return the rows of as many customers, drawn evenly, as make up at most so many rows."""
    every = np.ones(len(part), dtype=np.bool_)
    chosen = of_some_customers(part.customers, every, most_rows=most_rows, seed=seed)
    return np.flatnonzero(chosen)


def _instants(part: Part, n: int) -> list[int]:
    """Return the instants of the folds: equal shares of the rows that begin after the first."""
    if len(part) == 0:
        return []
    closed = np.sort(part.closed_at)
    first = int(closed[int(_FIRST_SHARE * (len(closed) - 1))])
    after = part.started[part.started >= first]
    if len(after) == 0:
        return []
    shares = np.quantile(after, np.linspace(0, 1, n + 1)[:-1], method="lower").astype(np.int64)
    return [int(at) for at in np.unique(shares)]


def _begun(part: Part, at: int, end: int) -> Flags:
    return np.asarray((part.started >= at) & (part.started < end))


def _one_side_each(part: Part, earlier: Flags, later: Flags, seed: int) -> Fold:
    """Return the rows of both sides without anybody on both.

    As in `journeys.split`, who comes back must not decide who is learnt from: known customers are
    left out of the later rows, or, where that takes more than half of them, drawn ones out of the
    earlier.
    """
    known = np.isin(part.customers, part.customers[earlier])
    if (later & ~known).sum() < later.sum() / 2:
        names, of_row = np.unique(part.customers, return_inverse=True)
        drawn = np.random.default_rng(seed).random(len(names)) < _HELD_OUT_SHARE
        earlier = earlier & ~drawn[of_row]
        known = np.isin(part.customers, part.customers[earlier])
    return np.flatnonzero(earlier), np.flatnonzero(later & ~known)


def _tells(part: Part, fold: Fold) -> bool:
    """Whether both sides have enough of both classes to say something."""
    for rows in fold:
        positives = part.y[rows].sum()
        if min(positives, len(rows) - positives) < _FEWEST_OF_A_CLASS:
            return False
    return True


def _has_both(part: Part, rows: Rows) -> bool:
    return len(np.unique(part.y[rows])) == 2


def _in_order(part: Part) -> Fold:
    order = np.argsort(part.closed_at, kind="stable")
    return order[: len(order) * 2 // 3], order[len(order) * 2 // 3 :]
