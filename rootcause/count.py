"""Counting, compiled: the few loops over all rows that the search spends its time in.

Everything compiled stands in this one file, because numba's disk cache does not notice a change in
another. Nothing here holds the interpreter, so that steps are counted side by side.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = NDArray[np.int32] | NDArray[np.int64]

_compiled = njit(cache=True, nogil=True)

ABSENT = -1
_MOST_COUNTERS = 15_000_000
_TINY = 1e-9


@_compiled
def counted(  # noqa: PLR0913, PLR0917 - compiled code takes arrays, not a table of them
    columns: Codes,
    wanted: Codes,
    cell: Codes,
    n: Floats,
    bad: Floats,
    expected: Floats,
    n_cells: int,
) -> Floats:
    """Return exposures, bad outcomes, expected ones and their spread p (1 - p).

    Of the rows that meet every wanted (attribute, code), shape (n_conditions, 2); ``columns`` has
    shape (n_attributes, n_rows), ``n`` says how many exposures each row stands for.
    Returns an array of shape (n_cells, 4).
    """
    sums = np.zeros((n_cells, 4))
    for row in range(len(cell)):
        met = True
        for place in range(len(wanted)):
            if columns[wanted[place, 0], row] != wanted[place, 1]:
                met = False
                break
        if met:
            at, p = cell[row], expected[row]
            sums[at, 0] += n[row]
            sums[at, 1] += bad[row]
            sums[at, 2] += n[row] * p
            sums[at, 3] += n[row] * p * (1.0 - p)
    return sums


def split(
    parent: Codes, n_parents: int, column: Codes, size: int, n: Numbers, fewest: int
) -> tuple[Codes, Ints]:
    """Split groups of rows by one more column.

    ``parent``: the group of each row, ``column``: its code; `ABSENT` counts nowhere. ``n``: how
    many exposures each row stands for. A part with fewer exposures than ``fewest``, or with all of
    its group, is no part; only a group of all rows may have such a part.

    Returns
    -------
    The part of each row, or `ABSENT`, shape (n,); per part ``group * size + code``, ascending.
    """
    if n_parents * size > _MOST_COUNTERS:
        return split_by_sorting(parent, column, size, n, fewest)
    parts = _counted_parts(parent, n_parents, column, size, n, fewest)
    return _placed(parent, column, size, parts), np.flatnonzero(parts != ABSENT)


def split_by_sorting(
    parent: Codes, column: Codes, size: int, n: Numbers, fewest: int
) -> tuple[Codes, Ints]:
    """Do as `split` does, where there would be too many counters."""
    inside = (parent >= 0) & (column >= 0)
    pair = parent[inside].astype(np.int64) * size + column[inside]
    present, place = np.unique(pair, return_inverse=True)
    counts, known = np.bincount(place, n[inside], len(present)), parent >= 0
    large = (counts >= fewest) & (counts < np.bincount(parent[known], n[known])[present // size])
    part = np.full(len(parent), ABSENT, dtype=np.int32)
    part[inside] = np.where(large, np.cumsum(large) - 1, ABSENT)[place]
    return part, present[large]


@_compiled
def _counted_parts(
    parent: Codes, n_parents: int, column: Codes, size: int, n: Numbers, fewest: int
) -> Codes:
    counts = np.zeros(n_parents * size, dtype=n.dtype)
    whole = np.zeros(n_parents, dtype=n.dtype)
    everything = np.int64(0)
    for row in range(len(parent)):
        group, code = parent[row], column[row]
        everything += n[row]
        if group >= 0:
            whole[group] += n[row]
            if code >= 0:
                counts[group * size + code] += n[row]
    parts = np.empty(len(counts), dtype=np.int32)
    n_parts = 0
    for pair in range(len(parts)):
        of_group = whole[pair // size]
        if counts[pair] >= fewest and (of_group == everything or counts[pair] < of_group):
            parts[pair] = n_parts
            n_parts += 1
        else:
            parts[pair] = ABSENT
    return parts


@_compiled
def _placed(parent: Codes, column: Codes, size: int, parts: Codes) -> Codes:
    found = np.empty(len(parent), dtype=np.int32)
    for row in range(len(parent)):
        group, code = parent[row], column[row]
        inside = group >= 0 and code >= 0
        found[row] = parts[group * size + code] if inside else ABSENT
    return found


@_compiled
def summed(number: Codes, n_numbers: int, block: Codes, n_blocks: int, weighted: Floats) -> Floats:
    """Return sums per number and block of exposures, residuals and information.

    ``weighted``: these three of each row, shape (n_rows, 3).
    Returns an array of shape (n_numbers, n_blocks, 3).
    """
    sums = np.zeros((n_numbers, n_blocks, 3))
    for row in range(len(number)):
        at = number[row]
        if at >= 0:
            then = block[row]
            sums[at, then, 0] += weighted[row, 0]
            sums[at, then, 1] += weighted[row, 1]
            sums[at, then, 2] += weighted[row, 2]
    return sums


@_compiled
def best_ratios(
    sums: Floats, whole: Floats, first: int, fewest: int, floor: float, misfit: float
) -> Floats:
    """Return for each table of `summed` its best score test over the blocks it may begin in.

    Of an excess from that block on, over the own past and over the others (those of ``whole``,
    shape (n_blocks, 3), that are not inside), if it has the fewest rows and reaches the floor.
    """
    n_numbers, n_blocks, _ = sums.shape
    best = np.zeros(n_numbers)
    for at in range(n_numbers):
        rows, residual, information = 0.0, 0.0, 0.0
        all_rows, all_residual, all_information = 0.0, 0.0, 0.0
        for then in range(n_blocks):
            rows += sums[at, then, 0]
            residual += sums[at, then, 1]
            information += sums[at, then, 2]
            all_rows += whole[then, 0]
            all_residual += whole[then, 1]
            all_information += whole[then, 2]
        prior = 1.0 / max(misfit * rows / max(information, _TINY), _TINY) ** 2
        others_usual = (all_rows - rows) / max(all_information - information, _TINY)
        others_prior = 1.0 / max(misfit * others_usual, _TINY) ** 2
        n, r, i = 0.0, 0.0, 0.0  # rows, residual and information since a block
        s, j = 0.0, 0.0  # residual and information of the others since
        for then in range(n_blocks - 1, first - 1, -1):
            n += sums[at, then, 0]
            r += sums[at, then, 1]
            i += sums[at, then, 2]
            s += whole[then, 1] - sums[at, then, 1]
            j += whole[then, 2] - sums[at, then, 2]
            before = (residual - r) / (information - i + prior)
            others_before = (all_residual - residual - s) / (
                all_information - information - j + others_prior
            )
            excess = r / max(i, _TINY) - before - (s / max(j, _TINY) - others_before)
            if n >= fewest and excess >= floor:
                chance = 1.0 / max(i, _TINY) + 1.0 / max(j, _TINY)
                best[at] = max(best[at], 0.5 * excess * excess / chance)
    return best
