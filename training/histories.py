"""Histories: a frame with a row per customer, whose columns hold lists, as a frame of events."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, plain_text
from journeys.errors import EventLogError, RequestError
from journeys.log import CUSTOMER, TIME
from journeys.times import read_times

Cells = list[object]


def holds_histories(frame: pd.DataFrame, time: str) -> bool:
    """Say whether the column of times holds lists: then each row is a history, not an event."""
    return frame[time].dtype == object and any(_is_list(cell) for cell in frame[time])


def events_of_histories(
    frame: pd.DataFrame, definition: Definition, *, until: pd.Timestamp | None
) -> tuple[list[str], pd.DataFrame]:
    """Return each history's customer, and all events with the history's number as their customer.

    Parameters
    ----------
    frame : one row per history, columns by the definition's names: lists as long as that of the
        times, or one value that holds for all events
    until : later events are left out

    Returns
    -------
    list of str, DataFrame
        The customers in the order of the rows; the events in that order, numbers as text of equal
        length, so that they sort as the rows do.

    Raises
    ------
    RequestError, EventLogError
        If the lists of a row are not equally long, a time has no zone or no customer is named.
    """
    key, time = definition.column(CUSTOMER), definition.column(TIME)
    customers = frame[key]
    if customers.isna().any():
        raise EventLogError(
            f"{int(customers.isna().sum()):,} of {len(frame):,} histories have no customer_id "
            f"(column {key!r}); fill them in or leave them out."
        )
    counts = [len(_list(cell, place, time)) for place, cell in enumerate(frame[time])]
    columns: dict[str, object] = {
        str(name): _spread(str(name), cells, counts)
        for name, cells in frame.items()
        if name not in (key, time)
    }
    digits = len(str(len(frame)))
    numbers = [f"{place:0{digits}}" for place in range(len(frame))]
    columns[key] = np.repeat(np.array(numbers, dtype=object), counts)
    columns[time] = _with_zones([at for cell in frame[time] for at in _cells(cell)])
    events = pd.DataFrame(columns)
    if until is not None:
        events = events[~(read_times(events[time]) > until).to_numpy()].reset_index(drop=True)
    return [plain_text(customer) for customer in customers], events


def _spread(name: str, cells: pd.Series, counts: Sequence[int]) -> NDArray[np.object_]:
    """Return what a column says of each event, shape (n_events,)."""
    spread: Cells = []
    for place, (cell, count) in enumerate(zip(cells, counts, strict=True)):
        values = _cells(cell) if _is_list(cell) else [cell] * count
        if len(values) != count:
            raise RequestError(
                f"History {place}: {name!r} has {len(values)} values for {count} times; give one "
                "for each event, null where nothing is known."
            )
        spread += values
    found = np.empty(len(spread), dtype=object)
    found[:] = spread
    return found


def _with_zones(times: Cells) -> Cells:
    """Return the times; one of Spark's has lost its zone on the way, and must come as text."""
    if any(_has_lost_its_zone(at) for at in times):
        raise RequestError(
            "The times in the lists have no zone, so they cannot be told from another's. Give them "
            "as text, in Spark: date_format(time, \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX\")."
        )
    return times


def _has_lost_its_zone(at: object) -> bool:
    if isinstance(at, datetime):
        return at.tzinfo is None
    return isinstance(at, np.datetime64)


def _list(cell: object, place: int, time: str) -> Cells:
    if not _is_list(cell):
        raise RequestError(
            f"History {place}: {time!r} is {cell!r}, where other rows hold a list of times; give a "
            "list in every row, or one event per row."
        )
    return _cells(cell)


def _is_list(cell: object) -> bool:
    return isinstance(cell, list | tuple | np.ndarray)


def _cells(cell: object) -> Cells:
    assert isinstance(cell, list | tuple | np.ndarray)
    return list(cell)
