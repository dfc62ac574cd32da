"""The scan: every combination of up to three attribute values, every start day, on small tables.

Rows are counted once per combination by values and time block; a score test of "additional bad
outcomes from that block on" then works on the counts alone. Each row weighs 1 / (p0 (1 - p0)):
without that, conjunctions of rows that seldom end badly would look sharper than they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rootcause.count import Numbers, best_ratios, split, summed
from rootcause.exposure import Codes, Floats, Ints
from rootcause.step_rows import StepRows
from rootcause.tally import Conditions

FEWEST_ROWS = 20
SMALLEST_EFFECT = 0.03
MISFIT_LOGITS = 0.1
DRIFT_LOGITS = 0.05
LEVEL_LOGITS = 0.6
ONSETS_IN_EFFECT = 12
HIGHEST_ORDER = 3

_MOST_BLOCKS = 24
_SHARE_BEFORE = 0.1
_BEST_OF_COMBINATION = 20
_LOWEST_RATE = 0.03
_TINY = 1e-9
_MOST_IN_INT32 = 2**31


@dataclass(frozen=True)
class Candidate:
    """A conjunction at one step that may hold an excess.

    ``score``: log-likelihood ratio - log(number of conjunctions of that order).
    """

    step: int
    conditions: Conditions
    score: float


@dataclass(frozen=True)
class Scanned:
    """What a scan found and how far it looked.

    ``slices``: how many conjunctions were looked at, by order from 1 on; ``blocks``: at how many
    start days; ``errors``: of the excess of each single value in the last third of the log, the
    standard error by chance and that by the usual misfit allowance, shape (n, 2).
    """

    candidates: tuple[Candidate, ...]
    slices: tuple[int, ...]
    blocks: int
    errors: Floats


@dataclass(frozen=True)
class _Group:
    """The conjunctions of some attributes that are large enough to say anything.

    ``codes``: shape (n_conjunctions, order); ``number``: that of each row's conjunction, or -1.
    """

    attributes: tuple[int, ...]
    codes: Ints
    number: Codes


@dataclass
class _Seen:
    """What the scan has seen so far."""

    slices: list[int] = field(default_factory=lambda: [0] * HIGHEST_ORDER)
    found: list[tuple[Conditions, float]] = field(default_factory=list)
    errors: list[Floats] = field(default_factory=list)


def scan(rows: StepRows, expected: Floats, *, most: int = 60) -> Scanned:
    """Return the most promising conjunctions of one step, best first."""
    block, n_blocks, first_onset = blocks_of(rows.day)
    weighted = weighted_residuals(rows, expected)
    block = block.astype(np.int32)
    whole = summed(np.zeros(len(rows), dtype=np.int32), 1, block, n_blocks, weighted)[0]
    seen = _Seen()
    for group in groups_of(rows):
        sums = summed(group.number, len(group.codes), block, n_blocks, weighted)
        ratios = best_ratios(sums, whole, first_onset, FEWEST_ROWS, SMALLEST_EFFECT, MISFIT_LOGITS)
        seen.slices[len(group.attributes) - 1] += len(group.codes)
        seen.found += _best_of(group, ratios)
        if len(group.attributes) == 1:
            seen.errors.append(_late_errors(sums, whole))
    penalties = [float(np.log(max(number, 1))) for number in seen.slices]
    candidates = (
        Candidate(rows.step, conditions, ratio - penalties[len(conditions) - 1])
        for conditions, ratio in seen.found
    )
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, candidate.conditions))
    known = np.concatenate([*seen.errors, np.empty((0, 2))])
    return Scanned(tuple(ranked[:most]), tuple(seen.slices), n_blocks - first_onset, known)


def weighted_residuals(rows: StepRows, expected: Floats) -> Floats:
    """Return exposures, residual and weight of each row, shape (n_rows, 3).

    An exposure weighs 1 / (p (1 - p)).
    """
    rate = np.clip(expected, _LOWEST_RATE, 1 - _LOWEST_RATE)
    weight = 1.0 / (rate * (1.0 - rate))
    return np.column_stack([rows.n, weight * (rows.bad - rows.n * expected), weight * rows.n])


def blocks_of(day: Ints) -> tuple[Ints, int, int]:
    """Return each row's block of days, the number of blocks and the first that may be an onset."""
    if not len(day):
        return day, 1, 1
    span = int(day.max() - day.min()) + 1
    n_blocks = min(_MOST_BLOCKS, span)
    block = (day - day.min()) * n_blocks // span
    return block, n_blocks, min(max(1, int(np.ceil(_SHARE_BEFORE * n_blocks))), n_blocks)


def conjunctions_of(rows: StepRows) -> tuple[int, ...]:
    """Return how many conjunctions `scan` looks at, by order from 1 on, without looking."""
    slices = [0] * HIGHEST_ORDER
    for group in groups_of(rows):
        slices[len(group.attributes) - 1] += len(group.codes)
    return tuple(slices)


def groups_of(rows: StepRows, *, highest_order: int = HIGHEST_ORDER) -> Iterator[_Group]:
    """Yield per combination of attributes its conjunctions that are large enough.

    A conjunction with the same rows as one of fewer conditions is not one more. Two thresholds of
    one number never stand together.
    """
    everyone = _Group((), np.empty((1, 0), dtype=np.int64), np.zeros(len(rows), dtype=np.int32))
    columns = [np.ascontiguousarray(rows.codes[:, place]) for place in range(len(rows.sizes))]
    few = rows.total < _MOST_IN_INT32
    n: Numbers = rows.n.astype(np.int32) if few else rows.n.astype(np.int64)
    singles = [
        _grown(everyone, attribute, (np.arange(size), columns[attribute]), n)
        for attribute, size in enumerate(rows.sizes)
    ]
    yield from _with_more(everyone, singles, (rows.bases, n), highest_order)


def _with_more(
    group: _Group, singles: list[_Group], of: tuple[tuple[int, ...], Numbers], highest_order: int
) -> Iterator[_Group]:
    """Yield the conjunctions of a group with every later attribute, and theirs in turn.

    ``of``: what each attribute is about, and how many exposures each row stands for.
    """
    bases, n = of
    after = group.attributes[-1] + 1 if group.attributes else 0
    taken = {bases[attribute] for attribute in group.attributes}
    for attribute in range(after, len(singles)):
        if bases[attribute] in taken:
            continue
        single = singles[attribute]
        grown = (
            _grown(group, attribute, (single.codes[:, 0], single.number), n)
            if group.attributes
            else single
        )
        if not len(grown.codes):
            continue
        yield grown
        if len(grown.attributes) < highest_order:
            yield from _with_more(grown, singles, of, highest_order)


def _grown(group: _Group, attribute: int, by: tuple[Ints, Codes], n: Numbers) -> _Group:
    """Return the group's conjunctions, split by one more attribute: its codes, and its column."""
    codes, column = by
    size = max(len(codes), 1)
    part, pairs = split(group.number, len(group.codes), column, size, n, FEWEST_ROWS)
    split_codes = np.column_stack([group.codes[pairs // size], codes[pairs % size]])
    return _Group((*group.attributes, attribute), split_codes, part)


def _best_of(group: _Group, ratios: Floats) -> list[tuple[Conditions, float]]:
    best = np.argsort(-ratios, kind="stable")[:_BEST_OF_COMBINATION]
    return [
        (tuple(zip(group.attributes, map(int, group.codes[i]), strict=True)), float(ratios[i]))
        for i in best
        if ratios[i] > 0
    ]


def _late_errors(sums: Floats, whole: Floats) -> Floats:
    """Return the standard errors of each single value's excess, had it begun late in the log."""
    late = len(whole) * 2 // 3
    rows, information = sums[:, late:, 0].sum(axis=1), sums[:, late:, 2].sum(axis=1)
    of_others = whole[late:, 2].sum() - information
    enough = (rows >= FEWEST_ROWS) & (of_others > 0)
    usual = rows[enough] / information[enough]
    chance = 1.0 / information[enough] + 1.0 / of_others[enough]
    return np.column_stack([np.sqrt(chance), MISFIT_LOGITS * usual])
