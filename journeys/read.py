"""Reading an event log from a file, Parquet, CSV, JSON Lines or XES, or a folder of Parquet files.

Nothing is guessed that could lose something: CSV and JSON keep keys such as ``007`` as text, times
of any mixture of zones stay as written until `journeys.log` makes them UTC, numbers become numbers
only where the definition calls an attribute numeric.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from journeys.definition import Definition
from journeys.errors import EventLogError
from journeys.folder import folder_table
from journeys.log import EventLog, event_log, needed_columns
from journeys.rows import Row, table_of
from journeys.xes import xes_table

Columns = Collection[str] | None

CSV_NOTHING = ["", "NULL", "null", "NaN", "nan", "<NA>"]
_DELIMITERS = (",", ";", "\t", "|")
_KINDS = (
    "Parquet (.parquet), CSV (.csv), JSON Lines (.jsonl) or XES (.xes), the last three also .gz"
)


def read_events(path: str | Path, definition: Definition) -> EventLog:
    """Read the columns that a definition needs and return the events in order.

    Raises
    ------
    EventLogError, DefinitionError
        As `read_frame` and `journeys.log.event_log` raise them.
    """
    needed = needed_columns(definition)
    frame = read_frame(path, columns={*needed, definition.column("channel")})
    if not set(needed) <= set(frame.columns):
        frame = read_frame(path)  # the message says what is there instead
    return event_log(frame, definition)


def read_frame(path: str | Path, *, columns: Columns = None) -> pd.DataFrame:
    """Read a file of events, or a folder, in its own columns, all of them or only ``columns``.

    An absent column is no fault here.  Empty fields and NULL, null, NaN, nan and <NA> of a CSV are
    missing.  A nested value of JSON or Parquet is kept as its text.

    Raises
    ------
    EventLogError
        If the file is missing, is of an unknown kind, is empty or damaged.
    """
    path = Path(path)
    read = _reader(path)
    with plainly(path):
        return read(path, columns)


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn what a reader says of a damaged file into an `EventLogError`."""
    try:
        yield
    except ParseError as error:
        line, column = error.position
        raise EventLogError(
            f"{path.name} is not well-formed XML at line {line}, column {column} ({error}); "
            "export it again."
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise EventLogError(
            f"{path.name} cannot be unpacked ({error}): it is damaged, cut short or not gzip; "
            "copy it again."
        ) from None
    except UnicodeDecodeError as error:
        raise EventLogError(
            f"{path.name} is not UTF-8 text ({error.reason} at byte {error.start:,}); "
            "save it with the encoding UTF-8."
        ) from None
    except (pa.ArrowException, OSError, csv.Error) as error:
        raise EventLogError(
            f"{path.name} cannot be read: {_first_line(error)}. It is damaged, cut short or not "
            "what its name says; export it again."
        ) from None


def _reader(path: Path) -> Callable[[Path, Columns], pd.DataFrame]:
    if path.is_dir():
        return lambda folder, columns: frame_of(folder_table(folder, columns))
    if not path.is_file():
        raise EventLogError(f"There is no event log at {str(path)!r}; check the path.")
    kind = path.name.lower().removesuffix(".gz")
    read = next((read for ends, read in _READERS.items() if kind.endswith(ends)), None)
    if read is None:
        raise EventLogError(f"{path.name} is of a kind that is not known here; give {_KINDS}.")
    if path.stat().st_size == 0:
        raise EventLogError(f"{path.name} is empty (0 bytes); give a file with one row per event.")
    return read


def _parquet(path: Path, columns: Columns) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        refuse_doubles(path, names)
        wanted = names if columns is None else [name for name in names if name in columns]
        return frame_of(file.read(columns=wanted))


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return what a Parquet file holds as a table; nested values as their text."""
    # Without the metadata of pandas: an index that was written is a column like any other.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    return frame.assign(**{name: frame[name].map(_as_text, na_action="ignore") for name in nested})


def _csv(path: Path, columns: Columns) -> pd.DataFrame:
    names, delimiter = csv_header(path)
    refuse_doubles(path, names)
    wanted = names if columns is None else [name for name in names if name in columns]
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=wanted,
        null_values=CSV_NOTHING,
        strings_can_be_null=True,
    )
    try:
        frame: pd.DataFrame = pa_csv.read_csv(
            path, parse_options=parse, convert_options=convert
        ).to_pandas()
    except pa.ArrowInvalid:
        refuse_ragged(path, delimiter, n_fields=len(names))
        raise
    return frame


def refuse_ragged(path: Path, delimiter: str, *, n_fields: int) -> None:
    """Name the first line that has too many or too few fields."""
    with open_events(path) as stream:
        rows = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""), delimiter=delimiter)
        for row in rows:
            if row and len(row) != n_fields:
                raise EventLogError(
                    f"{path.name}, line {rows.line_num}: {len(row)} fields, where the first line "
                    f"names {n_fields}; put text that holds {delimiter!r} in double quotes."
                )


def csv_header(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter that splits them into the most."""
    with open_events(path) as stream:
        text = stream.readline().decode("utf-8-sig").rstrip("\r\n")
    splits = {mark: next(csv.reader([text], delimiter=mark), []) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(splits[mark]))
    return splits[delimiter], delimiter


def _json_lines(path: Path, columns: Columns) -> pd.DataFrame:
    try:
        frame = _flat_json(path)
    except pa.ArrowInvalid:  # mixed types, one list of objects, or a fault whose line we can name
        frame = None
    if frame is None:
        with open_events(path) as stream:
            return table_of(json_objects(stream, path.name), columns=columns)
    return frame[[name for name in frame.columns if columns is None or name in columns]]


def _flat_json(path: Path) -> pd.DataFrame | None:
    """Return objects of plain values, fast; None where a value is nested or of no single type."""
    table = pa_json.read_json(path)
    table.validate(full=True)  # else text that is not UTF-8 would pass
    if any(pa.types.is_nested(field.type) for field in table.schema):
        return None
    dates = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    if dates:  # taken for times, but only the definition knows what is a time: read them as text
        schema = pa.schema([(name, pa.string()) for name in dates])
        table = pa_json.read_json(path, parse_options=pa_json.ParseOptions(explicit_schema=schema))
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    return frame


def json_objects(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Yield the object of each line; a file that is one list of objects will do as well."""
    for number, raw in enumerate(stream, start=1):
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        if number == 1 and line.startswith("["):
            yield from _listed(line + stream.read().decode("utf-8"), name)
            return
        if line:
            yield _flat(_parsed(line, name, number), name, number)


def _listed(text: str, name: str) -> Iterator[Row]:
    for number, event in enumerate(_parsed(text, name, 1), start=1):
        yield _flat(event, name, number)


def _parsed(text: str, name: str, number: int) -> Any:  # json gives what the text holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventLogError(
            f"{name}, line {number}: this is not JSON ({error}); write one object per line."
        ) from None


def _flat(event: object, name: str, number: int) -> Row:
    if not isinstance(event, dict):
        raise EventLogError(
            f"{name}, line {number}: an event is an object such as "
            f'{{"customer_id": "c1", ...}}, not {str(event)[:40]!r}; write one object per line.'
        )
    if any(isinstance(value, dict | list) for value in event.values()):
        return {key: _as_text(value) for key, value in event.items()}
    return event


def _as_text(value: object) -> object:
    """Return a nested value as text; a plain one as it is."""
    plain = value.tolist() if isinstance(value, np.ndarray) else value
    return json.dumps(plain, default=str) if isinstance(plain, dict | list) else plain


def _xes(path: Path, columns: Columns) -> pd.DataFrame:
    with open_events(path) as stream:
        return xes_table(stream, columns=columns)


def open_events(path: Path) -> IO[bytes]:
    """Return the bytes of a file, unpacked where its name ends in .gz."""
    packed = path.name.lower().endswith(".gz")
    return cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))


def refuse_doubles(path: Path, names: list[str]) -> None:
    """Raise an `EventLogError` where two columns have one name."""
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise EventLogError(
            f"{path.name} has several columns named {doubles[0]!r}; give each column its own name."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:200].rstrip(".")


_READERS: dict[tuple[str, ...], Callable[[Path, Columns], pd.DataFrame]] = {
    (".parquet", ".pq"): _parquet,
    (".csv", ".tsv", ".txt"): _csv,
    (".jsonl", ".ndjson", ".json"): _json_lines,
    (".xes", ".xes.xml"): _xes,
}
