"""Reading an event log: a file, a folder or a query, as it stands or in a form that is named.

Nothing is guessed that could lose something: CSV and JSON keep keys such as ``007`` as text, times
of any mixture of zones stay as written until `journeys.log` makes them UTC, numbers become numbers
only where the definition calls an attribute numeric.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from journeys.definition import Definition
from journeys.errors import EventLogError
from journeys.folder import Wanted, batches_in, folder_table, parts_of, schema_of
from journeys.formed import formed
from journeys.forms import Form, form_named
from journeys.from_arrow import frame_from
from journeys.json_lines import json_rows, read_json_lines, unpacked
from journeys.log import EventLog, event_log, needed_columns
from journeys.nested import Spread
from journeys.query import is_address, masked, query_rows
from journeys.rows import Columns, Row, table_of
from journeys.xes import xes_table

_Read = Callable[[Path, Columns, Spread], pd.DataFrame]

_ROWS_AT_ONCE = 20_000
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
    frame = read_as(path, definition, columns={*needed, definition.column("channel")})
    if not set(needed) <= set(frame.columns):
        frame = read_as(path, definition)  # the message says what is there instead
    return event_log(frame, definition)


def read_as(source: str | Path, definition: Definition, *, columns: Columns = None) -> pd.DataFrame:
    """Read a log as a definition says that it is written: form, query, and columns inside others.

    All its columns, or only ``columns``; errors as `read_frame` raises them.
    """
    return read_frame(
        source,
        columns=columns,
        nested=needed_columns(definition),
        form=definition.form,
        query=definition.query or "",
    )


def read_frame(
    source: str | Path,
    *,
    columns: Columns = None,
    nested: Columns = (),
    form: str | None = None,
    query: str = "",
) -> pd.DataFrame:
    """Read events in their own columns, all of them or only ``columns``.

    An absent column is no fault here.  Empty fields and NULL, null, NaN, nan and <NA> of a CSV are
    missing.  A nested value is kept as its text, unless ``nested`` names columns inside it (dotted;
    None: all): then these stand in its place.

    Parameters
    ----------
    source : a file, a folder of Parquet files, or the address of a database; then ``query`` says
        what is read
    form : the name of a form (`journeys.forms`): its events instead of the rows as they stand

    Raises
    ------
    EventLogError
        If the source is missing, of an unknown kind, empty or damaged.
    """
    asked = nested if columns is None or nested is None else {*nested, *columns}
    if is_address(source):
        rows = query_rows(str(source), query)
        return _of_rows(rows, columns, asked, form, masked(str(source)))
    if query:
        raise EventLogError(
            f"There is a query, but {str(source)!r} is a file, which is read whole. Give the "
            "address of a database, such as postgresql://user@host/name, or take the query out."
        )
    path = Path(source)
    kind, read = _reader(path)
    with plainly(path):
        if form is None:
            return read(path, columns, Spread.of(asked, path.name))
        return _of_rows(_rows(path, kind, form_named(form)), columns, asked, form, path.name)


def _of_rows(
    rows: Iterator[Row], columns: Columns, asked: Columns, form: str | None, source: str
) -> pd.DataFrame:
    """Return rows as a table, as they stand or as the events of a form."""
    if form is not None:
        return formed(rows, form_named(form), columns=columns, source=source)
    return table_of(map(Spread.of(asked, source).row, rows), columns=columns)


def _rows(path: Path, kind: str, form: Form) -> Iterator[Row]:
    """Yield the rows of a file as they stand in it, nested values and all."""
    if kind == ".xes":
        raise EventLogError(
            f"{path.name} is XES, which is a form itself; take `form: {form.name}` out."
        )
    if kind == ".jsonl":
        yield from json_rows(path)
    elif kind == ".parquet":
        parts = parts_of(path)
        schema = schema_of(path, parts, lambda _name: True)
        for batch, _ in batches_in(parts, schema, rows=_ROWS_AT_ONCE):
            yield from batch.to_pylist()
    else:
        frame = _csv(path, None, Spread.of((), path.name), header=form.header)
        names = list(frame.columns)
        for first in range(0, len(frame), _ROWS_AT_ONCE):
            some = frame.iloc[first : first + _ROWS_AT_ONCE].astype(object)
            columns = [column.tolist() for _, column in some.where(some.notna(), None).items()]
            yield from (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


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


def _reader(path: Path) -> tuple[str, _Read]:
    """Return the kind of a file, by the first of its endings, and what reads it."""
    if path.is_dir():
        return ".parquet", _folder
    if not path.is_file():
        raise EventLogError(f"There is no event log at {str(path)!r}; check the path.")
    name = path.name.lower().removesuffix(".gz")
    found = next(((ends[0], read) for ends, read in _READERS.items() if name.endswith(ends)), None)
    if found is None:
        raise EventLogError(f"{path.name} is of a kind that is not known here; give {_KINDS}.")
    if path.stat().st_size == 0:
        raise EventLogError(f"{path.name} is empty (0 bytes); give a file with one row per event.")
    return found


def _parquet(path: Path, columns: Columns, spread: Spread) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        refuse_doubles(path, names)
        wanted = list(filter(columns_in(columns, spread), names))
        return frame_of(file.read(columns=wanted), columns, spread)


def _folder(path: Path, columns: Columns, spread: Spread) -> pd.DataFrame:
    return frame_of(folder_table(path, columns_in(columns, spread)), columns, spread)


def columns_in(columns: Columns, spread: Spread) -> Wanted:
    """Return whether a column of a file is read: it is asked for, or something inside it is."""
    return lambda name: columns is None or name in columns or spread.opens(name)


def frame_of(table: pa.Table, columns: Columns, spread: Spread) -> pd.DataFrame:
    """Return what a Parquet file holds as a table, the columns inside others where asked for."""
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    frame = frame_from(table.drop_columns(nested))
    for name in nested:
        inside = ({name: value} for value in table[name].to_pylist())
        frame = frame.join(table_of(map(spread.row, inside), columns=columns))
    names = [name for name in table.column_names if name in frame.columns]
    order = dict.fromkeys([*names, *frame.columns])
    return frame[list(order)]


def _csv(
    path: Path, columns: Columns, _spread: Spread, header: tuple[str, ...] = ()
) -> pd.DataFrame:
    names, delimiter = csv_header(path)
    bare = bool(header) and len(names) == len(header) and not set(names) & set(header)
    names = list(header) if bare else names
    refuse_doubles(path, names)
    wanted = names if columns is None else [name for name in names if name in columns]
    parse = pa_csv.ParseOptions(
        delimiter=delimiter,
        newlines_in_values=not bare,
        quote_char=False if bare else '"',  # without a header, quotes are text like any other
    )
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=wanted,
        null_values=CSV_NOTHING,
        strings_can_be_null=True,
    )
    try:
        frame: pd.DataFrame = pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(column_names=names if bare else None),
            parse_options=parse,
            convert_options=convert,
        ).to_pandas()
    except pa.ArrowInvalid:
        refuse_ragged(path, delimiter, n_fields=len(names))
        raise
    return frame


def refuse_ragged(path: Path, delimiter: str, *, n_fields: int) -> None:
    """Name the first line that has too many or too few fields."""
    with unpacked(path) as stream:
        rows = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""), delimiter=delimiter)
        for row in rows:
            if row and len(row) != n_fields:
                raise EventLogError(
                    f"{path.name}, line {rows.line_num}: {len(row)} fields, where the first line "
                    f"names {n_fields}; put text that holds {delimiter!r} in double quotes."
                )


def csv_header(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter that splits them into the most."""
    with unpacked(path) as stream:
        text = stream.readline().decode("utf-8-sig").rstrip("\r\n")
    splits = {mark: next(csv.reader([text], delimiter=mark), []) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(splits[mark]))
    return splits[delimiter], delimiter


def _xes(path: Path, columns: Columns, spread: Spread) -> pd.DataFrame:
    with unpacked(path) as stream:
        return xes_table(stream, columns=columns, spread=spread)


def refuse_doubles(path: Path, names: list[str]) -> None:
    """Raise an `EventLogError` where two columns have one name."""
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise EventLogError(
            f"{path.name} has several columns named {doubles[0]!r}; give each column its own name."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:200].rstrip(".")


_READERS: dict[tuple[str, ...], _Read] = {
    (".parquet", ".pq"): _parquet,
    (".csv", ".tsv", ".txt"): _csv,
    (".jsonl", ".ndjson", ".json"): read_json_lines,
    (".xes", ".xes.xml"): _xes,
}
