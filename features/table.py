"""The feature table: one row per sample, by the one kernel; then what was known of others."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.encode import encode
from features.kernel import fold
from features.others import coded_log, write_others
from features.plan import Plan
from journeys.find import STATES, end_times
from journeys.log import EventLog, microseconds

Progress = Callable[[str, float], None]
Rows = NDArray[np.int64]
Table = NDArray[np.float32]
Fill = Callable[[Table], None]

# Rows of one call of the kernel: few enough that they stay in the processor's cache.
_PART = 4_096


def table(
    log: EventLog,
    journeys: pd.DataFrame,
    samples: pd.DataFrame,
    plan: Plan,
    *,
    progress: Progress | None = None,
) -> Table:
    """Return the features of every sample, shape (n_samples, n_features), float32.

    Parameters
    ----------
    log, journeys, samples : from one log, in the order in which `journeys` makes them
    progress : called with a label and the share done

    Returns
    -------
    float32 matrix; column i is ``plan.features[i]``; NaN means *nothing known*
    """
    out = np.empty((len(samples), len(plan.features)), dtype=np.float32)
    for rows, fill in _parts(log, journeys, samples, plan, _PART):
        fill(out[rows])
        if progress is not None:
            progress("features", rows.stop / max(len(samples), 1))
    return out


def tables(
    log: EventLog,
    journeys: pd.DataFrame,
    samples: pd.DataFrame,
    plan: Plan,
    *,
    part: int = _PART,
) -> Iterator[tuple[slice, Table]]:
    """Yield the table in parts of about ``part`` rows, in one buffer that is written over.

    Use it where the whole table need not stand in memory; copy what you keep.  A part holds whole
    customers, so it may be longer.
    """
    buffer = np.empty((0, len(plan.features)), dtype=np.float32)
    for rows, fill in _parts(log, journeys, samples, plan, part):
        length = rows.stop - rows.start
        if length > len(buffer):
            buffer = np.empty((length, len(plan.features)), dtype=np.float32)
        fill(buffer[:length])
        yield rows, buffer[:length]


def _parts(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, plan: Plan, size: int
) -> Iterator[tuple[slice, Fill]]:
    """Yield ranges of samples, each with the function that fills their rows."""
    events, ended, asked = encode(log, plan), _ended(journeys), _asked(samples)
    others = coded_log(log, plan)
    for customers, rows in _customer_ranges(events.offsets, asked[0], size):
        offsets = events.offsets[customers.start : customers.stop + 1]
        theirs = slice(*np.searchsorted(ended[0], offsets[[0, -1]]))
        begun, requests = ended[0][theirs], (asked[0][rows], asked[1][rows])
        own = partial(
            fold,
            (plan.table, plan.initial, np.empty_like(plan.initial)),
            (events.times, events.codes, events.numbers, offsets),
            (begun, ended[1][theirs], ended[2][theirs]),
            requests,
        )
        yield (
            rows,
            partial(
                _fill, own, partial(write_others, plan, others, (offsets[:-1], begun), requests)
            ),
        )


def _fill(write_own: Fill, write_around: Fill, out: Table) -> None:
    write_own(out)
    write_around(out)


def _ended(journeys: pd.DataFrame) -> tuple[Rows, Rows, Rows]:
    """Return first row, end time and state code of each journey."""
    states = journeys["state"].cat.set_categories(list(STATES)).cat.codes.to_numpy()
    return _integers(journeys["first"]), end_times(journeys), states.astype(np.int64)


def _asked(samples: pd.DataFrame) -> tuple[Rows, Rows]:
    """Return the row of the last event seen and the cutoff of each sample."""
    seen, cutoffs = _integers(samples["seen"]), microseconds(samples["cutoff"])
    step = np.diff(seen)
    if (step < 0).any() or (np.diff(cutoffs)[step == 0] < 0).any():
        raise ValueError(
            "The samples are not sorted by (seen, cutoff), as `samples_of` makes them."
        )
    return seen, cutoffs


def _integers(column: pd.Series) -> Rows:
    # A copy, because pandas gives a read-only view, and the kernel would be compiled again for it.
    return column.to_numpy(dtype=np.int64, copy=True)


def _customer_ranges(offsets: Rows, seen: Rows, size: int) -> Iterator[tuple[slice, slice]]:
    """Yield ranges of whole customers with about ``size`` samples each, and their samples."""
    first_sample = np.searchsorted(seen, offsets)
    customer, n_customers = 0, len(offsets) - 1
    while customer < n_customers:
        wanted = first_sample[customer] + size
        after = int(np.searchsorted(first_sample, wanted, side="right")) - 1
        after = min(max(after, customer + 1), n_customers)
        yield slice(customer, after), slice(int(first_sample[customer]), int(first_sample[after]))
        customer = after
