"""Gathering batches of events, in order of their customers, into tables of whole customers."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def whole_customers(
    batches: Iterable[pa.RecordBatch], customer: str, *, size: int
) -> Iterator[pa.Table]:
    """Yield tables of about so many events; no customer is in two of them.

    Who is unfinished at the end of a batch waits for the next one, so one customer with a million
    events is one table, and what is held is never more than that and one batch.

    Parameters
    ----------
    batches : in which equal values of the column ``customer`` stand one after another
    """
    held: list[pa.RecordBatch] = []
    rows = unfinished = 0  # events held, and the first of them that is of the last customer
    for batch in batches:
        if batch.num_rows == 0:
            continue
        begins = _begins(batch.column(customer), held[-1].column(customer) if held else None)
        unfinished = rows + begins[-1] if len(begins) else unfinished
        held, rows = [*held, batch], rows + batch.num_rows
        if rows >= size and unfinished:
            table = pa.Table.from_batches(held)
            yield table.slice(0, unfinished)
            held = table.slice(unfinished).to_batches()
            rows, unfinished = rows - unfinished, 0
    if held:
        yield pa.Table.from_batches(held)


def _begins(keys: pa.Array, before: pa.Array | None) -> np.ndarray:
    """Return the places in a batch at which another customer begins than stood before."""
    if before is None:
        return _changes(keys)
    joined = pa.concat_arrays([before.slice(len(before) - 1), keys])
    return _changes(joined) - 1


def _changes(keys: pa.Array) -> np.ndarray:
    """Return the places, from 1, at which a key differs from the one before it."""
    differs = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1)).fill_null(False)
    return np.flatnonzero(differs.to_numpy(zero_copy_only=False)) + 1
