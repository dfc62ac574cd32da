"""Rows to a table: what JSON Lines and XES have in common, kept small while it is read."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

import pandas as pd

from journeys.times import are_instants, read_times

Row = Mapping[str, object]
Columns = Collection[str] | None
"""Names of columns that are wanted; None for all."""

_ROWS_AT_ONCE = 100_000


def table_of(rows: Iterable[Row], *, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the rows as a table with a column per key, in the order in which keys first appear.

    Only ``columns``, where given.  Text stays text and whole numbers stay whole, however long; a
    key that a row lacks is missing there.
    """
    wanted = None if columns is None else frozenset(columns)
    chunks = [_chunk(some, wanted) for some in _in_chunks(iter(rows))]
    names = dict.fromkeys(name for chunk in chunks for name in chunk.columns)
    whole = {
        name: pd.concat([_part(chunk, name) for chunk in chunks], ignore_index=True)
        for name in names
    }
    return pd.DataFrame(whole, index=pd.RangeIndex(sum(map(len, chunks))))


def _in_chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield some


def _chunk(rows: list[Row], wanted: frozenset[str] | None) -> pd.DataFrame:
    names = dict.fromkeys(key for row in rows for key in row)
    kept = [name for name in names if wanted is None or name in wanted]
    columns = {name: _column([row.get(name) for row in rows]) for name in kept}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _column(values: list[object]) -> pd.Series:
    """Return values of one kind in their compact form, and anything mixed as it stands."""
    kinds = {type(value) for value in values}
    if kinds <= {str, type(None)} and str in kinds:
        return pd.Series(values, dtype="str")
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        return pd.Series(values)
    if are_instants(values):
        return read_times(pd.Series(values, dtype=object))
    return pd.Series(values, dtype=object)


def _part(chunk: pd.DataFrame, name: str) -> pd.Series:
    if name in chunk.columns:
        return chunk[name]
    return pd.Series([None] * len(chunk), dtype=object)
