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
from models.flat_trees import FlatTrees
from models.lanes import LANES, lanes_at, lanes_of, put_lanes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

SHARES = np.dtype(
    [
        (
            "left",
            "f8",
        ),  # the shares of learnt rows that the splits of this feature on the path keep
        ("right", "f8"),
        ("before", "f8"),  # the same, up to here
        ("above", "i4"),  # the last split of the same feature above, and the side below it: a turn
        ("parent", "i4"),
        ("turn", "i4"),  # by which one comes here from the parent
        ("feature", "i4"),
    ],
    align=True,
)
_ALWAYS = 0  # a turn that every row takes; then the left and the right one of each split


@dataclass(frozen=True, eq=False)
class Shape:
    """What the values of some trees need for any row, beside their descent.

    ``shares``: records of `SHARES`, (n_splits,). ``trees``: those of `FlatTrees`. ``blocks``: of
    how many points times `LANES` each tree has need, (n_trees,). ``points``: points and weights of
    Gauss-Legendre on [0, 1], those of one block, then those of two, and so on, (n, 2, LANES).
    ``expected``: what each tree says of the learnt rows on average, (n_trees,).
    """

    shares: Records
    trees: Ints
    blocks: Ints
    points: Floats
    expected: Floats

    @property
    def arrays(self) -> Any:
        """What `add_values` takes."""
        return self.shares, self.trees, self.blocks, self.points

    def room(self, n_features: int) -> Any:
        """Return room for one row: lanes of each feature, all 0, and what the largest tree needs.

        That is: products above its splits, sums below its places, which turns the row takes.
        """
        splits = int(self.trees[:, 1].max(initial=0))
        found, products = np.zeros((n_features, LANES)), np.empty((splits, LANES))
        return found, products, np.empty((2 * splits + 1, LANES)), np.ones(2 * splits + 1)


@called
def add_values(descent: Any, shape: Any, trees: Any, columns: Any, room: Any) -> None:
    """Add to the lanes of each feature what it is worth in some trees.

    Parameters
    ----------
    descent : the arrays of a `Descent`
    shape : those of the `Shape` of the same trees
    trees : the first, and the one behind the last
    columns : as `descent.write_columns` writes them of a row
    room : what `Shape.room` made
    """
    for tree in range(trees[0], trees[1]):
        first, size, leaf = shape[1][tree, 0], shape[1][tree, 1], shape[1][tree, 2]
        nodes = descent[0][descent[3][tree, 0] :]
        shares, leaves = shape[0][first : first + size], descent[6][leaf:]
        _turn(nodes, shares, columns, room[3])
        blocks = shape[2][tree]
        for block in range(blocks * (blocks - 1) // 2, blocks * (blocks + 1) // 2):
            points = shape[3][block]
            _sweep_down(shares, points, room)
            for place in range(size + 1):
                put_lanes(room[2], size + place, lanes_of(leaves[place]))
            _sweep_up(nodes, shares, descent[3][tree, 0], points, room)


@inlined
def _turn(nodes: Any, shares: Any, columns: Any, turns: Any) -> None:
    """Say of both turns at each split whether the row takes it: 1, or 0.

    It takes neither once a split of the same feature above has lost it.
    """
    for at in range(len(shares)):
        node, here = nodes[at], turns[shares[at].above]
        left = 1.0 if columns[node.column] <= node.threshold else 0.0
        turns[1 + 2 * at], turns[2 + 2 * at] = here * left, here * (1.0 - left)


@inlined
def _sweep_down(shares: Any, points: Any, room: Any) -> None:
    """Write for each split the product of the weight and of the factors above it.

    The factor of its own feature, where one stands above, is taken out.
    """
    products, turns = room[1], room[3]
    t = lanes_at(points, 0)
    for at in range(len(shares)):
        one = shares[at]
        if at == 0:
            put_lanes(products, 0, lanes_at(points, 1))
            continue
        above = shares[one.parent]
        kept = above.left if one.turn & 1 else above.right
        product = lanes_at(products, one.parent) * (kept + (turns[one.turn] - kept) * t)
        if one.above != _ALWAYS:
            product = product / (one.before + (turns[one.above] - one.before) * t)
        put_lanes(products, at, product)


@inlined
def _sweep_up(nodes: Any, shares: Any, begins: int, points: Any, room: Any) -> None:
    """Sum the leaves below each split, and add to its feature what its turns differ by."""
    found, products, sums, turns = room
    t = lanes_at(points, 0)
    for at in range(len(shares) - 1, -1, -1):
        one, node = shares[at], nodes[at]
        left, right = lanes_at(sums, node.left - begins), lanes_at(sums, node.right - begins)
        gain = (turns[1 + 2 * at] - one.left) * left + (turns[2 + 2 * at] - one.right) * right
        total = one.left * left + one.right * right + t * gain
        if one.above != _ALWAYS:
            before = turns[one.above] - one.before
            total = total / (one.before + before * t)
            gain = gain - before * total
        put_lanes(sums, at, total)
        worth = lanes_at(found, one.feature) + lanes_at(products, at) * gain
        put_lanes(found, one.feature, worth)


def shape_of(flat: FlatTrees) -> Shape:
    """Return what the Shapley values of these trees need."""
    shares = np.zeros(len(flat.splits), SHARES)
    distinct, expected = np.zeros(len(flat.trees), np.int64), np.zeros(len(flat.trees))
    for tree, (first, size, leaf) in enumerate(flat.trees):
        came = flat.came[first + leaf : first + leaf + 2 * size + 1]
        here = slice(first, first + size)
        distinct[tree] = _add_shares(flat.splits[here], came, shares[here])
        expected[tree] = came[size:] / came[0] @ flat.leaves[leaf : leaf + size + 1]
    blocks = np.maximum(1, -(-distinct // (2 * LANES)))
    return Shape(shares, flat.trees, blocks, _points(int(blocks.max(initial=1))), expected)


def _add_shares(splits: Records, came: Floats, shares: Records) -> int:
    """Say what each split keeps, and where it stands; return the most features of a path."""
    paths: list[dict[int, tuple[int, float]]] = [{} for _ in range(2 * len(splits) + 1)]
    for at, split in enumerate(splits):
        feature, path, one = int(split["feature"]), paths[at], shares[at]
        one["above"], one["before"] = path.get(feature, (_ALWAYS, 1.0))
        one["feature"] = feature
        for turn, side in enumerate(("left", "right"), start=1 + 2 * at):
            below = int(split[side])
            one[side] = one["before"] * (came[below] / came[at])
            paths[below] = path | {feature: (turn, float(one[side]))}
            if below < len(splits):
                shares["parent"][below], shares["turn"][below] = at, turn
    return max(len(path) for path in paths)


def _points(most: int) -> Floats:
    """Return points and weights on [0, 1] of all rules of up to so many blocks."""
    rules = [np.polynomial.legendre.leggauss(LANES * blocks) for blocks in range(1, most + 1)]
    points = np.concatenate([(rule[0] + 1) / 2 for rule in rules])
    weights = np.concatenate([rule[1] / 2 for rule in rules])
    return np.stack([points.reshape(-1, LANES), weights.reshape(-1, LANES)], axis=1)
