"""Writing XES (IEEE 1849): traces with typed attributes, as PM4Py and other miners read them.

A trace is a customer, or a journey, by what the column of the case holds.  Columns named
``case:<key>`` are the trace's attributes, all others the events'; a value has the tag of its type,
times are UTC.  The document says what it uses: extensions, globals, a classifier.  It is written
trace by trace.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import IO
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
_ROWS_AT_ONCE = 20_000


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
    for batch in _batches(starts, len(cases)):
        first = batch[0]
        columns = _columns(ordered.iloc[first : batch[-1]])
        for begin, after in pairwise(batch):
            text = "".join(_trace(columns, range(begin - first, after - first)))
            stream.write(text.encode())
    stream.write(b"</log>\n")


def _batches(starts: NDArray[np.intp], n_rows: int) -> Iterator[list[int]]:
    """Yield the first rows of some whole traces, and the row after them."""
    edges = [*starts.tolist(), n_rows]
    place = 0
    while place < len(starts):
        after = max(place + 1, bisect_right(edges, edges[place] + _ROWS_AT_ONCE) - 1)
        yield edges[place : after + 1]
        place = after


@dataclass(frozen=True)
class _Column:
    """The values of one key, as the tags of XES; None where there is none."""

    key: str
    of_trace: bool
    tags: list[str | None]


def _columns(events: pd.DataFrame) -> list[_Column]:
    return [_column(str(name), column) for name, column in events.items()]


def _column(name: str, column: pd.Series) -> _Column:
    of_trace = name.startswith(_OF_TRACE)
    key = name.removeprefix(_OF_TRACE) if of_trace else name
    quoted = quoteattr(key.translate(_NO_CHARACTER))
    usual = _tag(quoted, "complete") if key == LIFECYCLE and not of_trace else None
    values = zip(column.astype(object).tolist(), column.isna().tolist(), strict=True)
    tags = [usual if missing else _tag(quoted, value) for value, missing in values]
    return _Column(key, of_trace, tags)


def _tag(key: str, value: object) -> str:
    tag, text = _typed(value)
    return f"<{tag} key={key} value={_quoted(text)}/>\n"


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


def _trace(columns: list[_Column], rows: range) -> Iterator[str]:
    yield "\t<trace>\n"
    for column in columns:
        if column.of_trace:
            tag = next((column.tags[row] for row in rows if column.tags[row]), None)
            yield f"\t\t{tag}" if tag else ""
    own = [column.tags for column in columns if not column.of_trace]
    said = any(column.key == LIFECYCLE and not column.of_trace for column in columns)
    usual = "" if said else "\t\t\t" + _tag(quoteattr(LIFECYCLE), "complete")
    for row in rows:
        tags = "".join(f"\t\t\t{tags[row]}" for tags in own if tags[row])
        yield f"\t\t<event>\n{tags}{usual}\t\t</event>\n"
    yield "\t</trace>\n"


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
