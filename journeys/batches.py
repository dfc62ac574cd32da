"""A log as tables of some events at a time, in its own columns and in the order of the file.

Parquet, a folder of it, CSV and JSON Lines are read so; of XES, which has no end before its last
line, all events are one table.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from journeys.folder import Part, part_batches, parts_of, schema_of
from journeys.read import (
    CSV_NOTHING,
    csv_header,
    frame_of,
    json_objects,
    open_events,
    plainly,
    read_frame,
    refuse_doubles,
    refuse_ragged,
)
from journeys.rows import table_of

Batches = Iterator[tuple[pd.DataFrame, float]]
_Read = Callable[[Path, Collection[str], int], Batches]

_BYTES_A_ROW = 100


def batches_of(path: Path, columns: Collection[str], *, rows: int) -> Batches:
    """Yield about so many events at a time, with those of the columns that there are.

    Beside each table stands the share of the log that has been read with it, 0 where only
    its end will tell.

    Raises
    ------
    EventLogError
        As `journeys.read.read_frame`.
    """
    read = _reader(path)
    if read is None:
        yield read_frame(path, columns=columns), 1.0
        return
    with plainly(path):
        yield from read(path, columns, rows)


def named_columns(path: Path) -> list[str] | None:
    """Return the names of a log's columns; None where they are known at its end alone."""
    if _reader(path) is _parquet:
        return list(schema_of(path, _parts(path), None).names)
    return csv_header(path)[0] if _reader(path) is _csv else None


def events_in(path: Path) -> int:
    """Return about how many events a log has: of Parquet exactly, else by the size of the file."""
    if path.is_dir() or _kind(path).endswith((".parquet", ".pq")):
        return sum(part.rows for part in _parts(path))
    packed = path.name.lower().endswith(".gz")
    return path.stat().st_size * (10 if packed else 1) // _BYTES_A_ROW


def _reader(path: Path) -> _Read | None:
    if path.is_dir():
        return _parquet
    kinds: dict[tuple[str, ...], _Read] = {
        (".parquet", ".pq"): _parquet,
        (".csv", ".tsv", ".txt"): _csv,
        (".jsonl", ".ndjson", ".json"): _json_lines,
    }
    usable = path.is_file() and path.stat().st_size > 0
    found = (read for ends, read in kinds.items() if _kind(path).endswith(ends))
    return next(found, None) if usable else None


def _kind(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _parts(path: Path) -> list[Part]:
    return parts_of(path) if path.is_dir() else [Part(path, path.name, {})]


def _parquet(path: Path, columns: Collection[str], rows: int) -> Batches:
    parts = _parts(path)
    for table, share in part_batches(parts, schema_of(path, parts, columns), rows=rows):
        yield frame_of(table), share


def _csv(path: Path, columns: Collection[str], rows: int) -> Batches:
    names, delimiter = csv_header(path)
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=[name for name in names if name in columns],
        null_values=CSV_NOTHING,
        strings_can_be_null=True,
    )
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    refuse_doubles(path, names)
    with open_events(path) as stream:
        try:
            reader = pa_csv.open_csv(
                stream,
                read_options=pa_csv.ReadOptions(block_size=rows * _BYTES_A_ROW),
                parse_options=parse,
                convert_options=convert,
            )
            for batch in reader:
                yield batch.to_pandas(), 0.0
        except pa.ArrowInvalid:
            refuse_ragged(path, delimiter, n_fields=len(names))
            raise


def _json_lines(path: Path, columns: Collection[str], rows: int) -> Batches:
    with open_events(path) as stream:
        objects = json_objects(stream, path.name)
        while some := list(islice(objects, rows)):
            yield table_of(some, columns=columns), 0.0
