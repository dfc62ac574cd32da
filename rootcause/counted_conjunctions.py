"""Conjunctions: every combination of up to three conditions, as a row of a sparse matrix."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rootcause.counted_leaves import Codes, Floats, Leaves

Conditions = dict[str, object]
# Columns of the attributes, and the code each must have.
Conjunction = tuple[tuple[int, ...], tuple[int, ...]]

MOST_CONDITIONS = 3


@dataclass(frozen=True)
class Conjunctions:
    """``members``, shape (conjunctions, leaves), is 1 where a leaf that was counted lies inside.

    Conjunctions of the very same counted leaves are one row: ``names`` has them, the simplest
    first.  ``price``: log of the number of conjunctions of as many conditions, shape
    (conjunctions,).
    """

    members: sparse.csr_matrix
    names: tuple[tuple[Conjunction, ...], ...]
    price: Floats

    def leaves_in(self, chosen: int) -> Codes:
        """Return the counted leaves inside a conjunction."""
        return np.asarray(self.members[[chosen]].indices, dtype=np.int64)

    def names_of(self, chosen: int, leaves: Leaves) -> list[Conditions]:
        """Return a conjunction under all its names, in words."""
        return [
            {leaves.attributes[c]: leaves.values[c][code] for c, code in zip(*name, strict=True)}
            for name in self.names[chosen]
        ]


def conjunctions_of(leaves: Leaves, n: Floats) -> Conjunctions:
    """Return all conjunctions that hold a leaf with somebody counted in it."""
    counted = np.flatnonzero(n > 0).astype(np.int64)
    found: dict[bytes, list[Conjunction]] = defaultdict(list)
    per_order: dict[int, int] = defaultdict(int)
    for name, inside in _conjunctions(leaves.codes[counted]):
        found[counted[inside].tobytes()].append(name)
        per_order[len(name[0])] += 1
    # Among equals the attribute with fewer values says more: app_version=web is os=Web.
    sizes = [len(values) for values in leaves.values]
    names = tuple(
        tuple(sorted(same, key=lambda name: (len(name[0]), [sizes[c] for c in name[0]])))
        for same in found.values()
    )
    members = [np.frombuffer(key, dtype=np.int64) for key in found]
    price = np.log([per_order[len(same[0][0])] for same in names])
    return Conjunctions(_matrix(members, len(leaves.codes)), names, price)


def _conjunctions(codes: Codes) -> Iterator[tuple[Conjunction, NDArray[np.intp]]]:
    for order in range(1, min(MOST_CONDITIONS, codes.shape[1]) + 1):
        for columns in combinations(range(codes.shape[1]), order):
            there = np.flatnonzero((codes[:, columns] >= 0).all(axis=1))
            tuples, which = np.unique(codes[there][:, columns], axis=0, return_inverse=True)
            which = which.reshape(-1)
            sorted_leaves = there[np.argsort(which, kind="stable")]
            ends = np.cumsum(np.bincount(which, minlength=len(tuples)))
            for values, start, end in zip(tuples, np.r_[0, ends][:-1], ends, strict=True):
                yield (columns, tuple(map(int, values))), sorted_leaves[start:end]


def _matrix(inside: list[NDArray[np.int64]], leaves: int) -> sparse.csr_matrix:
    starts = np.r_[0, np.cumsum([len(one) for one in inside])]
    columns = np.concatenate(inside) if inside else np.array([], dtype=np.int64)
    ones = np.ones(len(columns))
    return sparse.csr_matrix((ones, columns, starts), shape=(len(inside), leaves))
