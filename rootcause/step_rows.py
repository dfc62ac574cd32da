"""The rows of a step: its exposures with a known outcome, those alike counted as one row.

Exposures are alike where attributes, the sides of all thresholds, day and fold of the customer are
the same: nothing that the search asks can tell them apart. The rows stand in an order of their own,
so that it makes no difference in which order, or in how many parts, exposures came.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rootcause.exposure import Codes, Exposures, Flags, Floats, Ints

_FEW_EXPOSURES = 4_000
_LARGEST_WORD = 2**62
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class StepRows:
    """The exposures of one step whose outcome is known and not yet explained, alike ones counted.

    ``index`` are rows in the exposures, and ``row`` the row here that each was counted in; all
    other arrays are of the rows: ``n`` exposures, and ``bad`` outcomes among them. ``codes`` has
    shape (n_rows, n_attributes), ``sizes`` the number of codes of each attribute, ``bases`` what it
    is about: its place among the ``n_whole`` whole attributes and, after them, the numbers
    (thresholds of one number share theirs). ``numbers``: the middle of what its exposures have of
    each number, NaN where it is not known. ``fold`` is by customer.
    """

    step: int
    index: Ints
    row: Ints
    codes: Codes
    sizes: tuple[int, ...]
    bases: tuple[int, ...]
    n_whole: int
    numbers: Floats
    day: Ints
    n: Floats
    bad: Floats
    fold: Ints

    def __len__(self) -> int:
        return len(self.day)

    @property
    def total(self) -> int:
        """The number of exposures."""
        return round(float(self.n.sum()))

    def of_exposures(self, flags: Flags) -> Floats:
        """Return per row how many of its exposures are flagged; ``flags``: of all exposures."""
        return np.bincount(self.row, flags[self.index], len(self)).astype(np.float64)


def rows_of_step(
    exposures: Exposures, step: int, *, explained: Flags, seed: int, apart: Flags | None = None
) -> StepRows:
    """Return the exposures of a step with a known outcome, without those already explained.

    ``apart``: exposures that are not counted together with others, shape (n,).
    """
    index = np.flatnonzero((exposures.step == step) & ~np.isnan(exposures.bad) & ~explained)
    n_folds = 4 if len(index) < _FEW_EXPOSURES else 2
    whole = [name for name in exposures.attributes if name not in exposures.numeric]
    places = [*whole, *exposures.numeric]
    bases = tuple(map(places.index, exposures.attributes))
    sizes = tuple(len(names) for names in exposures.names)
    fold, day = customer_fold(exposures.turn[index], n_folds, seed), exposures.day[index]
    told = [exposures.codes[index, place] for place in range(len(sizes))]
    first = int(day.min(initial=0))
    key = [(fold, n_folds), (day - first, int(day.max(initial=0)) - first + 1)]
    key += [] if apart is None else [(apart[index].astype(np.int64), 2)]
    order, row = _alike([*_by_base(told, sizes, bases, len(whole)), *key])
    firsts = np.flatnonzero(np.diff(row, prepend=-1))
    index, one_each, n_rows = index[order], order[firsts], len(firsts)
    codes = np.array([each[one_each] for each in told], dtype=np.int32)
    codes = codes.reshape(len(told), n_rows).T
    return StepRows(
        step=step,
        index=index,
        row=row,
        codes=codes,
        sizes=sizes,
        bases=bases,
        n_whole=len(whole),
        numbers=_middles(exposures.numbers[index], firsts),
        day=day[one_each],
        n=np.bincount(row, minlength=n_rows).astype(np.float64),
        bad=np.bincount(row, exposures.bad[index], n_rows).astype(np.float64),
        fold=fold[one_each],
    )


def customer_fold(customer: Ints, n_folds: int, seed: int) -> Ints:
    """Return a fold per row, the same for all rows of a customer, shape (n,).

    ``customer``: a number of the customer. Of numbers in a row, as many come into each fold.
    """
    mixed = (customer.astype(np.uint64) + np.uint64(seed)) * _GOLDEN
    return ((mixed >> np.uint64(33)) % np.uint64(n_folds)).astype(np.int64)


def _alike(columns: list[tuple[Ints | Codes, int]]) -> tuple[Ints, Ints]:
    """Return an order in which those alike in all columns stand together, and numbers of them.

    Ordered by a hash: rows that resemble their neighbours would be counted more slowly, because a
    counter has to wait for the one before.

    ``columns``: codes from 0 on, and how many there are. The numbers are in that order.
    """
    words, room = [np.zeros(len(columns[0][0]), dtype=np.int64)], _LARGEST_WORD
    for codes, size in columns:
        if size > room:
            words.append(np.zeros_like(words[0]))
            room = _LARGEST_WORD
        words[-1] = words[-1] * size + codes
        room //= size
    order = np.argsort(_mixed(words))
    another = np.zeros(max(len(order) - 1, 0), dtype=np.bool_)
    for word in words:
        another |= np.diff(word[order]) != 0
    return order, np.concatenate([np.zeros(min(len(order), 1), dtype=np.int64), np.cumsum(another)])


def _mixed(words: list[Ints]) -> NDArray[np.uint64]:
    mixed = np.zeros(len(words[0]), dtype=np.uint64)
    for word in words:
        mixed = (mixed ^ word.astype(np.uint64)) * _GOLDEN
        mixed ^= mixed >> np.uint64(29)
    return mixed * _GOLDEN


def _by_base(
    told: list[Codes], sizes: tuple[int, ...], bases: tuple[int, ...], n_whole: int
) -> Iterator[tuple[Ints | Codes, int]]:
    """Yield a column for each whole attribute and each number, and how many codes it has."""
    for base in sorted(set(bases)):
        of_base = [place for place, one in enumerate(bases) if one == base]
        if base < n_whole:
            yield told[of_base[0]], sizes[of_base[0]]
        else:  # the sides of nested thresholds: how many lie below; where it is missing, all are 2
            yield np.sum([told[place] for place in of_base], axis=0), 2 * len(of_base) + 1


def _middles(numbers: Floats, firsts: Ints) -> Floats:
    """Return the middle between least and largest of each row's numbers, shape (n_rows, width).

    Not their mean, whose last bits would depend on the order of the exposures.
    """
    if not len(firsts):
        return numbers[:0]
    least, largest = (each.reduceat(numbers, firsts) for each in (np.minimum, np.maximum))
    return np.asarray(least + (largest - least) / 2.0)
