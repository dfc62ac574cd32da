"""The feature table: one row per sample, by the one kernel."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.encode import EncodedEvents, encode
from features.kernel import fold
from features.plan import Plan
from journeys.find import STATES, end_times
from journeys.log import EventLog, microseconds

Progress = Callable[[str, float], None]
Table = NDArray[np.float32]

_CHUNK = 65_536


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
    for rows, part in _chunks(log, journeys, samples, plan, into=out):
        del part
        if progress is not None:
            progress("features", rows.stop / max(len(samples), 1))
    return out


def tables(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, plan: Plan
) -> Iterator[tuple[slice, Table]]:
    """Yield the table in parts of about 65,000 rows, in one buffer that is written over.

    Use it where the whole table need not stand in memory; copy what you keep.
    """
    yield from _chunks(log, journeys, samples, plan, into=None)


def _chunks(
    log: EventLog,
    journeys: pd.DataFrame,
    samples: pd.DataFrame,
    plan: Plan,
    *,
    into: Table | None,
) -> Iterator[tuple[slice, Table]]:
    events = encode(log, plan)
    ended = (
        journeys["first"].to_numpy(),
        end_times(journeys),
        journeys["state"].cat.set_categories(list(STATES)).cat.codes.to_numpy().astype(np.int64),
    )
    seen, cutoffs = samples["seen"].to_numpy(), microseconds(samples["cutoff"])
    buffer = np.empty((0, len(plan.features)), dtype=np.float32)
    for customers, rows in _customer_ranges(events.offsets, seen):
        if into is None and rows.stop - rows.start > len(buffer):
            buffer = np.empty((rows.stop - rows.start, len(plan.features)), dtype=np.float32)
        part = into[rows] if into is not None else buffer[: rows.stop - rows.start]
        fold(
            plan.table,
            plan.initial,
            (events.times, events.codes, events.numbers, _offsets(events, customers)),
            ended,
            (seen[rows], cutoffs[rows]),
            part,
        )
        yield rows, part


def _offsets(events: EncodedEvents, customers: slice) -> NDArray[np.int64]:
    return events.offsets[customers.start : customers.stop + 1]


def _customer_ranges(
    offsets: NDArray[np.int64], seen: NDArray[np.int64]
) -> Iterator[tuple[slice, slice]]:
    """Yield ranges of whole customers with about a chunk of samples each, and their samples."""
    first_sample = np.searchsorted(seen, offsets)
    customer, n_customers = 0, len(offsets) - 1
    while customer < n_customers:
        wanted = first_sample[customer] + _CHUNK
        after = int(np.searchsorted(first_sample, wanted, side="right")) - 1
        after = min(max(after, customer + 1), n_customers)
        yield slice(customer, after), slice(int(first_sample[customer]), int(first_sample[after]))
        customer = after
