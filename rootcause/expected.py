"""The expected rate: how often the bad outcome follows a step for reasons that are not news.

Trees on attributes and time, predicted out of fold. Time may act on everybody but never meets an
attribute on one path, so what changes *for one value only* stays in the residual. An attribute with
values born inside the log (a new release) is left out, or the model would learn the fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.trees import TreeSettings, cross_fitted_probability
from rootcause.exposure import Codes, Exposures, Flags, Floats, Ints

_MOST_VALUES = 60
_FEW_ROWS = 4_000
_BORN_AFTER_DAYS = 4
_SURELY_ABSENT = 6.0


@dataclass(frozen=True)
class StepRows:
    """The exposures of one step whose outcome is known and not yet explained.

    ``index`` are rows in the exposures; the other arrays are theirs. ``codes`` has shape
    (n, n_attributes), ``sizes`` the number of codes of each attribute, ``bases`` what it
    is about: its place among the ``n_whole`` whole attributes and, after them, the numbers
    (thresholds of one number share theirs), ``fold`` is by customer.
    """

    step: int
    index: Ints
    codes: Codes
    sizes: tuple[int, ...]
    bases: tuple[int, ...]
    n_whole: int
    numbers: Floats
    day: Ints
    bad: Floats
    fold: Ints

    def __len__(self) -> int:
        return len(self.index)


def rows_of_step(exposures: Exposures, step: int, *, explained: Flags, seed: int) -> StepRows:
    """Return the exposures of a step with a known outcome, without those already explained."""
    index = np.flatnonzero((exposures.step == step) & ~np.isnan(exposures.bad) & ~explained)
    n_folds = 4 if len(index) < _FEW_ROWS else 2
    whole = [name for name in exposures.attributes if name not in exposures.numeric]
    places = [*whole, *exposures.numeric]
    return StepRows(
        step=step,
        index=index,
        codes=np.asfortranarray(exposures.codes[index]),
        sizes=tuple(len(names) for names in exposures.names),
        bases=tuple(map(places.index, exposures.attributes)),
        n_whole=len(whole),
        numbers=exposures.numbers[index],
        day=exposures.day[index],
        bad=exposures.bad[index],
        fold=customer_fold(exposures.customer[index], n_folds, seed),
    )


def expected_rate(rows: StepRows, *, seed: int, left_out: Flags | None = None) -> Floats:
    """Return the expected rate of each row, shape (n,).

    ``left_out`` rows are not learnt from: those of a candidate, whose excess must not become what
    is expected.
    """
    kept = [a for a in range(rows.n_whole) if not has_newborn_value(rows, a)]
    X = features_of(rows, kept)
    n_what = X.shape[1] - 2
    groups = (tuple(range(n_what)), (n_what, n_what + 1))
    settings = TreeSettings(
        trees=90,
        leaves=12,
        learning_rate=0.07,
        min_leaf=40,
        seed=seed,
        threads=1,
        feature_share=1.0,
        interaction_groups=tuple(group for group in groups if group),
    )
    return cross_fitted_probability(
        X,
        rows.bad,
        rows.fold,
        settings=settings,
        categorical=range(len(kept)),
        weight=None if left_out is None else np.where(left_out, 0.0, 1.0),
    )


def features_of(rows: StepRows, attributes: Sequence[int]) -> NDArray[np.float32]:
    """Return what rates are expected from: codes of attributes, numbers, day and weekday."""
    what = [_few_codes(rows.codes[:, a]) for a in attributes]
    when = [rows.day - rows.day.min(), rows.day % 7]
    return np.column_stack([*what, rows.numbers, *when]).astype(np.float32)


def customer_fold(customer: Ints, n_folds: int, seed: int) -> Ints:
    """Return a fold per row, the same for all rows of a customer, shape (n,)."""
    mixed = (customer.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(n_folds)).astype(np.int64)


def has_newborn_value(rows: StepRows, attribute: int) -> bool:
    """Whether a value first appears well inside the log, though it is too common to be chance."""
    if not len(rows):
        return False
    codes, size = rows.codes[:, attribute], rows.sizes[attribute]
    start, end = rows.day.min(), rows.day.max()
    first = np.full(size, end + 1)
    np.minimum.at(first, codes, rows.day)
    count = np.bincount(codes, minlength=size)
    late = first - start > _BORN_AFTER_DAYS
    rate_a_day = count / np.maximum(end - first + 1, 1)
    rows_before = np.searchsorted(np.sort(rows.day), first)
    share = rate_a_day * (end - start + 1) / len(rows)
    return bool((late & (count > 0) & (share * rows_before > _SURELY_ABSENT)).any())


def _few_codes(codes: Codes) -> Ints | Codes:
    """Return the codes with all but the most common gathered into one."""
    counts = np.bincount(codes)
    if len(counts) <= _MOST_VALUES:
        return codes
    common = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    number = np.full(len(counts), _MOST_VALUES, dtype=np.int64)
    number[common] = np.arange(_MOST_VALUES)
    return number[codes]
