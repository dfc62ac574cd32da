"""JSON Lines: an object per line, or lists of objects; nested values as they stand."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.json as pa_json

from journeys.errors import EventLogError
from journeys.from_arrow import may_be_rounded
from journeys.nested import Spread
from journeys.rows import Columns, Row, table_of


def read_json_lines(path: Path, columns: Columns, spread: Spread) -> pd.DataFrame:
    """Read a file of objects; nested values are columns where asked for, else their text."""
    try:
        frame = _flat_json(path)
    except pa.ArrowInvalid:  # mixed types, one list of objects, or a fault whose line we can name
        frame = None
    if frame is None:
        return table_of(map(spread.row, json_rows(path)), columns=columns)
    return frame[[name for name in frame.columns if columns is None or name in columns]]


def json_rows(path: Path) -> Iterator[Row]:
    """Yield the objects of a file, as they are written.

    Raises
    ------
    EventLogError
        If a line is not JSON, or not an object or a list of objects.
    """
    with io.TextIOWrapper(unpacked(path), "utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.lstrip()[:1] == "[" and not _is_json(line):
                yield from _events(line + lines.read(), path.name, 1)
                return
            if line.strip():
                yield from _events(line, path.name, number)


def unpacked(path: Path) -> IO[bytes]:
    """Return the bytes of a file, unpacked where its name ends in .gz."""
    packed = path.name.lower().endswith(".gz")
    return cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))


def _flat_json(path: Path) -> pd.DataFrame | None:
    """Return objects of plain values, fast; None where that would lose something of them."""
    table = pa_json.read_json(path)
    table.validate(full=True)  # else text that is not UTF-8 would pass
    if any(pa.types.is_nested(field.type) for field in table.schema) or may_be_rounded(table):
        return None
    dates = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    if dates:  # taken for times, but only the definition knows what is a time: read them as text
        schema = pa.schema([(name, pa.string()) for name in dates])
        table = pa_json.read_json(path, parse_options=pa_json.ParseOptions(explicit_schema=schema))
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    return frame


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _events(text: str, name: str, number: int) -> Iterator[Row]:
    """Yield the object of a text, or those of its list."""
    said = _parsed(text, name, number)
    many = said if isinstance(said, list) else [said]
    for place, event in enumerate(many, start=1):
        if not isinstance(event, dict):
            where = number if many is not said else place
            raise EventLogError(
                f"{name}, line {where}: an event is an object such as "
                f'{{"customer_id": "c1", ...}}, not {str(event)[:40]!r}; write one object per line.'
            )
        yield event


def _parsed(text: str, name: str, number: int) -> Any:  # json gives what the text holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventLogError(
            f"{name}, line {number}: this is not JSON ({error}); write one object per line."
        ) from None
