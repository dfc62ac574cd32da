"""Writing XES (IEEE 1849): traces with typed attributes, as PM4Py and other miners read them.

A trace is a customer, or a journey, by what the column of the case holds.  Columns named
``case:<key>`` are the trace's attributes, all others the events'; a value has the tag of its type,
times are UTC.  The document says what it uses: extensions, globals, a classifier.  It is written
trace by trace.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from journeys.errors import EventLogError
from journeys.log import microseconds
from journeys.times import read_times

CASE, TIME, ACTIVITY, LIFECYCLE = (
    "case:concept:name",
    "time:timestamp",
    "concept:name",
    "lifecycle:transition",
)

_EXTENSIONS = {
    "Concept": "concept",
    "Time": "time",
    "Lifecycle": "lifecycle",
    "Organizational": "org",
}
_NO_CHARACTER = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
_OF_TRACE = "case:"


def write_xes(frame: pd.DataFrame, stream: IO[bytes]) -> None:
    """Write events, a row each, as one XES document.

    Parameters
    ----------
    frame : with ``case:concept:name``, ``concept:name`` and ``time:timestamp``; missing values are
        left out; the events of a trace are written by time, equal times as they stand; traces in
        the order in which they first appear.  Characters that XML cannot hold become U+FFFD.

    Raises
    ------
    EventLogError
        If a column that XES needs is absent, or a time cannot be read.
    """
    times = _times(frame)
    ordered = frame.assign(**{TIME: times})
    cases, _ = pd.factorize(ordered[CASE])
    order = np.lexsort((microseconds(times), cases))
    ordered, cases = ordered.iloc[order], cases[order]
    stream.write(_head().encode())
    starts = np.flatnonzero(np.diff(cases, prepend=-2))
    for first, after in zip(starts, [*starts[1:], len(cases)], strict=True):
        stream.write("".join(_trace(ordered.iloc[first:after])).encode())
    stream.write(b"</log>\n")


def _times(frame: pd.DataFrame) -> pd.Series:
    absent = [name for name in (CASE, ACTIVITY, TIME) if name not in frame.columns]
    if absent:
        raise EventLogError(
            f"XES needs to know the case, the activity and the time of every event; there is no "
            f"column {absent[0]!r}. Give the definition (--journey), which says which they are."
        )
    times = read_times(frame[TIME].reset_index(drop=True)).set_axis(frame.index)
    missing = times.isna() | frame[CASE].isna() | frame[ACTIVITY].isna()
    if missing.any():
        raise EventLogError(
            f"{int(missing.sum()):,} of {len(frame):,} events have no case, no activity or no time "
            "that can be read, so XES cannot hold them; correct them or leave them out."
        )
    return times


def _head() -> str:
    extensions = "".join(
        f'\t<extension name="{name}" prefix="{prefix}" '
        f'uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
        for name, prefix in _EXTENSIONS.items()
    )
    name = f'<string key="{ACTIVITY}" value="__INVALID__"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
        f'{extensions}\t<global scope="trace">\n\t\t{name}\n\t</global>\n'
        f'\t<global scope="event">\n\t\t{name}\n\t\t<date key="{TIME}" '
        'value="1970-01-01T00:00:00.000+00:00"/>\n'
        f'\t\t<string key="{LIFECYCLE}" value="complete"/>\n\t</global>\n'
        f'\t<classifier name="Activity" keys="{ACTIVITY}"/>\n'
        f'\t<classifier name="Activity and transition" keys="{ACTIVITY} {LIFECYCLE}"/>\n'
    )


def _trace(events: pd.DataFrame) -> Iterator[str]:
    own = [str(name) for name in events.columns if str(name).startswith(_OF_TRACE)]
    inner = [str(name) for name in events.columns if str(name) not in own]
    yield "\t<trace>\n"
    first = {name: _first(events[name]) for name in own}
    yield from _attributes(first, "\t\t", len(_OF_TRACE))
    columns = [events[name].astype(object).tolist() for name in inner]
    for values in zip(*columns, strict=True):
        event: dict[str, Any] = dict(zip(inner, values, strict=True))
        if pd.isna(event.get(LIFECYCLE)):
            event[LIFECYCLE] = "complete"
        yield "\t\t<event>\n"
        yield from _attributes(event, "\t\t\t", 0)
        yield "\t\t</event>\n"
    yield "\t</trace>\n"


def _first(column: pd.Series) -> Any:
    present = column.dropna()
    return None if present.empty else present.astype(object).iloc[0]


def _attributes(values: Mapping[str, Any], indent: str, skipped: int) -> Iterator[str]:
    for name, value in values.items():
        if pd.isna(value):
            continue
        tag, text = _typed(value)
        key = quoteattr(name[skipped:].translate(_NO_CHARACTER))
        yield f"{indent}<{tag} key={key} value={_quoted(text)}/>\n"


def _quoted(text: str) -> str:
    # A line break inside an attribute would be read as a space.
    entities = {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
    return quoteattr(text.translate(_NO_CHARACTER), entities)


def _typed(value: object) -> tuple[str, str]:
    """Return the tag of a value and its text."""
    match value:
        case bool() | np.bool_():
            return "boolean", str(bool(value)).lower()
        case int() | np.integer():
            return "int", str(int(value))
        case float() | np.floating():
            return "float", repr(float(value))
        case datetime():
            at = pd.Timestamp(value)
            at = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
            fine = at.microsecond % 1000
            return "date", at.isoformat(timespec="microseconds" if fine else "milliseconds")
        case _:
            return "string", str(value)
