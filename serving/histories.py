"""Histories as events: what the caller sent, column by column, in order, with its times read.

Every value is read by itself, so that a history means the same alone and in a batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

import pandas as pd

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, TIME
from journeys.rule import plain_text
from journeys.times import read_times
from serving.messages import History, Value
from serving.problems import Refused, refused
from serving.scanned import Scanned

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC = _EPOCH.replace(tzinfo=None)  # written without a zone, in half the time
_MICROSECOND = timedelta(microseconds=1)
# The kernel counts microseconds in float64: exact from 1684 to 2255.
EARLIEST = (datetime(1700, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST = (datetime(2250, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


class Column(NamedTuple):
    """A column of a history: our name and the file's, of which a caller may use either.

    Ours goes first.  ``number``: whether the values are read as numbers.
    """

    ours: str
    theirs: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Timed:
    """A history that can be scored: its events as columns, ascending by time.

    Attributes
    ----------
    index : its place in the request
    customer_id : as the caller wrote it; None for a history of the store
    times : microseconds since the epoch, ascending; events of one instant in the order given
    as_of : until when the customer is known, not before the last event
    columns : the value of each event, None where nothing was said; numbers are float, finite
    scanned : the events as numbers and the last activity, where they were scanned (`usual`)
    """

    index: int
    customer_id: str | int | None
    times: list[int]
    as_of: int
    columns: Mapping[Column, Sequence[Value]]
    scanned: Scanned | None = None

    def __len__(self) -> int:
        return len(self.times)

    def values(self, name: str, definition: Definition) -> Sequence[Value]:
        """Return a column of a definition as it was sent."""
        return self.columns[column_of(name, definition)]

    def texts(self, name: str, definition: Definition) -> list[str | None]:
        """Return a text column as an event log writes it: 1 and 1.0 are ``1``."""
        values = self.values(name, definition)
        return [None if value is None else plain_text(value) for value in values]

    def events(self, definition: Definition) -> list[dict[str, object]]:
        """Return the events one by one, with every field of a definition.

        ``time`` in microseconds (int); text as an event log writes it; numbers as float; None where
        nothing was said.
        """
        numeric = definition.attributes.numeric
        columns: dict[str, Sequence[object]] = {TIME: self.times}
        for name in (ACTIVITY, CHANNEL, *definition.fields):
            read = self.values if name in numeric else self.texts
            columns[name] = read(name, definition)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def column_of(name: str, definition: Definition) -> Column:
    """Return which column of a history a field of a definition is."""
    if name in (ACTIVITY, CHANNEL):  # these have our names in every history
        return Column(name, name)
    return Column(name, definition.column(name), name in definition.attributes.numeric)


def columns_of(definitions: Iterable[Definition]) -> list[Column]:
    """Return the columns that some definitions read."""
    found = [
        column_of(name, one) for one in definitions for name in (ACTIVITY, CHANNEL, *one.fields)
    ]
    return list(dict.fromkeys(found))


def timed(history: History, index: int, definitions: Sequence[Definition]) -> Timed:
    """Check a history and read its times.

    Raises
    ------
    Refused
        If a time, an activity or a numeric attribute cannot be read, or ``as_of`` lies before the
        last event.
    """
    times = [
        checked_time(event, definitions, f"histories[{index}].events[{place}]")
        for place, event in enumerate(history.events)
    ]
    last = max(times)
    as_of = last if history.as_of is None else _time(history.as_of, f"histories[{index}].as_of")
    if as_of < last:
        raise _bad(
            f"histories[{index}].as_of is {history.as_of!r}, before the last event at "
            f"{utc_text(last)}. Leave out the events after as_of, or as_of itself."
        )
    columns = _columns(history.events, definitions)
    return in_order(Timed(index, history.customer_id, times, as_of, columns))


def checked_time(event: Mapping[str, Value], definitions: Iterable[Definition], where: str) -> int:
    """Check the values of one event and return its time, microseconds since the epoch.

    ``where`` is its place in the request, for the message.

    Raises
    ------
    Refused
        If its time, its activity, its channel or a numeric attribute cannot be read.
    """
    at = _time(event.get(TIME), f"{where}.{TIME}")
    _check_text(event, where)
    for definition in definitions:
        _check_numbers(event, definition, where)
    return at


def timed_events(
    events: Sequence[Mapping[str, Value]], as_of: int, definitions: Sequence[Definition]
) -> Timed:
    """Return stored events as a history, without reading any text again.

    Parameters
    ----------
    events : ``time`` in microseconds UTC (int), ``activity``, ``channel`` and attributes; at least
        one, in any order; those after ``as_of`` are left out by the caller
    as_of : microseconds UTC, not before the last event

    A number that cannot be read is missing: whoever stored it is not there to mend it.
    """
    times = [int(event[TIME] or 0) for event in events]
    return in_order(Timed(0, None, times, as_of, _columns(events, definitions)))


def in_order(history: Timed) -> Timed:
    """Return a history with its events ascending by time; ties stay as they stand."""
    times = history.times
    if times == sorted(times):
        return history
    order = sorted(range(len(times)), key=times.__getitem__)
    columns = {key: [column[row] for row in order] for key, column in history.columns.items()}
    moved = [times[row] for row in order]
    return Timed(history.index, history.customer_id, moved, history.as_of, columns)


@lru_cache(maxsize=64)  # an answer says the same instant more than once
def utc_text(micros: int) -> str:
    """Return microseconds since the epoch as ISO 8601 in UTC.

    >>> utc_text(0)
    '1970-01-01T00:00:00Z'
    """
    return (_EPOCH_IN_UTC + timedelta(microseconds=micros)).isoformat() + "Z"


def usual_times(texts: Iterable[str]) -> list[int]:
    """Return times in microseconds since the epoch, without zone UTC.

    Raises
    ------
    ValueError
        If one is not written as ISO 8601 is usually; an event log may read it all the same.
    """
    try:
        lengths = [datetime.fromisoformat(text) - _EPOCH for text in texts]
    except TypeError:
        lengths = [_usual(text) - _EPOCH for text in texts]
    # Whole numbers, as by `// _MICROSECOND`, in half the time.
    return [(one.days * 86_400 + one.seconds) * 1_000_000 + one.microseconds for one in lengths]


def number_of(value: Value) -> float | None:
    """Return a number, None where there is none; text is read as event logs read it.

    Raises
    ------
    ValueError, OverflowError
        If it is no number.
    """
    if value is None:
        return None
    number = _of_text(value) if isinstance(value, str) else float(value)
    return number if isfinite(number) else None


def _columns(
    events: Sequence[Mapping[str, Value]], definitions: Iterable[Definition]
) -> dict[Column, Sequence[Value]]:
    found: dict[Column, Sequence[Value]] = {}
    for column in columns_of(definitions):
        values = [event.get(column.ours, event.get(column.theirs)) for event in events]
        found[column] = [_number_or_none(one) for one in values] if column.number else values
    return found


def _number_or_none(value: Value) -> float | None:
    try:
        return number_of(value)
    except (ValueError, OverflowError):
        return None


def _time(value: Value, where: str) -> int:
    if value is None:
        raise _bad(f"{where} is missing. Write it as in 2026-03-03T09:30:00Z.")
    if not isinstance(value, str):
        raise _bad(f"{where} is {value!r:.60}, not text. Write it as in 2026-03-03T09:30:00Z.")
    at = _instant(value)
    if at is None:
        raise _bad(
            f"{where} is {value!r:.60}, which is not a time. Write it as in 2026-03-03T09:30:00Z."
        )
    micros = (at - _EPOCH) // _MICROSECOND
    if not EARLIEST <= micros <= LATEST:
        raise _bad(f"{where} is {value!r:.60}; times from 1700 to 2250 can be scored.")
    return micros


def read_instant(text: str) -> int | None:
    """Return an instant that can be scored in microseconds since the epoch; None if it is none."""
    at = _instant(text)
    if at is None:
        return None
    micros = (at - _EPOCH) // _MICROSECOND
    return micros if EARLIEST <= micros <= LATEST else None


def _instant(text: str) -> datetime | None:
    """Return the instant a text names, or None; as event logs are read, but faster."""
    try:
        return _usual(text)
    except ValueError:
        read = read_times(pd.Series([text]))[0]
        if pd.isna(read) or not MINYEAR <= read.year <= MAXYEAR:
            return None
        at: datetime = read.to_pydatetime()
        return at


def _usual(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _check_text(event: Mapping[str, Value], where: str) -> None:
    activity, channel = event.get(ACTIVITY), event.get(CHANNEL)
    if not isinstance(activity, str) or not activity:
        found = "missing" if activity in (None, "") else f"{activity!r:.60}, not text"
        raise _bad(f"{where}.{ACTIVITY} is {found}. Name what happened, for instance 'login'.")
    if channel is not None and not isinstance(channel, str):
        raise _bad(f"{where}.{CHANNEL} is {channel!r:.60}, not text. Name it, or leave it out.")


def _check_numbers(event: Mapping[str, Value], definition: Definition, where: str) -> None:
    for name in definition.attributes.numeric:
        value = event.get(name, event.get(definition.column(name)))
        try:
            number_of(value)
        except (ValueError, OverflowError):
            raise _bad(
                f"{where} has {value!r:.60} where the journey {definition.name!r} counts with a "
                "number. Send a number, or null where there is none."
            ) from None


@lru_cache(maxsize=1_024)
def _of_text(text: str) -> float:
    return float(pd.to_numeric(text))


def _bad(detail: str) -> Refused:
    return refused("bad-history", detail)
