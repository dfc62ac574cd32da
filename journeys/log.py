"""The event log: the table of events, the only input.

An **event** is one thing that happened to one customer at one instant.  The
order of events is (customer, time, position in the file); everything
downstream relies on it and nothing downstream sorts again.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, plain_text
from journeys.errors import (
    DefinitionError,
    EventLogError,
    TooLittleDataError,
    listed,
    nothing_until,
    with_closest,
)
from journeys.times import read_times
from journeys.unreadable import Unreadable

CUSTOMER, TIME, ACTIVITY, CHANNEL = "customer_id", "time", "activity", "channel"
_REQUIRED = (CUSTOMER, TIME, ACTIVITY)


@dataclass(frozen=True)
class EventLog:
    """Events in order, with the columns that a definition needs.

    Attributes
    ----------
    events : DataFrame, shape (n_events, n_columns), RangeIndex
        Sorted by (customer_id, time, position in the file).  ``customer_id``, ``activity``,
        ``channel`` and text attributes are categories; numeric attributes are float64; ``time`` is
        UTC with microseconds.  NaN means that the file said nothing.
    ends : Timestamp
        UTC instant of the last event of any customer: what came later is unknown.
    begins : Timestamp
        UTC instant of the first event of any customer.  Of a shard (`journeys.shards`) both are
        the whole log's, whatever its own events say.
    usual_length : int or None
        How long journeys of the whole log usually take, in microseconds; None lets
        `journeys.labels.usual_length_of` ask this log.
    """

    events: pd.DataFrame
    ends: pd.Timestamp
    begins: pd.Timestamp
    usual_length: int | None = None

    def __len__(self) -> int:
        return len(self.events)

    @cached_property
    def times(self) -> NDArray[np.int64]:
        """Microseconds since the epoch, UTC, shape (n_events,)."""
        return microseconds(self.events[TIME])

    @cached_property
    def ended(self) -> int:
        """When the log ends, in microseconds since the epoch."""
        return _micros(self.ends)

    @cached_property
    def began(self) -> int:
        """When the log begins, in microseconds since the epoch."""
        return _micros(self.begins)

    @cached_property
    def customers(self) -> NDArray[np.int64]:
        """The code of each event's customer, ascending, shape (n_events,)."""
        return self.events[CUSTOMER].cat.codes.to_numpy().astype(np.int64)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """The first row of each customer and, last, the number of events: (n_customers + 1,)."""
        n_customers = len(self.events[CUSTOMER].cat.categories)
        first = np.searchsorted(self.customers, np.arange(n_customers + 1))
        return np.asarray(first, dtype=np.int64)


def _micros(at: pd.Timestamp) -> int:
    return int(at.as_unit("us").asm8.astype(np.int64))


def microseconds(instants: pd.Series) -> NDArray[np.int64]:
    """Return UTC instants as int64 microseconds since the epoch (NaT as the smallest int64)."""
    naive = instants.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(naive.to_numpy(), dtype="datetime64[us]").astype(np.int64)


def instants(times: NDArray[np.int64]) -> pd.DatetimeIndex:
    """Return int64 microseconds since the epoch as UTC instants (the smallest int64 as NaT)."""
    return pd.DatetimeIndex(times.astype("datetime64[us]")).tz_localize("UTC")


def event_log(frame: pd.DataFrame, definition: Definition) -> EventLog:
    """Return the events of a table in order, with the columns that the definition needs.

    The table has one row per event, in the file's own columns; times without a zone are UTC.

    Raises
    ------
    DefinitionError
        If the definition names a column that the table lacks.
    EventLogError
        If the table is empty, lacks a customer, time or activity, or holds what cannot be read.
    """
    _refuse_empty(frame)
    require_columns(frame.columns, definition)
    return event_log_of_part(frame, definition)


def event_log_of_part(frame: pd.DataFrame, definition: Definition) -> EventLog:
    """Return the event log of a table in which attributes may be absent (they are missing then).

    For the few events of one request: an attribute nobody sent is a missing value, not a fault.
    """
    _refuse_empty(frame)
    needed = [definition.column(name) for name in _REQUIRED]
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise EventLogError.missing_columns(missing, frame.columns)
    unreadable = Unreadable()
    events = event_columns(frame, definition, unreadable)
    unreadable.refuse()
    return _in_order(events)


def event_columns(
    frame: pd.DataFrame, definition: Definition, unreadable: Unreadable
) -> pd.DataFrame:
    """Return the columns of `EventLog.events` for a table's rows, in the table's order.

    What cannot be read is missing there, and counted in ``unreadable``.
    """
    unreadable.events += len(frame)
    columns = {
        CUSTOMER: _present_text(frame, definition, CUSTOMER, unreadable),
        TIME: _utc(frame[definition.column(TIME)], definition, unreadable),
        ACTIVITY: _present_text(frame, definition, ACTIVITY, unreadable),
    }
    numeric = {*definition.attributes.numeric, *definition.said}
    for name in (CHANNEL, *definition.fields, *definition.said):
        column = _column_or_missing(frame, definition.column(name))
        columns[name] = _number(column, name, unreadable) if name in numeric else _text(column)
    return pd.DataFrame(columns)


def log_until(log: EventLog, until: pd.Timestamp) -> EventLog:
    """Return the log as it was known at an instant (UTC where it has no zone): no later event.

    It equals the log of a file that ends there; what was never seen by then is no category.

    Raises
    ------
    TooLittleDataError
        If there was no event yet.
    """
    until = until.tz_localize("UTC") if until.tzinfo is None else until.tz_convert("UTC")
    kept = log.events[log.events[TIME] <= until].reset_index(drop=True)
    if kept.empty:
        raise nothing_until(until, log.begins)
    return EventLog(events=_known(kept), ends=kept[TIME].max(), begins=log.begins)


def log_without(log: EventLog, customers: Container[str]) -> EventLog:
    """Return the log as if some customers had never been in it; it ends when it ended.

    Raises
    ------
    TooLittleDataError
        If nobody is left.
    """
    keys = log.events[CUSTOMER].cat.categories
    stays = np.array([key not in customers for key in keys], dtype=np.bool_)
    if not stays.any():
        raise TooLittleDataError("All customers of the log are to be left out; nobody remains.")
    left = _known(log.events[stays[log.customers]].reset_index(drop=True))
    return EventLog(left, ends=log.ends, begins=left[TIME].min())


def _known(events: pd.DataFrame) -> pd.DataFrame:
    """Return events whose categories are the values that occur in them."""
    known = {
        str(name): column.cat.remove_unused_categories()
        for name, column in events.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    return events.assign(**known)


def needed_columns(definition: Definition) -> tuple[str, ...]:
    """Return the file's columns without which the journey cannot be found.

    The channel is among them only where the definition maps it or a rule asks for it.
    """
    asked = [CHANNEL] if CHANNEL in definition.columns else []
    asked += [field for rule in definition.rules.values() for field in rule.where]
    channel = [CHANNEL] if CHANNEL in asked else []
    ours = [*_REQUIRED, *channel, *definition.fields, *definition.said]
    return tuple(dict.fromkeys(definition.column(name) for name in ours))


def _in_order(events: pd.DataFrame) -> EventLog:
    times = microseconds(events[TIME])
    # lexsort is stable: events of one customer and instant stay as they stand in the file
    order = np.lexsort((times, events[CUSTOMER].cat.codes.to_numpy()))
    if not np.array_equal(order, np.arange(len(events))):
        events = events.iloc[order].reset_index(drop=True)
    return EventLog(events=events, ends=events[TIME].max(), begins=events[TIME].min())


def _refuse_empty(frame: pd.DataFrame) -> None:
    if frame.empty:
        raise EventLogError("The event log is empty: it has no event; give one row per event.")


def require_columns(names: Iterable[str], definition: Definition) -> None:
    """Raise a `DefinitionError` unless a log of these columns has those that are needed."""
    present = set(names)
    missing = [name for name in needed_columns(definition) if name not in present]
    if missing:
        named = ", ".join(with_closest(name, present) for name in missing)
        raise DefinitionError(
            f"The journey {definition.name!r} needs the column {named}, which the event log lacks; "
            f"it has {listed(sorted(map(str, present)), most=40)}. Correct the name in the "
            "definition, or map it under `columns:` (ours: the file's)."
        )


def _column_or_missing(frame: pd.DataFrame, name: str) -> pd.Series:
    if name in frame.columns:
        return frame[name]
    return pd.Series(np.full(len(frame), np.nan), index=frame.index)


def _present_text(
    frame: pd.DataFrame, definition: Definition, ours: str, unreadable: Unreadable
) -> pd.Series:
    column = frame[definition.column(ours)]
    unreadable.add("absent", ours, column, column.isna())
    return _text(column)


def _text(column: pd.Series) -> pd.Series:
    """Return the column as categories of text, in order; whole numbers read as 1, not as 1.0."""
    values = column.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = _sorted(values)
    if values.dtype == object:
        values = values.map(plain_text, na_action="ignore")
    values = values.astype("category")
    names = [plain_text(value) for value in values.cat.categories]
    if len(set(names)) < len(names):  # 1 and "1" are one value
        return values.astype(object).map(plain_text, na_action="ignore").astype("category")
    return values.cat.rename_categories(names)


def _sorted(values: pd.Series) -> pd.Series:
    """Return categories in the order of their values, whatever the order in the file."""
    codes, names = values.cat.codes.to_numpy(), values.cat.categories
    many = np.bincount(codes.astype(np.int64) + 1, minlength=len(names) + 1)
    used = np.flatnonzero(many[1:])
    try:
        ordered, indexer = names[used].sort_values(return_indexer=True)
    except TypeError:  # 1 and "1"
        return values.astype(object)
    code_of = np.full(len(names) + 1, -1, dtype=np.int32)  # the last is that of the missing
    code_of[used[indexer]] = np.arange(len(used), dtype=np.int32)
    sorted_ = pd.Categorical.from_codes(code_of[codes], categories=ordered)
    return pd.Series(sorted_, index=values.index, name=values.name)


def _number(column: pd.Series, name: str, unreadable: Unreadable) -> pd.Series:
    values = column.reset_index(drop=True)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    unreadable.add("no number", name, values, numbers.isna() & values.notna())
    return numbers.where(np.isfinite(numbers))


def _utc(column: pd.Series, definition: Definition, unreadable: Unreadable) -> pd.Series:
    """Return the column as UTC instants; a time without a zone is taken as UTC."""
    values, unit = column.reset_index(drop=True), definition.time_unit
    if unit is None and pd.api.types.is_numeric_dtype(values) and values.notna().any():
        unreadable.add("plain numbers", TIME, values, values.notna())
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[us, UTC]")
    times = read_times(values, unit)
    unreadable.add("no time", TIME, values, times.isna())
    return times
