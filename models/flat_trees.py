"""Trees as arrays: LightGBM's text read into records that compiled code walks.

The walk takes the turns that LightGBM takes: a missing number goes where the split sends missing
ones, a code goes left if it stands in the split's set.  Leaves are added in the order of the trees,
so that the sum is LightGBM's to the bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

SPLIT = np.dtype(
    [
        ("threshold", "f8"),
        ("feature", "i4"),
        ("left", "i4"),  # a place below: the splits of a tree come first, then its leaves
        ("right", "i4"),
        ("kind", "i4"),  # the sum of the three numbers below
        ("first_word", "i4"),  # of the set of codes that go left, 32 to a word
        ("words", "i4"),
    ],
    align=True,
)
_SET, _MISSING_LEFT, _ZERO_IS_MISSING = 1, 2, 4
_LARGEST_CODE = 2.0**31
_ZERO = float(np.float32(1e-35))  # up to here LightGBM takes a number for zero


@dataclass(frozen=True, eq=False)
class FlatTrees:
    """Trees, one after the other.

    ``splits``: records of `SPLIT`, (n_splits,), each before those below it; ``words``: their sets
    of codes. ``leaves``: log odds, (n_leaves,). ``came``: how many learnt rows came to each place,
    (n_splits + n_leaves,). ``trees``: (n_trees, 3): first split, number of splits, first leaf.
    """

    n_features: int
    splits: Records
    words: NDArray[np.uint32]
    leaves: Floats
    came: Floats
    trees: Ints


@called
def sum_of_leaves(flat: Any, first: int, last: int, row: Any) -> float:
    """Return what the trees from ``first`` to ``last`` say of a row of `as_lightgbm_reads`.

    ``flat`` is (splits, words, leaves, trees) of `FlatTrees`.
    """
    splits, words, leaves, trees = flat
    total = 0.0
    for tree in range(first, last):
        above, size, at = trees[tree, 0], trees[tree, 1], 0
        while at < size:
            split = splits[above + at]
            at = split.left if goes_left(split, words, row[split.feature]) else split.right
        total += leaves[trees[tree, 2] + at - size]
    return total


@called
def goes_left(split: Any, words: Any, x: float) -> bool:
    """Return whether a row with this value of the split's feature goes left."""
    if split.kind & _SET:
        if not -1.0 < x < _LARGEST_CODE:  # NaN is in no set, either
            return False
        code = int(x)
        word = code >> 5
        if word >= split.words:
            return False
        return bool((words[split.first_word + word] >> (code & 31)) & 1)
    if math.isnan(x) or (split.kind & _ZERO_IS_MISSING and x == 0.0):
        return bool(split.kind & _MISSING_LEFT)
    return bool(x <= split.threshold)


@called
def as_lightgbm_reads(x: float) -> float:
    """Return a number as LightGBM takes it: what is nearly zero is zero."""
    return 0.0 if abs(x) <= _ZERO else x


def flat_trees(text: str) -> FlatTrees | None:
    """Return LightGBM's text as arrays; None where it holds what the walk does not know.

    That is: several classes, lines in leaves, a place to which no learnt row came, or a split
    behind one below it.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    said, trees = _fields(head), [_tree(_fields(block)) for block in blocks]
    known = [tree for tree in trees if tree is not None]
    if said.get("num_tree_per_iteration") != "1" or len(known) < max(len(trees), 1):
        return None
    return joined(known, int(said["max_feature_idx"]) + 1)


def joined(parts: Sequence[FlatTrees], n_features: int) -> FlatTrees:
    """Return several sequences of trees as one; of none it has no tree."""
    sizes = [(len(part.splits), len(part.leaves), len(part.words)) for part in parts]
    begins = np.cumsum([(0, 0, 0), *sizes], axis=0)
    found = FlatTrees(
        n_features,
        np.concatenate([np.empty(0, SPLIT), *(part.splits for part in parts)]),
        np.concatenate([np.empty(0, np.uint32), *(part.words for part in parts)]),
        np.concatenate([np.empty(0), *(part.leaves for part in parts)]),
        np.concatenate([np.empty(0), *(part.came for part in parts)]),
        np.concatenate([np.empty((0, 3), np.int64), *(part.trees for part in parts)]),
    )
    trees = [len(part.trees) for part in parts]
    found.trees[:, [0, 2]] += np.repeat(begins[:-1, :2], trees, axis=0)
    found.splits["first_word"] += np.repeat(begins[:-1, 2], begins[1:, 0] - begins[:-1, 0])
    return found


def _tree(said: dict[str, str]) -> FlatTrees | None:
    """Return the tree that some lines speak of."""
    leaves = _numbers(said, "leaf_value")
    splits = np.zeros(len(leaves) - 1, SPLIT)
    came = np.ones(1)
    if len(splits):
        splits["threshold"] = _numbers(said, "threshold")
        splits["feature"] = _numbers(said, "split_feature")
        for side in ("left", "right"):
            child = _numbers(said, f"{side}_child").astype(np.int64)
            splits[side] = np.where(child < 0, len(splits) + ~child, child)
        splits["kind"] = _kinds(_numbers(said, "decision_type"), splits["threshold"])
        _add_sets(splits, _numbers(said, "cat_boundaries"))
        came = np.concatenate([_numbers(said, "internal_count"), _numbers(said, "leaf_count")])
    words = _numbers(said, "cat_threshold").astype(np.uint32)
    tree = FlatTrees(0, splits, words, leaves, came, np.array([[0, len(splits), 0]]))
    return tree if said.get("is_linear", "0") == "0" and _is_sound(tree) else None


def _kinds(said: Floats, threshold: Floats) -> Ints:
    """Return what a split is from LightGBM's decision types: bits for set, default left, missing.

    Where nothing is held to be missing, LightGBM takes NaN for 0.
    """
    bits = said.astype(np.int64)
    none, zero = bits >> 2 == 0, bits >> 2 == 1
    left = np.where(none, threshold >= 0, bits & 2 != 0)
    return np.asarray((bits & 1) * _SET + left * _MISSING_LEFT + zero * _ZERO_IS_MISSING)


def _add_sets(splits: Records, begins: Floats) -> None:
    """Say where the set of each split that has one stands; its number was in the threshold."""
    has = splits["kind"] & _SET != 0
    which = splits["threshold"][has].astype(np.int64)
    if len(which):
        splits["first_word"][has] = begins[which]
        splits["words"][has] = begins[which + 1] - begins[which]


def _is_sound(tree: FlatTrees) -> bool:
    """Whether each place stands below one split before it, and some learnt row came to each."""
    size = len(tree.splits)
    below = np.concatenate([tree.splits["left"], tree.splits["right"]])
    return bool(
        np.array_equal(np.sort(below), np.arange(1, 2 * size + 1))
        and (below > np.tile(np.arange(size), 2)).all()
        and len(tree.came) == 2 * size + 1
        and (tree.came > 0).all()
    )


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _numbers(said: dict[str, str], name: str) -> Floats:
    return np.array([float(word) for word in said.get(name, "").split()])
