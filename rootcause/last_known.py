"""Last known: what a customer's attributes were at each event, as far as anyone had told."""

import numpy as np
from numpy.typing import NDArray

from journeys.log import EventLog

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

MISSING = "(missing)"


def last_known_codes(log: EventLog, name: str) -> tuple[Codes, tuple[str, ...]]:
    """Return at each event the code of the customer's last known value, and the values' names.

    The last name is `MISSING`: nothing was known yet.
    """
    column = log.events[name]
    codes = column.cat.codes.to_numpy().astype(np.int32)
    values = (*map(str, column.cat.categories), MISSING)
    known = _last_known_row(log, codes >= 0)
    return np.where(known >= 0, codes[known], np.int32(len(values) - 1)), values


def last_known_numbers(log: EventLog, name: str) -> Floats:
    """Return at each event the customer's last known number, NaN if none was known yet."""
    numbers = log.events[name].to_numpy(dtype=np.float64)
    known = _last_known_row(log, ~np.isnan(numbers))
    return np.where(known >= 0, numbers[known], np.nan)


def _last_known_row(log: EventLog, known: Flags) -> Ints:
    """Return for each event the customer's last row up to it where the value is known, or -1."""
    rows = np.maximum.accumulate(np.where(known, np.arange(len(log)), -1))
    return np.where(rows >= log.offsets[log.customers], rows, -1)
