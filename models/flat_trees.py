"""Trees as arrays: LightGBM's text read into records.

A missing number goes where the split sends missing ones, a code goes left if it stands in the
split's set.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
SET, MISSING_LEFT, ZERO_IS_MISSING = 1, 2, 4


@dataclass(frozen=True, eq=False)
class FlatTrees:
    """Trees, one after the other.

    ``splits``: records of `SPLIT`, (n_splits,), level by level; ``words``: their sets of codes.
    ``leaves``: log odds, (n_leaves,). ``came``: how many learnt rows came to each place,
    (n_splits + n_leaves,). ``trees``: (n_trees, 3): first split, number of splits, first leaf.
    """

    n_features: int
    splits: Records
    words: NDArray[np.uint32]
    leaves: Floats
    came: Floats
    trees: Ints


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
    if not _is_sound(splits, came):
        return None
    words = _numbers(said, "cat_threshold").astype(np.uint32)
    order, trees = _by_level(splits), np.array([[0, len(splits), 0]])
    came[: len(splits)] = came[order]
    lines = said.get("is_linear", "0") != "0"
    ordered = _in_order(splits, order)
    return None if lines else FlatTrees(0, ordered, words, leaves, came, trees)


def _by_level(splits: Records) -> Ints:
    """Return the splits from the root down: those of a level do not wait for one another."""
    order = [0] * bool(len(splits))
    for at in order:  # which grows meanwhile
        below = splits["left"][at], splits["right"][at]
        order += [int(place) for place in below if place < len(splits)]
    return np.array(order, dtype=np.int64)


def _in_order(splits: Records, order: Ints) -> Records:
    """Return splits in an order, what stands below each still found."""
    places = np.arange(2 * len(splits) + 1)
    places[order] = np.arange(len(splits))
    found = splits[order]
    for side in ("left", "right"):
        found[side] = places[found[side]]
    return found


def _kinds(said: Floats, threshold: Floats) -> Ints:
    """Return what a split is from LightGBM's decision types: bits for set, default left, missing.

    Where nothing is held to be missing, LightGBM takes NaN for 0.
    """
    bits = said.astype(np.int64)
    none, zero = bits >> 2 == 0, bits >> 2 == 1
    left = np.where(none, threshold >= 0, bits & 2 != 0)
    return np.asarray((bits & 1) * SET + left * MISSING_LEFT + zero * ZERO_IS_MISSING)


def _add_sets(splits: Records, begins: Floats) -> None:
    """Say where the set of each split that has one stands; its number was in the threshold."""
    has = splits["kind"] & SET != 0
    which = splits["threshold"][has].astype(np.int64)
    if len(which):
        splits["first_word"][has] = begins[which]
        splits["words"][has] = begins[which + 1] - begins[which]


def _is_sound(splits: Records, came: Floats) -> bool:
    """Whether each place stands below one split before it, and some learnt row came to each."""
    size = len(splits)
    below = np.concatenate([splits["left"], splits["right"]])
    return bool(
        np.array_equal(np.sort(below), np.arange(1, 2 * size + 1))
        and (below > np.tile(np.arange(size), 2)).all()
        and len(came) == 2 * size + 1
        and (came > 0).all()
    )


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _numbers(said: dict[str, str], name: str) -> Floats:
    return np.array([float(word) for word in said.get(name, "").split()])
