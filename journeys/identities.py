"""Who is who in a log: visitors who turned out to be customers, as of when that was known.

From a join on, the visitor's events are the customer's.  Those from before it are so only where the
customer had done nothing by then: at every earlier cutoff their journey is then what it was, under
another name.  Where the customer was known already, the visitor's earlier events stay the
visitor's, because at their time nobody knew whose they were, and a feature must not know it either.

As in the service: a visitor is joined to one customer, the first; a customer can be the visitor of
another, and the person is at the end of the chain.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MOST_STEPS = 50

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Joined:
    """Whose each event is, by position, and how many joins were refused.

    ``owners``: keys, missing where an event names nobody.
    """

    owners: pd.Series
    refused: int


def owners_of(
    customers: pd.Series, visitors: pd.Series, times: pd.Series, *, joins: NDArray[np.bool_]
) -> Joined:
    """Return whose every event is.

    Parameters
    ----------
    customers, visitors : keys, missing where a row has none; a customer before a visitor
    times : microseconds since the epoch, UTC
    joins : whether a row that names both joins them
    """
    both = joins & customers.notna().to_numpy() & visitors.notna().to_numpy()
    keys = pd.concat([customers, visitors], ignore_index=True)
    codes, names = pd.factorize(keys)
    known, seen = codes[: len(customers)], codes[len(customers) :]
    at = times.to_numpy(dtype=np.int64)
    own = np.where(known >= 0, known, seen)
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, own[own >= 0], at[own >= 0])
    if not len(names):
        return Joined(pd.Series([None] * len(customers), dtype=object), refused=0)
    tree = _Tree(len(names), first)
    rows = np.flatnonzero(both)
    for row in rows[np.argsort(at[rows], kind="stable")]:
        tree.join(int(seen[row]), int(known[row]), int(at[row]))
    owners = tree.owners(own, at)
    return Joined(
        pd.Series(names, dtype=object).reindex(owners).reset_index(drop=True), tree.refused
    )


class _Tree:
    """Which key is joined to which, since when, and whether what came before moves with it."""

    def __init__(self, n_keys: int, first: Codes) -> None:
        self._parent = np.full(n_keys, -1, dtype=np.int64)
        self._since = np.zeros(n_keys, dtype=np.int64)
        self._first = first
        self._refused: set[tuple[int, int]] = set()

    @property
    def refused(self) -> int:
        return len(self._refused)

    def join(self, visitor: int, customer: int, at: int) -> None:
        """Join a visitor to a customer; joins come in the order of time."""
        if visitor == customer or self._parent[visitor] == customer:
            return
        root = self._root(customer)
        if self._parent[visitor] >= 0 or root == visitor:
            self._refused.add((visitor, customer))
            return
        self._parent[visitor] = customer
        was_known = min(self._first[customer], self._first[root]) < at
        self._since[visitor] = at if was_known else np.iinfo(np.int64).min
        self._first[root] = min(self._first[root], self._first[visitor])

    def _root(self, key: int) -> int:
        while self._parent[key] >= 0:
            key = int(self._parent[key])
        return key

    def owners(self, own: Codes, at: Codes) -> Codes:
        """Return the key at the end of each event's chain, as far as it was known; -1: nobody."""
        owners = own.copy()
        for _ in range(_MOST_STEPS):
            moves = (owners >= 0) & (self._parent[owners] >= 0) & (self._since[owners] <= at)
            if not moves.any():
                break
            owners[moves] = self._parent[owners[moves]]
        return owners
