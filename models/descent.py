"""Walking all trees of a bundle at once, level by level, by LightGBM's turns.

A walk down one tree waits at each split for the one above, and the processor guesses the turn wrong
every other time.  So all trees go down together, a level at a time, and no turn is a branch: what
is special about a split (a set of codes, where missing ones go) is settled before, in the *columns*
of the row, and then every split asks the same: is its column's number at most the threshold?

The numbers are compared as float32.  A row holds nothing else, and the largest float32 that is not
above a threshold parts them as the threshold does.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called
from models.flat_trees import MISSING_LEFT, SET, ZERO_IS_MISSING, FlatTrees

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

NODE = np.dtype(
    [
        ("threshold", "f4"),
        ("column", "i4"),
        ("left", "i4"),  # nodes; a leaf is below itself
        ("right", "i4"),
    ],
    align=True,
)
STEP = np.dtype([("threshold", "f4"), ("column", "u2"), ("below", "u2")])
"""A node as `walk` passes it: eight bytes, so that the trees of a bundle stay near the processor.

``below``: how much further the left node stands, the right one behind it; 0 at a leaf, which asks
the first column, below everything, and has its number in its tree as the threshold.
"""
COLUMN = np.dtype(
    [
        ("feature", "i4"),
        ("kind", "i4"),  # as of a split of `flat_trees`
        ("first_word", "i4"),
        ("words", "i4"),
    ],
    align=True,
)
_LARGEST = np.iinfo(np.uint16).max
_LARGEST_CODE = 2.0**31
_ZERO = np.float32(1e-35)  # up to here LightGBM takes a number for zero
_IN, _OUT, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_BELOW_ALL = np.float32(-np.inf)


@dataclass(frozen=True, eq=False)
class Descent:
    """Trees made ready to be walked.

    ``nodes``: records of `NODE`, tree by tree, the splits and then the leaves; ``steps``: the same
    of each tree as records of `STEP`, level by level. ``columns``: records of `COLUMN`, the first
    one is of the leaves; ``words``: the sets of codes. ``trees``: (n_trees, 2): the first node, and
    the first leaf. ``deepest``: the trees, the deepest first;
    ``deep``: how many of them go on below each level, (n_levels,). ``leaves``: log odds.
    """

    nodes: Records
    steps: Records
    columns: Records
    words: NDArray[np.uint32]
    trees: Ints
    deepest: Ints
    deep: Ints
    leaves: Floats

    @property
    def arrays(self) -> Any:
        """What `walk` takes."""
        shape = self.trees, self.deepest, self.deep, self.leaves
        return self.nodes, self.columns, self.words, *shape, self.steps

    def room(self) -> Any:
        """Return room to walk with one row."""
        columns, n_trees = np.empty(len(self.columns), np.float32), len(self.trees)
        return columns, np.empty(n_trees, np.int32), np.empty(n_trees)


@called
def walk(descent: Any, row: Any, room: Any) -> None:
    """Write what the leaf says that a row, float32 (n_features,), comes to in each tree.

    ``descent`` are the arrays of a `Descent`, ``room`` is what its `room` makes: the row's columns,
    where it stands in each tree, and what each tree says.
    """
    trees, deepest, deep, leaves, steps = descent[3:]
    columns, at, said = room
    write_columns(descent, row, columns)
    columns[0] = _BELOW_ALL
    for place in range(len(deepest)):
        at[place] = trees[deepest[place], 0]
    for level in range(len(deep)):
        for place in range(deep[level]):
            step = steps[at[place]]
            goes_right = not columns[step.column] <= step.threshold  # NaN goes there, too
            at[place] += step.below + goes_right
    for place in range(len(deepest)):
        tree = deepest[place]
        said[tree] = leaves[trees[tree, 1] + int(steps[at[place]].threshold)]


@called
def write_columns(descent: Any, row: Any, columns: Any) -> None:
    """Write what the splits compare, of a row."""
    asked, words = descent[1], descent[2]
    for place in range(len(asked)):
        column = asked[place]
        x = row[column.feature]
        if abs(x) <= _ZERO:
            x = np.float32(0.0)
        if column.kind & SET:
            columns[place] = _IN if _is_in(words, column, x) else _OUT
        elif math.isnan(x) or (column.kind & ZERO_IS_MISSING and x == 0.0):
            columns[place] = _BELOW_ALL if column.kind & MISSING_LEFT else np.nan
        else:
            columns[place] = x


@called
def _is_in(words: Any, column: Any, x: float) -> bool:
    """Return whether a code stands in the set of a column."""
    if not -1.0 < x < _LARGEST_CODE:  # NaN is in no set, either
        return False
    code = int(x)
    word = code >> 5
    return word < column.words and bool((words[column.first_word + word] >> (code & 31)) & 1)


def descent_of(flat: FlatTrees) -> Descent | None:
    """Return trees made ready to be walked; None where they are larger than a step can say."""
    columns = _columns(flat)
    if 2 * flat.trees[:, 1].max(initial=0) > _LARGEST or len(columns[0]) > _LARGEST:
        return None
    nodes = np.zeros(len(flat.splits) + len(flat.leaves), NODE)
    thresholds = np.where(flat.splits["kind"] & SET, _HALF, _floor(flat.splits["threshold"]))
    trees, depths = np.zeros((len(flat.trees), 2), np.int64), np.zeros(len(flat.trees), np.int64)
    nodes["threshold"], nodes["left"] = np.inf, np.arange(len(nodes))
    nodes["right"], steps = nodes["left"], np.zeros(len(nodes), STEP)
    for tree, (first, size, leaf) in enumerate(flat.trees):
        begins = first + leaf
        mine, here = nodes[begins : begins + size], slice(first, first + size)
        mine["threshold"], mine["column"] = thresholds[here], columns[1][here]
        for side in ("left", "right"):
            mine[side] = flat.splits[side][here] + begins
        trees[tree], depths[tree] = (begins, leaf), _depth(flat.splits[here])
        steps[begins : begins + 2 * size + 1] = _steps(flat.splits[here], mine)
    return Descent(
        nodes,
        steps,
        columns[0],
        flat.words,
        trees,
        np.argsort(-depths, kind="stable"),
        np.array([(depths > level).sum() for level in range(depths.max(initial=0))], np.int64),
        flat.leaves,
    )


def _steps(splits: Records, nodes: Records) -> Records:
    """Return the steps of one tree, whose splits' nodes are given; children stand side by side."""
    size, order = len(splits), [0]
    asked = nodes[["threshold", "column"]].tolist()
    below = splits[["left", "right"]].tolist()
    found: list[tuple[float, int, int]] = []
    for at, node in enumerate(order):  # which grows meanwhile: level by level
        if node < size:
            found.append((*asked[node], len(order) - at))
            order += below[node]
        else:
            found.append((node - size, 0, 0))
    return np.array(found, STEP)


def _columns(flat: FlatTrees) -> tuple[Records, Ints]:
    """Return what has to be asked of a row, each once, and which of it each split asks."""
    found: dict[tuple[int, int, bytes], int] = {}
    asked, which = [(0, 0, 0, 0)], np.zeros(len(flat.splits), np.int64)  # a leaf asks the first
    for at, (feature, kind, first, words) in enumerate(
        flat.splits[["feature", "kind", "first_word", "words"]].tolist()
    ):
        codes = flat.words[first : first + words].tobytes() if kind & SET else b""
        key = feature, kind if not codes else SET, codes
        if key not in found:
            found[key] = len(asked)
            asked.append((feature, kind, first, words))
        which[at] = found[key]
    return np.array(asked, COLUMN), which


def _floor(thresholds: Floats) -> NDArray[np.float32]:
    """Return the largest float32 that is not above each."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, _BELOW_ALL), near)


def _depth(splits: Records) -> int:
    """Return how many splits the longest path of a tree has."""
    depths = np.zeros(2 * len(splits) + 1, np.int64)
    for at, split in enumerate(splits):
        depths[[split["left"], split["right"]]] = depths[at] + 1
    return int(depths.max())
