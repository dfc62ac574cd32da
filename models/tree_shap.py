"""Exact Shapley values of trees (TreeSHAP, Lundberg et al. 2020), by quadrature.

What a leaf would say if only some features were known is a product over the features on its path:
1 or 0 for a known one, as the row agrees with the path or not, and else the share of learnt rows
that the path keeps.  A Shapley value averages what knowing a feature adds, over all orders in which
the others come to be known.  That is the integral, t from 0 to 1, of the same with each of the
others known with probability t (Owen 1972): a polynomial, since a factor becomes
``share + (agrees - share) * t``.  Gauss-Legendre with m points is exact for paths of up to 2 m
distinct features.

Each tree is swept twice: down, for the product of the factors above each place; up, for the sum of
the leaves below it, each times the factors between.  What a split adds is the product above times
the difference between its sides.  A feature that comes again on a path has one factor: the former
is taken out before the new one is put in.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called, inlined
from models.flat_trees import FlatTrees, goes_left

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

SHARES = np.dtype(
    [
        ("left", "f8"),  # the share of the split's rows that went left
        ("right", "f8"),
        ("before", "f8"),  # the share kept by splits of the same feature above
        ("above", "i4"),  # the last of them, in the same tree; -1: there is none
        ("side", "i4"),  # the side of that one on which this stands: _LEFT or _RIGHT
    ],
    align=True,
)
LANES = 8  # points worked on at once, so that the processor takes them together
_NEITHER, _LEFT, _RIGHT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Shape:
    """What the values of some trees need for any row, beside the trees.

    ``shares``: records of `SHARES`, (n_splits,). ``blocks``: of how many points times `LANES` each
    tree has need, (n_trees,). ``points``: points and weights of Gauss-Legendre on [0, 1], those of
    one block, then those of two, and so on, (n, 2, LANES). ``expected``: what each tree says of the
    learnt rows on average, (n_trees,).
    """

    shares: Records
    blocks: Ints
    points: Floats
    expected: Floats


@called
def add_values(flat: Any, shape: Any, trees: Any, row: Any, room: Any) -> None:
    """Add to the lanes of each feature what it is worth in some trees.

    Parameters
    ----------
    flat : (splits, words, leaves, trees) of `FlatTrees`
    shape : (shares, blocks, points) of `Shape`
    trees : the first, and the one behind the last
    row : numbers `as_lightgbm_reads` them
    room : what `room_for` made
    """
    for tree in range(trees[0], trees[1]):
        first, size, leaf = flat[3][tree, 0], flat[3][tree, 1], flat[3][tree, 2]
        _agree(flat, shape[0], (first, size), row, room[3])
        blocks = shape[1][tree]
        for block in range(blocks * (blocks - 1) // 2, blocks * (blocks + 1) // 2):
            points = shape[2][block]
            _sweep_down(flat[0], shape[0], (first, size), points, room)
            for place in range(size + 1):
                for lane in range(LANES):
                    room[2][size + place, lane] = flat[2][leaf + place]
            _sweep_up(flat[0], shape[0], (first, size), points, room)


@inlined
def _agree(flat: Any, shares: Any, tree: Any, row: Any, sides: Any) -> None:
    """Say to which side a row goes at each split; neither, once a split above has lost it."""
    first, size = tree
    for at in range(size):
        split, share = flat[0][first + at], shares[first + at]
        sides[at] = _NEITHER
        if share.above < 0 or sides[share.above] == share.side:
            sides[at] = _LEFT if goes_left(split, flat[1], row[split.feature]) else _RIGHT


@inlined
def _turned(split: Any, share: Any, side: int) -> Any:
    """Return the place where the row goes, the other, and the share of learnt rows of each."""
    if side == _LEFT:
        return split.left, split.right, share.before * share.left, share.before * share.right
    return split.right, split.left, share.before * share.right, share.before * share.left


@inlined
def _sweep_down(splits: Any, shares: Any, tree: Any, points: Any, room: Any) -> None:
    """Write for each place the product of the weight and of the factors above it."""
    first, size = tree
    product, sides = room[1], room[3]
    for lane in range(LANES):
        product[0, lane] = points[1, lane]
    for at in range(size):
        split, share = splits[first + at], shares[first + at]
        if sides[at] == _NEITHER:  # the factor holds 1 - t already, and falls by the share
            for lane in range(LANES):
                product[split.left, lane] = product[at, lane] * share.left
                product[split.right, lane] = product[at, lane] * share.right
            continue
        here, there, kept, lost = _turned(split, share, sides[at])
        if share.above >= 0:
            for lane in range(LANES):
                product[at, lane] /= share.before + (1.0 - share.before) * points[0, lane]
        for lane in range(LANES):
            product[here, lane] = product[at, lane] * (kept + (1.0 - kept) * points[0, lane])
            product[there, lane] = product[at, lane] * lost * (1.0 - points[0, lane])


@inlined
def _sweep_up(splits: Any, shares: Any, tree: Any, points: Any, room: Any) -> None:
    """Sum the leaves below each split, and add to its feature the difference of its sides."""
    first, size = tree
    found, product, below, sides = room
    for at in range(size - 1, -1, -1):
        split, share = splits[first + at], shares[first + at]
        if sides[at] == _NEITHER:
            for lane in range(LANES):
                left, right = below[split.left, lane], below[split.right, lane]
                below[at, lane] = share.left * left + share.right * right
            continue
        here, there, kept, lost = _turned(split, share, sides[at])
        if share.above >= 0:
            for lane in range(LANES):
                t, agreed, not_so = points[0, lane], below[here, lane], below[there, lane]
                gain = (1.0 - kept) * agreed - lost * not_so
                total = kept * agreed + lost * not_so + t * gain
                total /= share.before + (1.0 - share.before) * t
                below[at, lane] = total
                found[split.feature, lane] += product[at, lane] * (
                    gain - (1.0 - share.before) * total
                )
            continue
        for lane in range(LANES):
            agreed, not_so = below[here, lane], below[there, lane]
            gain = (1.0 - kept) * agreed - lost * not_so
            below[at, lane] = kept * agreed + lost * not_so + points[0, lane] * gain
            found[split.feature, lane] += product[at, lane] * gain


def room_for(n_features: int, most: int) -> tuple[Floats, Floats, Floats, Ints]:
    """Return room for one row: lanes of each feature, all 0, and trees of ``most`` places."""
    found = np.zeros((n_features, LANES))
    return found, np.empty((most, LANES)), np.empty((most, LANES)), np.empty(most, np.int64)


def shape_of(flat: FlatTrees) -> Shape:
    """Return what the Shapley values of these trees need."""
    shares = np.zeros(len(flat.splits), SHARES)
    distinct, expected = np.zeros(len(flat.trees), np.int64), np.zeros(len(flat.trees))
    for tree, (first, size, leaf) in enumerate(flat.trees):
        came = flat.came[first + leaf : first + leaf + 2 * size + 1]
        here = slice(first, first + size)
        for side in ("left", "right"):
            shares[side][here] = came[flat.splits[side][here]] / came[:size]
        distinct[tree] = _add_repeats(flat.splits[here], shares[here])
        expected[tree] = came[size:] / came[0] @ flat.leaves[leaf : leaf + size + 1]
    blocks = np.maximum(1, -(-distinct // (2 * LANES)))
    return Shape(shares, blocks, _points(int(blocks.max(initial=1))), expected)


def _add_repeats(splits: Records, shares: Records) -> int:
    """Say of each split which one above has its feature; return the most features of a path."""
    paths: list[dict[int, tuple[int, int, float]]] = [{} for _ in range(2 * len(splits) + 1)]
    for at, split in enumerate(splits):
        feature, path = int(split["feature"]), paths[at]
        above, side, before = path.get(feature, (-1, _NEITHER, 1.0))
        shares["above"][at], shares["side"][at], shares["before"][at] = above, side, before
        for turn, name in ((_LEFT, "left"), (_RIGHT, "right")):
            kept = before * float(shares[name][at])
            paths[int(split[name])] = path | {feature: (at, turn, kept)}
    return max(len(path) for path in paths)


def _points(most: int) -> Floats:
    """Return points and weights on [0, 1] of all rules of up to so many blocks."""
    rules = [np.polynomial.legendre.leggauss(LANES * blocks) for blocks in range(1, most + 1)]
    points = np.concatenate([(rule[0] + 1) / 2 for rule in rules])
    weights = np.concatenate([rule[1] / 2 for rule in rules])
    return np.stack([points.reshape(-1, LANES), weights.reshape(-1, LANES)], axis=1)
