"""XES: event logs as the process mining community exchanges them (IEEE 1849), read as a stream.

Keys become columns: an event's attributes by their key (``concept:name``), its trace's attributes
as ``case:<key>`` (``case:concept:name`` is the case).  Values are typed by their tag.  Attributes
of attributes, lists, containers, extensions, globals and classifiers are left out.  Namespaces do
not matter.  Memory holds one trace at a time, and the columns.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import IO
from xml.etree.ElementTree import Element, iterparse

import pandas as pd

from journeys.log import read_times
from journeys.rows import Row, table_of

_READ: dict[str, Callable[[str], object]] = {
    "string": str,
    "id": str,
    "date": str,
    "int": int,
    "float": float,
    "boolean": lambda text: text.strip().lower() == "true",
}


def xes_table(stream: IO[bytes], *, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the events of an XES document, a row each, in the document's order.

    A column that was written as dates only, all readable, is in UTC instants.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If the document is not well-formed XML; its ``position`` is (line, column).
    """
    dates: set[str] = set()
    table = table_of(_events(stream, dates), columns=columns)
    return table.assign(**{name: _instants(table[name]) for name in table if name in dates})


def _events(stream: IO[bytes], dates: set[str]) -> Iterator[Row]:
    """Yield the events; ``dates`` gathers the columns that hold a date."""
    root, trace = None, None
    for moment, element in iterparse(stream, events=("start", "end")):
        name = _local(element.tag)
        root = element if root is None else root
        if name == "trace":
            trace = element if moment == "start" else None
        if moment == "start":
            continue
        if name == "trace":
            yield from _of_trace(element, dates)
            root.clear()
        elif name == "event" and trace is None:  # the standard allows events without a trace
            yield _attributes(element, "", dates)
            root.clear()


def _of_trace(trace: Element, dates: set[str]) -> Iterator[Row]:
    case = _attributes(trace, "case:", dates)
    for child in trace:
        if _local(child.tag) == "event":
            yield case | _attributes(child, "", dates)


def _attributes(element: Element, prefix: str, dates: set[str]) -> dict[str, object]:
    found = {}
    for child in element:
        tag, key, value = _local(child.tag), child.get("key"), child.get("value")
        if key is None or not value or tag not in _READ:
            continue
        found[prefix + key] = _typed(tag, value)
        if tag == "date":
            dates.add(prefix + key)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _typed(tag: str, text: str) -> object:
    try:
        return _READ[tag](text)
    except ValueError:
        return text


def _instants(column: pd.Series) -> pd.Series:
    times = read_times(column)
    return times if (times.notna() == column.notna()).all() else column
