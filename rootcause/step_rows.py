"""The rows of a step: its exposures with a known outcome, those alike counted as one row.

Exposures are alike where attributes, the sides of all thresholds, day and fold of the customer are
the same: nothing that the search asks can tell them apart. The rows stand in an order of their own,
so that it makes no difference in which order, or in how many parts, exposures came; and rows that
were counted apart are counted together as exposures are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rootcause.exposure import Codes, Exposures, Flags, Floats, Ints

_FEW_EXPOSURES = 4_000
MOST_FOLDS = 4
_LARGEST_WORD = 2**62
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class StepRows:
    """The exposures of one step whose outcome is known and not yet explained, alike ones counted.

    ``index`` are rows in the exposures, and ``row`` the row here that each was counted in; where
    exposures are not held, both are empty. All other arrays are of the rows: ``n`` exposures, and
    ``bad`` outcomes among them. ``codes`` has shape (n_rows, n_attributes), ``sizes`` the number of
    codes of each attribute, ``bases`` what it is about: its place among the ``n_whole`` whole
    attributes and, after them, the numbers (thresholds of one number share theirs). ``numbers``:
    the middle of what its exposures have of each number, NaN where it is not known. ``fold`` is by
    customer.
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

    @property
    def none(self) -> "StepRows":
        """The same step without a row."""
        each = {name: getattr(self, name)[:0] for name in ("index", "row", "codes", "numbers")}
        each |= {name: getattr(self, name)[:0] for name in ("day", "n", "bad", "fold")}
        return replace(self, **each)

    def of_exposures(self, flags: Flags) -> Floats:
        """Return per row how many of its exposures are flagged; ``flags``: of all exposures."""
        return np.bincount(self.row, flags[self.index], len(self)).astype(np.float64)


@dataclass(frozen=True)
class Described:
    """What the codes of attributes mean, the same for all steps.

    ``sizes``, ``bases``, ``n_whole``: of `StepRows`.
    """

    sizes: tuple[int, ...]
    bases: tuple[int, ...]
    n_whole: int

    def columns(self, codes: list[Codes]) -> Iterator[tuple[Ints | Codes, int]]:
        """Yield a column for each whole attribute and each number, and how many codes it has.

        ``codes``: of each attribute. Of a number it is how many thresholds lie below; where it is
        missing, twice as many as there are.
        """
        for base in sorted(set(self.bases)):
            of_base = [place for place, one in enumerate(self.bases) if one == base]
            if base < self.n_whole:
                yield codes[of_base[0]], self.sizes[of_base[0]]
            else:
                yield np.sum([codes[place] for place in of_base], axis=0), 2 * len(of_base) + 1

    def codes_of(self, columns: list[Ints]) -> list[Codes]:
        """Return the codes of each attribute from the columns that `columns` yields."""
        given, codes = dict(zip(sorted(set(self.bases)), columns, strict=True)), []
        for place, base in enumerate(self.bases):
            if base < self.n_whole:
                codes.append(given[base].astype(np.int32))
                continue
            nested = [other for other, one in enumerate(self.bases) if one == base]
            above = (given[base] > nested.index(place)).astype(np.int32)
            codes.append(np.where(given[base] == 2 * len(nested), np.int32(2), above))
        return codes


@dataclass(frozen=True)
class Alike:
    """Exposures of one step, or rows of some that are alike; every array has an entry for each.

    ``codes``: of each attribute; ``least``, ``largest``: of each number, shape (n, n_numbers);
    ``n``: how many exposures, and how many of them ended ``bad``. ``apart``: codes that keep some
    from being counted together with others, and how many there are.
    """

    codes: list[Codes]
    least: Floats
    largest: Floats
    day: Ints
    fold: Ints
    n: Floats
    bad: Floats
    apart: tuple[Ints, int] | None = None


def described(exposures: Exposures) -> Described:
    """Return what the codes of the attributes of exposures mean."""
    whole = [name for name in exposures.attributes if name not in exposures.numeric]
    places = [*whole, *exposures.numeric]
    return Described(
        sizes=tuple(map(len, exposures.names)),
        bases=tuple(map(places.index, exposures.attributes)),
        n_whole=len(whole),
    )


def rows_of_step(
    exposures: Exposures, step: int, *, explained: Flags, seed: int, apart: Flags | None = None
) -> StepRows:
    """Return the exposures of a step with a known outcome, without those already explained.

    ``apart``: exposures that are not counted together with others, shape (n,).
    """
    index = np.flatnonzero((exposures.step == step) & ~np.isnan(exposures.bad) & ~explained)
    given = alike_at(exposures, index, n_folds=folds_of(len(index)), seed=seed)
    if apart is not None:
        given = replace(given, apart=(apart[index].astype(np.int64), 2))
    about = described(exposures)
    rows, order, row = counted_together(given, about)
    return step_rows(step, rows, about, placed=(index[order], row))


def alike_at(exposures: Exposures, index: Ints, *, n_folds: int, seed: int) -> Alike:
    """Return some exposures as they are counted; ``index``: which, all of one step."""
    numbers = exposures.numbers[index]
    return Alike(
        codes=[exposures.codes[index, place] for place in range(len(exposures.names))],
        least=numbers,
        largest=numbers,
        day=exposures.day[index],
        fold=customer_fold(exposures.turn[index], n_folds, seed),
        n=np.ones(len(index)),
        bad=exposures.bad[index],
    )


def step_rows(
    step: int, rows: Alike, about: Described, *, placed: tuple[Ints, Ints] | None = None
) -> StepRows:
    """Return rows of `counted_together` as those of a step; ``placed``: index and row."""
    none = np.empty(0, dtype=np.int64)
    index, row = (none, none) if placed is None else placed
    codes = np.array(rows.codes, dtype=np.int32).reshape(len(rows.codes), len(rows.day)).T
    return StepRows(
        step=step,
        index=index,
        row=row,
        codes=codes,
        sizes=about.sizes,
        bases=about.bases,
        n_whole=about.n_whole,
        numbers=rows.least + (rows.largest - rows.least) / 2.0,
        day=rows.day,
        n=rows.n,
        bad=rows.bad,
        fold=rows.fold,
    )


def folds_of(exposures: int) -> int:
    """Return into how many folds so many exposures of a step are parted."""
    return MOST_FOLDS if exposures < _FEW_EXPOSURES else 2


def customer_fold(customer: Ints, n_folds: int, seed: int) -> Ints:
    """Return a fold per row, the same for all rows of a customer, shape (n,).

    ``customer``: a number of the customer. Of numbers in a row, as many come into each fold.
    """
    mixed = (customer.astype(np.uint64) + np.uint64(seed)) * _GOLDEN
    return ((mixed >> np.uint64(33)) % np.uint64(n_folds)).astype(np.int64)


def counted_together(given: Alike, about: Described) -> tuple[Alike, Ints, Ints]:
    """Return the rows of those alike, an order of the given ones, and the row of each in it."""
    order, row = _alike(_told_apart_by(given, about))
    firsts = np.flatnonzero(np.diff(row, prepend=-1))
    one_each, n_rows = order[firsts], len(firsts)
    rows = Alike(
        codes=[each[one_each] for each in given.codes],
        least=_of_each(np.minimum, given.least[order], firsts),
        largest=_of_each(np.maximum, given.largest[order], firsts),
        day=given.day[one_each],
        fold=given.fold[one_each],
        n=np.bincount(row, given.n[order], n_rows).astype(np.float64),
        bad=np.bincount(row, given.bad[order], n_rows).astype(np.float64),
    )
    return rows, order, row


def mixed(words: list[Ints]) -> NDArray[np.uint64]:
    """Return a hash of what stands in all words, shape (n,)."""
    found = np.zeros(len(words[0]), dtype=np.uint64)
    for word in words:
        found = (found ^ word.astype(np.uint64)) * _GOLDEN
        found ^= found >> np.uint64(29)
    return found * _GOLDEN


def rows_of(given: Alike, rows: StepRows) -> Ints:
    """Return the row that each of some exposures is counted in, or -1, shape (n,).

    ``given``: with as many folds as the rows have.
    """
    about, n_rows = Described(rows.sizes, rows.bases, rows.n_whole), len(rows)
    both = Alike(
        codes=[np.append(own, other) for own, other in zip(rows.codes.T, given.codes, strict=True)],
        least=given.least,
        largest=given.largest,
        day=np.append(rows.day, given.day),
        fold=np.append(rows.fold, given.fold),
        n=given.n,
        bad=given.bad,
    )
    order, number = _alike(_told_apart_by(both, about))
    group = np.empty(len(order), dtype=np.int64)
    group[order] = number
    row_of = np.full(len(order), -1, dtype=np.int64)
    row_of[group[:n_rows]] = np.arange(n_rows)
    return row_of[group[n_rows:]]


def _told_apart_by(given: Alike, about: Described) -> list[tuple[Ints | Codes, int]]:
    day, first = given.day, int(given.day.min(initial=0))
    folds = int(given.fold.max(initial=0)) + 1
    key: list[tuple[Ints | Codes, int]] = [(given.fold, MOST_FOLDS if folds > 2 else 2)]
    key.append((day - first, int(day.max(initial=0)) - first + 1))
    return [*about.columns(given.codes), *key, *([given.apart] if given.apart else [])]


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
    order = np.argsort(mixed(words))
    another = np.zeros(max(len(order) - 1, 0), dtype=np.bool_)
    for word in words:
        another |= np.diff(word[order]) != 0
    return order, np.concatenate([np.zeros(min(len(order), 1), dtype=np.int64), np.cumsum(another)])


def _of_each(least_or_largest: np.ufunc, numbers: Floats, firsts: Ints) -> Floats:
    """Return the least, or the largest, of each row's numbers, shape (n_rows, width).

    Not their mean, whose last bits would depend on the order of the exposures.
    """
    if not len(firsts):
        return numbers[:0]
    return np.asarray(least_or_largest.reduceat(numbers, firsts))
