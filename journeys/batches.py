"""A log as tables of some events at a time, in its own columns and in the order of the file.

Parquet, a folder of it, CSV and JSON Lines are read so, where they hold events as they stand; of
XES, of a form (`journeys.forms`) and of a query all events are one table.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from journeys.definition import Definition
from journeys.folder import batches_in, parts_of, schema_of
from journeys.json_lines import json_rows, unpacked
from journeys.log import CHANNEL, needed_columns
from journeys.nested import Spread
from journeys.query import is_address
from journeys.read import (
    CSV_NOTHING,
    columns_in,
    csv_header,
    frame_of,
    plainly,
    read_as,
    refuse_doubles,
    refuse_ragged,
)
from journeys.rows import table_of

Batches = Iterator[tuple[pd.DataFrame, float]]
_Read = Callable[[Path, set[str], Spread, int], Batches]

_BYTES_A_ROW = 100


def batches_of(path: Path, definition: Definition, *, rows: int) -> Batches:
    """Yield about so many events at a time, with those of the needed columns that there are.

    Beside each table stands the share of the log that has been read with it, 0 where only
    its end will tell.

    Raises
    ------
    EventLogError
        As `journeys.read.read_frame`.
    """
    columns = {*needed_columns(definition), definition.column(CHANNEL)}
    read = _reader(path, definition)
    if read is None:
        yield read_as(path, definition, columns=columns), 1.0
        return
    nested = {definition.column(name) for name in definition.fields}
    with plainly(path):
        yield from read(path, columns, Spread.of(nested | columns, path.name), rows)


def named_columns(path: Path, definition: Definition) -> list[str] | None:
    """Return the names of a log's columns; None where they are known at its end alone."""
    read = _reader(path, definition)
    if read is _parquet:
        return list(schema_of(path, parts_of(path), lambda _name: True).names)
    return csv_header(path)[0] if read is _csv else None


def events_in(path: str | Path, definition: Definition) -> int:
    """Return about how many events a log has, so far as can be told before it is read.

    Of Parquet exactly, of another file by its size; 0 of what is read whole whatever its size.
    """
    read = None if is_address(path) else _reader(Path(path), definition)
    if read is None:
        return 0
    path = Path(path)
    if read is _parquet:
        with plainly(path):
            return sum(part.rows for part in parts_of(path))
    packed = path.name.lower().endswith(".gz")
    return path.stat().st_size * (10 if packed else 1) // _BYTES_A_ROW


def _reader(path: Path, definition: Definition) -> _Read | None:
    if definition.form is not None or definition.query:
        return None
    if path.is_dir():
        return _parquet
    kinds: dict[tuple[str, ...], _Read] = {
        (".parquet", ".pq"): _parquet,
        (".csv", ".tsv", ".txt"): _csv,
        (".jsonl", ".ndjson", ".json"): _json_lines,
    }
    name = path.name.lower().removesuffix(".gz")
    usable = path.is_file() and path.stat().st_size > 0
    found = (read for ends, read in kinds.items() if name.endswith(ends))
    return next(found, None) if usable else None


def _parquet(path: Path, columns: set[str], spread: Spread, rows: int) -> Batches:
    parts = parts_of(path)
    schema = schema_of(path, parts, columns_in(columns, spread))
    for table, share in batches_in(parts, schema, rows=rows):
        yield frame_of(table, columns, spread), share


def _csv(path: Path, columns: set[str], _spread: Spread, rows: int) -> Batches:
    names, delimiter = csv_header(path)
    refuse_doubles(path, names)
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=[name for name in names if name in columns],
        null_values=CSV_NOTHING,
        strings_can_be_null=True,
    )
    with unpacked(path) as stream:
        try:
            reader = pa_csv.open_csv(
                stream,
                read_options=pa_csv.ReadOptions(block_size=rows * _BYTES_A_ROW),
                parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=convert,
            )
            for batch in reader:
                yield batch.to_pandas(), 0.0
        except pa.ArrowInvalid:
            refuse_ragged(path, delimiter, n_fields=len(names))
            raise


def _json_lines(path: Path, columns: set[str], spread: Spread, rows: int) -> Batches:
    objects = map(spread.row, json_rows(path))
    while some := list(islice(objects, rows)):
        yield table_of(some, columns=columns), 0.0
