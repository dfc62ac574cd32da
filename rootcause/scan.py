"""The scan: every combination of up to three attribute values, every start day, on small tables.

Rows are counted once per combination by value tuple and time block; a score test of "additional
bad outcomes from that block on" then works on the counts alone. Each row weighs 1 / (p0 (1 - p0)):
without that, slices of rows that seldom end badly would look sharper than they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rootcause.expected import StepRows
from rootcause.exposure import Flags, Floats, Ints

Conditions = tuple[tuple[int, int], ...]
"""Pairs of (attribute, code), sorted by attribute."""

FEWEST_ROWS = 20
SMALLEST_EFFECT = 0.03
MISFIT_LOGITS = 0.1
DRIFT_LOGITS = 0.05
LEVEL_LOGITS = 1.0
ONSETS_IN_EFFECT = 12

_HIGHEST_ORDER = 3
_MOST_BLOCKS = 24
_SHARE_BEFORE = 0.1
_BEST_OF_COMBINATION = 20
_LOWEST_RATE = 0.03
_TINY = 1e-9


@dataclass(frozen=True)
class Candidate:
    """A slice of one step that may hold an excess.

    ``score``: log-likelihood ratio - log(number of slices of that order).
    """

    step: int
    conditions: Conditions
    score: float


@dataclass(frozen=True)
class Scanned:
    """What a scan found and how far it looked.

    ``slices``: how many were looked at, by order from 1 on; ``blocks``: at how many start days;
    ``errors``: standard error of the excess of each single value in the last third of the log.
    """

    candidates: tuple[Candidate, ...]
    slices: tuple[int, ...]
    blocks: int
    errors: Floats


@dataclass(frozen=True)
class _Counts:
    """Sums per slice and block, shape (n_slices, n_blocks): rows, residuals, information."""

    rows: Floats
    residual: Floats
    information: Floats


def scan(rows: StepRows, expected: Floats, *, most: int = 60) -> Scanned:
    """Return the most promising slices of one step, best first."""
    block, n_blocks, first_onset = blocks_of(rows.day)
    rate = np.clip(expected, _LOWEST_RATE, 1 - _LOWEST_RATE)
    weight = 1.0 / (rate * (1.0 - rate))
    weighted = (np.ones(len(rows)), weight * (rows.bad - expected), weight)
    everyone = np.zeros(len(rows), dtype=np.int64)
    whole = _count(everyone, block, weighted, (1, n_blocks))
    slices = [0] * _HIGHEST_ORDER
    found: list[Candidate] = []
    errors: list[Floats] = []
    for attributes, codes, kept, ids in slices_of(rows):
        order = len(attributes)
        counts = _count(ids, block[kept], tuple(w[kept] for w in weighted), (len(codes), n_blocks))
        slices[order - 1] += len(codes)
        ratio = _log_likelihood_ratio(counts, whole)[:, first_onset:]
        best = ratio.max(axis=1, initial=0.0)
        found += [
            Candidate(rows.step, tuple(zip(attributes, map(int, codes[i]), strict=True)), best[i])
            for i in np.argsort(-best, kind="stable")[:_BEST_OF_COMBINATION]
            if best[i] > 0
        ]
        if order == 1:
            errors.append(_late_errors(counts, whole))
    penalised = (
        Candidate(c.step, c.conditions, c.score - float(np.log(slices[len(c.conditions) - 1])))
        for c in found
    )
    ranked = sorted(penalised, key=lambda candidate: (-candidate.score, candidate.conditions))
    known = np.concatenate([*errors, np.empty(0)])
    return Scanned(tuple(ranked[:most]), tuple(slices), n_blocks - first_onset, known)


def blocks_of(day: Ints) -> tuple[Ints, int, int]:
    """Return each row's block of days, the number of blocks and the first that may be an onset."""
    if not len(day):
        return day, 1, 1
    span = int(day.max() - day.min()) + 1
    n_blocks = min(_MOST_BLOCKS, span)
    block = (day - day.min()) * n_blocks // span
    return block, n_blocks, min(max(1, int(np.ceil(_SHARE_BEFORE * n_blocks))), n_blocks)


def members(rows: StepRows, conditions: Conditions) -> Flags:
    """Return which rows meet all conditions, shape (n,)."""
    met = np.ones(len(rows), dtype=np.bool_)
    for attribute, code in conditions:
        met &= rows.codes[:, attribute] == code
    return met


def tally(cell: Ints, weight: Floats, shape: tuple[int, int]) -> Floats:
    """Return the sum of weights per cell, as a table of the shape."""
    sums = np.bincount(cell, weight, shape[0] * shape[1])
    return np.asarray(sums.reshape(shape), dtype=np.float64)


def slices_of(rows: StepRows) -> Iterator[tuple[tuple[int, ...], Ints, Ints, Ints]]:
    """Yield per combination of attributes its slices that are large enough to say anything.

    Yields (attributes, codes of shape (n_slices, order), the rows inside any slice, the slice of
    each of these rows). A slice with the same rows as one of fewer conditions is not one more.
    """
    parents: dict[tuple[int, ...], tuple[Ints, Ints, Ints]] = {
        (): (np.empty((1, 0), dtype=np.int64), np.arange(len(rows)), np.zeros(len(rows), np.int64))
    }
    for order in range(1, _HIGHEST_ORDER + 1):
        grown: dict[tuple[int, ...], tuple[Ints, Ints, Ints]] = {}
        for attributes in combinations(range(rows.codes.shape[1]), order):
            parent = parents.get(attributes[:-1])
            if parent is None:
                continue
            codes, kept, ids = _split(rows, parent, attributes[-1])
            if len(codes):
                grown[attributes] = codes, kept, ids
                yield attributes, codes, kept, ids
        parents = grown


def _split(
    rows: StepRows, parent: tuple[Ints, Ints, Ints], attribute: int
) -> tuple[Ints, Ints, Ints]:
    """Return the parent's slices, split by one more attribute."""
    codes, kept, ids = parent
    size = rows.sizes[attribute]
    tuples = ids * size + rows.codes[kept, attribute]
    present, number = np.unique(tuples, return_inverse=True)
    counts = np.bincount(number, minlength=len(present))
    large = counts >= FEWEST_ROWS
    if codes.shape[1]:
        large &= counts < np.bincount(ids, minlength=len(codes))[present // size]
    renumbered = np.where(large, np.cumsum(large) - 1, -1)[number]
    inside = renumbered >= 0
    split = np.column_stack([codes[present[large] // size], present[large] % size])
    return split, kept[inside], renumbered[inside]


def _count(ids: Ints, block: Ints, weighted: tuple[Floats, ...], shape: tuple[int, int]) -> _Counts:
    cell = ids * shape[1] + block
    return _Counts(*(tally(cell, weight, shape) for weight in weighted))


def _log_likelihood_ratio(counts: _Counts, whole: _Counts) -> Floats:
    """Return the score test of an excess from each block on, over the past and over the others."""
    excess, information = _excess_over_past(counts)
    others = _Counts(
        whole.rows - counts.rows,
        whole.residual - counts.residual,
        whole.information - counts.information,
    )
    excess_of_others, information_of_others = _excess_over_past(others)
    excess = excess - excess_of_others
    information = 1.0 / (1.0 / information + 1.0 / information_of_others)
    worth_it = (_from_then_on(counts.rows) >= FEWEST_ROWS) & (excess >= SMALLEST_EFFECT)
    return np.where(worth_it, 0.5 * excess**2 * information, 0.0)


def _excess_over_past(counts: _Counts) -> tuple[Floats, Floats]:
    """Return the excess from each block on over the own level before it, and its information."""
    residual, information = _from_then_on(counts.residual), _from_then_on(counts.information)
    past_residual, past_information = residual[:, :1] - residual, information[:, :1] - information
    usual = (counts.rows.sum(axis=1) / np.maximum(information[:, 0], _TINY))[:, None]
    before = past_residual / (
        past_information + 1.0 / np.maximum(MISFIT_LOGITS * usual, _TINY) ** 2
    )
    return residual / np.maximum(information, _TINY) - before, np.maximum(information, _TINY)


def _from_then_on(table: Floats) -> Floats:
    return np.cumsum(table[:, ::-1], axis=1)[:, ::-1]


def _late_errors(counts: _Counts, whole: _Counts) -> Floats:
    """Return the standard error of each slice's excess, had it begun two thirds into the log."""
    late = counts.rows.shape[1] * 2 // 3
    rows, information = counts.rows[:, late:].sum(axis=1), counts.information[:, late:].sum(axis=1)
    of_others = whole.information[:, late:].sum() - information
    enough = (rows >= FEWEST_ROWS) & (of_others > 0)
    usual = rows[enough] / information[enough]
    chance = 1.0 / information[enough] + 1.0 / of_others[enough]
    return np.asarray(np.sqrt(chance + (MISFIT_LOGITS * usual) ** 2))
