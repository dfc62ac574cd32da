"""Histories as events: what the caller sent becomes a table in our own columns.

Every value is read by itself, so that a history means the same alone and in a batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import (
    ACTIVITY,
    CHANNEL,
    CUSTOMER,
    TIME,
    EventLog,
    event_log_of_part,
    instants,
    read_times,
)
from serving.messages import History, Value
from serving.problems import Refused, refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# The kernel counts microseconds in float64: exact from 1684 to 2255.
_EARLIEST, _LATEST = datetime(1700, 1, 1, tzinfo=UTC), datetime(2250, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Timed:
    """A history that can be scored, with its times in microseconds since the epoch.

    ``index`` is its place in the request.
    """

    index: int
    history: History
    times: list[int]
    as_of: int


def timed(history: History, index: int, definitions: Iterable[Definition]) -> Timed:
    """Check a history and read its times.

    Raises
    ------
    Refused
        If a time, an activity or a numeric attribute cannot be read, or ``as_of`` lies before the
        last event.
    """
    times = []
    for place, event in enumerate(history.events):
        times.append(checked_time(event, definitions, f"histories[{index}].events[{place}]"))
    last = max(times)
    as_of = last if history.as_of is None else _time(history.as_of, f"histories[{index}].as_of")
    if as_of < last:
        raise _bad(
            f"histories[{index}].as_of is {history.as_of!r}, before the last event at "
            f"{utc_text(last)}. Leave out the events after as_of, or as_of itself."
        )
    return Timed(index, history, times, as_of)


def checked_time(event: Mapping[str, Value], definitions: Iterable[Definition], where: str) -> int:
    """Return an event's time in microseconds since the epoch; raise `Refused` as `timed` does."""
    at = _time(event.get(TIME), f"{where}.{TIME}")
    _check_text(event, where)
    for definition in definitions:
        _check_numbers(event, definition, where)
    return at


def log_of(histories: Sequence[Timed], definition: Definition) -> EventLog:
    """Return the events of checked histories as one log; customer i is history i.

    The customers' own keys stay out of it.
    """
    # Numbers, not padded text: categories of numbers keep their numerical order.
    lengths = [len(one.times) for one in histories]
    events = [event for one in histories for event in one.history.events]
    columns: dict[str, object] = {
        CUSTOMER: np.repeat(np.arange(len(histories)), lengths),
        TIME: instants(np.concatenate([np.array(one.times, dtype=np.int64) for one in histories])),
        ACTIVITY: np.array([event[ACTIVITY] for event in events], dtype=object),
        CHANNEL: np.array([event.get(CHANNEL) for event in events], dtype=object),
    }
    numeric = set(definition.attributes.numeric)
    for name in definition.fields:
        values = [_attribute(event, name, definition) for event in events]
        read = [_number(value) for value in values] if name in numeric else values
        columns[name] = np.array(read, dtype=np.float64 if name in numeric else object)
    # The columns have our names already.
    return event_log_of_part(pd.DataFrame(columns), definition.model_copy(update={"columns": {}}))


def as_of_each(histories: Sequence[Timed]) -> NDArray[np.int64]:
    """Return until when each history is known, microseconds since the epoch."""
    return np.array([one.as_of for one in histories], dtype=np.int64)


def utc_text(micros: int) -> str:
    """Return microseconds since the epoch as ISO 8601 in UTC.

    >>> utc_text(0)
    '1970-01-01T00:00:00Z'
    """
    return (_EPOCH + micros * _MICROSECOND).isoformat().replace("+00:00", "Z")


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
    if not _EARLIEST <= at <= _LATEST:
        raise _bad(f"{where} is {value!r:.60}; times from 1700 to 2250 can be scored.")
    return (at - _EPOCH) // _MICROSECOND


def _instant(text: str) -> datetime | None:
    """Return the instant a text names, or None; as event logs are read, but faster."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        read = read_times(pd.Series([text]))[0]
        return None if pd.isna(read) else read.to_pydatetime()
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
        value = _attribute(event, name, definition)
        try:
            _number(value)
        except (ValueError, OverflowError):
            raise _bad(
                f"{where} has {value!r:.60} where the journey {definition.name!r} counts with a "
                "number. Send a number, or null where there is none."
            ) from None


def _attribute(event: Mapping[str, Value], name: str, definition: Definition) -> Value:
    """Return the attribute by the definition's name or, without it, by the file's."""
    return event.get(name, event.get(definition.column(name)))


def _number(value: Value) -> float:
    """Return a number; numbers written as text are read as event logs are."""
    if value is None:
        return np.nan
    return float(pd.to_numeric(value)) if isinstance(value, str) else float(value)


def _bad(detail: str) -> Refused:
    return refused("bad-history", detail)
