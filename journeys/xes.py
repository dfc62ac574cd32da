"""XES: event logs as the process mining community exchanges them (IEEE 1849), read as a stream.

Keys become columns: an event's attributes by their key (``concept:name``), its trace's attributes
as ``case:<key>`` (``case:concept:name`` is the case).  Values are typed by their tag.  Attributes
of attributes, and the entries of lists and containers, are columns of a dotted name where somebody
asks for them (``cost.currency``).  Extensions, globals and classifiers say nothing of events and
are left out.  Namespaces do not matter.  Memory holds one trace at a time, and the columns.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element, iterparse

import pandas as pd

from journeys.nested import Spread
from journeys.rows import Row, table_of
from journeys.times import read_times

_NO_DATE, _NO_NUMBER = "NaT", "nan"
"""What PM4Py writes where there is nothing."""

_READ: dict[str, Callable[[str], object]] = {
    "string": str,
    "id": str,
    "date": str,
    "int": int,
    "float": float,
    "boolean": lambda text: text.strip().lower() == "true",
}


def xes_table(
    stream: IO[bytes], *, columns: Iterable[str] | None = None, spread: Spread | None = None
) -> pd.DataFrame:
    """Return the events of an XES document, a row each, in the document's order.

    A column that was written as dates only, all readable, is in UTC instants.  ``spread`` says
    which attributes of attributes are columns; without it, none.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If the document is not well-formed XML; its ``position`` is (line, column).
    """
    dates: set[str] = set()
    table = table_of(_events(stream, _Reader(dates, spread or Spread())), columns=columns)
    return table.assign(**{name: _instants(table[name]) for name in table if name in dates})


@dataclass(frozen=True)
class _Reader:
    """Reads attributes; ``dates`` gathers the columns that hold a date."""

    dates: set[str]
    spread: Spread

    def of_trace(self, trace: Element) -> Iterator[Row]:
        """Yield the events of a trace, each with the trace's own attributes."""
        case = dict(self.attributes(trace, "case:"))
        for child in trace:
            if _local(child.tag) == "event":
                yield case | dict(self.attributes(child, ""))

    def attributes(self, element: Element, prefix: str) -> Iterator[tuple[str, object]]:
        """Yield an element's attributes under their columns' names."""
        for child in element:
            tag, key, value = _local(child.tag), child.get("key"), child.get("value")
            if key is None:
                continue
            name = prefix + key
            if value and tag in _READ and not (tag == "float" and value == _NO_NUMBER):
                if tag == "date":
                    self.dates.add(name)
                yield name, _typed(tag, value)
            if len(child) and self.spread.opens(name):
                # The entries of a list stand in <values>, older ones beside the list's key.
                inner = next((one for one in child if _local(one.tag) == "values"), child)
                yield from self.attributes(inner, f"{name}.")


def _events(stream: IO[bytes], reader: _Reader) -> Iterator[Row]:
    root, trace = None, None
    for moment, element in iterparse(stream, events=("start", "end")):
        name = _local(element.tag)
        root = element if root is None else root
        if name == "trace":
            trace = element if moment == "start" else None
        if moment == "start":
            continue
        if name == "trace":
            yield from reader.of_trace(element)
            root.clear()
        elif name == "event" and trace is None:  # the standard allows events without a trace
            yield dict(reader.attributes(element, ""))
            root.clear()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _typed(tag: str, text: str) -> object:
    try:
        return _READ[tag](text)
    except ValueError:
        return text


def _instants(column: pd.Series) -> pd.Series:
    column = column.mask(column == _NO_DATE, None)
    times = read_times(column)
    return times if (times.notna() == column.notna()).all() else column
