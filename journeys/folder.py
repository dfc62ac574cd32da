"""A folder of Parquet files as one log: flat, or partitioned, ``day=2026-03-03/part-0.parquet``.

The order of its events is that of the files by their paths, then of the rows in a file.  Names
that begin with ``_`` or ``.`` (``_SUCCESS``, checksums) are no part of it; a ``name=value`` in a
path is a column of text like any other, unless the file has that column itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from journeys.errors import EventLogError

Wanted = Callable[[str], bool]
"""Whether a column is to be read."""

_NOTHING = "__HIVE_DEFAULT_PARTITION__"
_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True)
class Part:
    """One file of a folder: where it is, how it is named there, and what its path says."""

    path: Path
    named: str
    said: Mapping[str, str | None]

    @property
    def rows(self) -> int:
        """How many events it holds."""
        try:
            return int(pq.read_metadata(self.path).num_rows)
        except (pa.ArrowException, OSError) as fault:
            raise _unreadable(self, fault) from None


def folder_table(folder: Path, wanted: Wanted) -> pa.Table:
    """Return a folder's events with the columns that are wanted, in memory.

    Raises
    ------
    EventLogError
        If the folder holds no Parquet file or something else, or its files do not go together.
    """
    parts = parts_of(folder)
    schema = schema_of(folder, parts, wanted)
    tables = [table for table, _ in batches_in(parts, schema, rows=None)]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def parts_of(folder: Path) -> list[Part]:
    """Return the files of a folder in the order of their events; of one file, itself.

    Errors as in `folder_table`.
    """
    if not folder.is_dir():
        return [Part(folder, folder.name, {})]
    paths = sorted(
        (path.relative_to(folder).as_posix(), path)
        for path in folder.rglob("*")
        if path.is_file() and not _is_hidden(path.relative_to(folder))
    )
    strangers = [named for named, path in paths if path.suffix.lower() not in _SUFFIXES]
    if strangers:
        raise EventLogError(
            f"The folder {folder.name!r} holds {strangers[0]!r}, which is no Parquet file, and "
            "only Parquet files make a log together. Take it out, or name one file of events."
        )
    if not paths:
        raise EventLogError(
            f"The folder {str(folder)!r} holds no Parquet file (.parquet); name a folder of them, "
            "or one file of events."
        )
    return [Part(path, named, _said(named)) for named, path in paths]


def schema_of(folder: Path, parts: Sequence[Part], wanted: Wanted) -> pa.Schema:
    """Return the columns that all files can be read with; errors as in `folder_table`."""
    merged, first = None, parts[0]
    for part in parts:
        schema = pa.schema([field for field in _own_schema(part) if wanted(field.name)])
        merged = schema if merged is None else _together(folder, (merged, first), (schema, part))
    assert merged is not None
    return pa.schema([pa.field(field.name, _coded(field.type)) for field in merged])


def batches_in(
    parts: Sequence[Part], schema: pa.Schema, *, rows: int | None
) -> Iterator[tuple[pa.Table, float]]:
    """Yield the events in order, so many at a time (None: a file), and the share done so far."""
    total, done = max(sum(part.rows for part in parts), 1), 0
    for part in parts:
        try:
            for table in _tables(part, schema, rows):
                done += table.num_rows
                yield _with_path(table, part, schema), done / total
        except (pa.ArrowException, OSError) as fault:
            raise _unreadable(part, fault) from None


def _tables(part: Part, schema: pa.Schema, rows: int | None) -> Iterator[pa.Table]:
    present = pq.read_schema(part.path).names
    names = [name for name in schema.names if name in present]
    texts = [name for name in names if pa.types.is_dictionary(schema.field(name).type)]
    with pq.ParquetFile(part.path, read_dictionary=texts) as file:
        if rows is None:
            yield file.read(columns=names)
            return
        for batch in file.iter_batches(batch_size=rows, columns=names):
            yield pa.Table.from_batches([batch])


def _with_path(table: pa.Table, part: Part, schema: pa.Schema) -> pa.Table:
    """Return the table with the columns of its path, in the types that all files share."""
    columns = []
    for field in schema:
        if field.name in table.column_names:
            columns.append(_as(table.column(field.name), field.type))
            continue
        said = pa.array([part.said[field.name]], type=pa.string()).dictionary_encode()
        where = pa.array(np.zeros(table.num_rows, dtype=np.int64))
        columns.append(_as(said.take(where), field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _own_schema(part: Part) -> pa.Schema:
    try:
        schema = pq.read_schema(part.path).remove_metadata()
    except (pa.ArrowException, OSError) as fault:
        raise _unreadable(part, fault) from None
    doubles = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if doubles:
        raise EventLogError(
            f"{part.named} has several columns named {doubles[0]!r}; give each column its own name."
        )
    for name in part.said:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.dictionary(pa.int32(), pa.string())))
    return schema


def _together(
    folder: Path, some: tuple[pa.Schema, Part], other: tuple[pa.Schema, Part]
) -> pa.Schema:
    (schema, first), (also, part) = some, other
    if schema.equals(also):
        return schema
    for one, its, another, theirs in ((schema, first, also, part), (also, part, schema, first)):
        lacking = sorted(set(one.names) - set(another.names))
        if lacking:
            raise EventLogError(
                f"The files of {folder.name!r} do not go together: {theirs.named} lacks the column "
                f"{lacking[0]!r}, which {its.named} has. Write all of them with the same columns."
            )
    try:
        return pa.unify_schemas([_plain(schema), _plain(also)], promote_options="permissive")
    except pa.ArrowException:
        name = next(name for name in schema.names if not _goes(schema, also, name))
        raise EventLogError(
            f"The files of {folder.name!r} do not go together: the column {name!r} is "
            f"{schema.field(name).type} in {first.named} and {also.field(name).type} in "
            f"{part.named}. Write it in one type."
        ) from None


def _goes(schema: pa.Schema, also: pa.Schema, name: str) -> bool:
    both = [_plain(pa.schema([one.field(name)])) for one in (schema, also)]
    try:
        pa.unify_schemas(both, promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with values instead of codes for them."""
    return pa.schema(
        [
            pa.field(field.name, field.type.value_type)
            if pa.types.is_dictionary(field.type)
            else pa.field(field.name, field.type)
            for field in schema
        ]
    )


def _coded(kind: pa.DataType) -> pa.DataType:
    """Return texts as codes: what is repeated a million times is held once."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string(value) or pa.types.is_large_string(value):
        return pa.dictionary(pa.int32(), pa.string())
    return value


def _as(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if column.type == kind:
        return column
    if not pa.types.is_dictionary(kind):
        return column.cast(kind)
    return column.cast(kind.value_type).dictionary_encode()


def _said(named: str) -> dict[str, str | None]:
    pairs = (folder.split("=", 1) for folder in named.split("/")[:-1] if "=" in folder)
    return {unquote(name): None if value == _NOTHING else unquote(value) for name, value in pairs}


def _is_hidden(path: Path) -> bool:
    return any(name.startswith((".", "_")) and "=" not in name for name in path.parts)


def _unreadable(part: Part, fault: Exception) -> EventLogError:
    reason = str(fault).strip().split("\n", maxsplit=1)[0][:200].rstrip(".")
    return EventLogError(
        f"{part.named} cannot be read: {reason}. It is damaged, cut short or not what its name "
        "says; export it again."
    )
