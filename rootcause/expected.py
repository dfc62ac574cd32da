"""The expected rate: how often the bad outcome follows a step for reasons that are not news.

Trees on attributes and time, predicted out of fold. Time may act on everybody but never meets an
attribute on one path, so what changes *for one value only* stays in the residual. An attribute with
values born inside the log (a new release) is left out, or the model would learn the fault.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.trees import TreeSettings, cross_fitted_probability
from rootcause.exposure import Codes, Flags, Floats, Ints
from rootcause.step_rows import StepRows

_MOST_VALUES = 60
_MIN_LEAF = 40
_BORN_AFTER_DAYS = 4
_SURELY_ABSENT = 6.0


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
        min_leaf=leaf_of(rows, _MIN_LEAF),
        seed=seed,
        threads=1,
        feature_share=1.0,
        interaction_groups=tuple(group for group in groups if group),
    )
    return cross_fitted_probability(
        X,
        rows.bad / rows.n,
        rows.fold,
        settings=settings,
        categorical=range(len(kept)),
        weight=weights_of(rows, left_out),
    )


def weights_of(rows: StepRows, left_out: Flags | None = None) -> Floats | None:
    """Return what each row weighs, nothing if it is left out; None where all weigh one."""
    if left_out is not None:
        return np.where(left_out, 0.0, rows.n)
    return rows.n if rows.total > len(rows) else None


def leaf_of(rows: StepRows, exposures: int) -> int:
    """Return how many rows a leaf of so many exposures has: trees count rows."""
    return max(1, round(exposures * len(rows) / max(rows.total, 1)))


def features_of(rows: StepRows, attributes: Sequence[int]) -> NDArray[np.float32]:
    """Return what rates are expected from: codes of attributes, numbers, day and weekday."""
    what = [_few_codes(rows.codes[:, a], rows.n) for a in attributes]
    when = [rows.day - rows.day.min(), rows.day % 7]
    return np.column_stack([*what, rows.numbers, *when]).astype(np.float32)


def has_newborn_value(rows: StepRows, attribute: int) -> bool:
    """Whether a value first appears well inside the log, though it is too common to be chance."""
    if not len(rows):
        return False
    codes, size = rows.codes[:, attribute], rows.sizes[attribute]
    start, end = rows.day.min(), rows.day.max()
    first = np.full(size, end + 1)
    np.minimum.at(first, codes, rows.day)
    count = np.bincount(codes, rows.n, size)
    late = first - start > _BORN_AFTER_DAYS
    rate_a_day = count / np.maximum(end - first + 1, 1)
    of_day = np.bincount(rows.day - start, rows.n, end - start + 2)
    rows_before = np.concatenate([[0.0], np.cumsum(of_day)])[first - start]
    share = rate_a_day * (end - start + 1) / rows.total
    return bool((late & (count > 0) & (share * rows_before > _SURELY_ABSENT)).any())


def _few_codes(codes: Codes, n: Floats) -> Ints | Codes:
    """Return the codes with all but the most common gathered into one."""
    counts = np.bincount(codes, n)
    if len(counts) <= _MOST_VALUES:
        return codes
    common = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    number = np.full(len(counts), _MOST_VALUES, dtype=np.int64)
    number[common] = np.arange(_MOST_VALUES)
    return number[codes]
