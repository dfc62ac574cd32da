"""From a log on disk to shards: read once, in order, in bounded memory, and learnt on the way.

Each event goes to the part of its customer, by a hash of the key; when the log begins and ends,
how many events it has and which values its columns hold is learnt meanwhile.  Then each part is
sorted and becomes a bucket (`journeys.arranged`).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from journeys.arranged import PACKED, arrange, order_of
from journeys.batches import batches_of, named_columns
from journeys.definition import Definition
from journeys.errors import EventLogError
from journeys.file_shards import FileShards
from journeys.log import (
    CUSTOMER,
    TIME,
    event_columns,
    instants,
    microseconds,
    needed_columns,
    require_columns,
)
from journeys.shards import Progress, Whole
from journeys.unreadable import Unreadable

Rows = NDArray[np.int64]


def bucketed(  # noqa: PLR0913 - a log, a place, and how it is cut
    path: Path,
    definition: Definition,
    folder: Path,
    *,
    buckets: int,
    size: int = 1_000_000,
    rows: int = 1_000_000,
    progress: Progress | None = None,
) -> FileShards:
    """Write a log as buckets of customers into a folder, and return them as shards.

    Parameters
    ----------
    folder : is made; what it holds of earlier buckets is gone
    buckets : how many files are written to at once
    size : about how many events a shard has
    rows : about how many events are held while the log is read

    Raises
    ------
    EventLogError, DefinitionError
        As `journeys.read.read_events`, with the counts of the whole log.
    OSError
        If the buckets cannot be written.
    """
    names = named_columns(path, definition)
    if names is not None:
        inside = (name for name in needed_columns(definition) if name.split(".")[0] in names)
        require_columns([*names, *inside], definition)
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("bucket-*.arrow"), *folder.glob("part-*.arrows")):
        old.unlink()
    learnt = _Learnt(definition)
    with _Parts(folder) as parts:
        for frame, share in batches_of(path, definition, rows=rows):
            for number, table in learnt.in_buckets(frame, buckets):
                parts.append(number, table)
            if progress is not None:
                progress("reading the log", share)
        learnt.refuse()
        return _arranged(learnt, parts, size, progress)


@dataclass
class _Parts:
    """The parts while they are written, gone at the end; a file is begun with its first event."""

    folder: Path
    opened: ExitStack = field(default_factory=ExitStack)
    writers: dict[Path, pa.ipc.RecordBatchStreamWriter] = field(default_factory=dict)

    def append(self, number: int, table: pa.Table) -> None:
        part = self.folder / f"part-{number:05}.arrows"
        if part not in self.writers:
            file = self.opened.enter_context(pa.OSFile(str(part), "wb"))
            writer = pa.ipc.new_stream(file, table.schema, options=PACKED)
            self.writers[part] = self.opened.enter_context(writer)
        self.writers[part].write_table(table)

    def __enter__(self) -> "_Parts":
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()
        for part in self.writers:
            part.unlink(missing_ok=True)


def _arranged(learnt: "_Learnt", parts: _Parts, size: int, progress: Progress | None) -> FileShards:
    """Return the shards of a log that has been read, its parts made buckets."""
    parts.opened.close()
    whole, number_keys = learnt.whole(), learnt.numbers[CUSTOMER]
    texts = {name: tuple(found) for name, found in learnt.texts.items()}
    customers, made = 0, []
    for part in sorted(parts.writers):
        bucket = part.with_name(f"{part.stem.replace('part', 'bucket')}.arrow")
        customers += arrange(part, bucket, whole, texts, numbers=number_keys)
        made.append(bucket)
        if progress is not None:
            progress("sorting", len(made) / len(parts.writers))
    return FileShards(
        learnt.definition, replace(whole, customers=customers), made, number_keys, size
    )


@dataclass
class _Learnt:
    """What is known of the log so far.

    ``texts`` gives each value of a text column its place, by first appearance; ``numbers`` says
    whether all that a text column held so far were numbers, which are sorted as such.
    """

    definition: Definition
    unreadable: Unreadable = field(default_factory=Unreadable)
    seen: set[str] = field(default_factory=set)
    texts: dict[str, dict[str, int]] = field(default_factory=dict)
    numbers: dict[str, bool] = field(default_factory=dict)
    begins: int = np.iinfo(np.int64).max
    ends: int = np.iinfo(np.int64).min

    def in_buckets(self, frame: pd.DataFrame, many: int) -> Iterator[tuple[int, pa.Table]]:
        """Yield the events of a table by bucket, in its order; none once there is a fault."""
        self.seen |= set(map(str, frame.columns))
        needed = [name for name in needed_columns(self.definition) if name not in frame.columns]
        frame = frame.reindex(columns=[*frame.columns, *needed]) if needed else frame
        events = event_columns(frame, self.definition, self.unreadable)
        if self.unreadable.found or events.empty:
            return
        times, keys = microseconds(events[TIME]), events[CUSTOMER].cat
        self.begins, self.ends = min(self.begins, times.min()), max(self.ends, times.max())
        bucket = _bucket_of(keys.categories, many)[keys.codes.to_numpy()]
        order = np.argsort(bucket, kind="stable")
        table = self._table(events, frame, times).take(pa.array(order))
        key = pa.array(keys.categories.astype(object), type=pa.string())
        key = key.take(pa.array(keys.codes.to_numpy()[order]))
        table = table.add_column(0, CUSTOMER, key)
        bounds = np.searchsorted(bucket[order], np.arange(many + 1))
        for number in np.flatnonzero(np.diff(bounds)):
            yield int(number), table.slice(bounds[number], bounds[number + 1] - bounds[number])

    def refuse(self) -> None:
        """Raise what is wrong with the log, if anything is."""
        if not self.unreadable.events:
            raise EventLogError("The event log is empty: it has no event; give one row per event.")
        require_columns(self.seen, self.definition)
        self.unreadable.refuse()

    def whole(self) -> Whole:
        """Return what is known of the whole log but the number of customers, which is 0 here."""
        begins, ends = instants(np.array([self.begins, self.ends]))
        return Whole(
            begins=begins,
            ends=ends,
            events=self.unreadable.events,
            customers=0,
            categories={
                name: tuple(self._sorted(name, found)) for name, found in self.texts.items()
            },
        )

    def _sorted(self, name: str, found: dict[str, int]) -> list[str]:
        return sorted(found, key=lambda one: order_of(one, number=self.numbers[name]))

    def _table(self, events: pd.DataFrame, frame: pd.DataFrame, times: Rows) -> pa.Table:
        """Return all columns but the key: times, places of texts, and numbers."""
        columns: dict[str, pa.Array] = {TIME: pa.array(times)}
        for name, column in events.items():
            if isinstance(column.dtype, pd.CategoricalDtype):
                read = self.definition.column(str(name))
                self._note(str(name), frame[read] if read in frame.columns else None)
            if name in (CUSTOMER, TIME):
                continue
            texts = isinstance(column.dtype, pd.CategoricalDtype)
            values = self._places(str(name), column) if texts else column.to_numpy()
            columns[str(name)] = pa.array(values)
        return pa.table(columns)

    def _note(self, name: str, column: pd.Series | None) -> None:
        dtype = None if column is None else column.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = dtype.categories.dtype
        number = dtype is None or (
            pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
        )
        self.numbers[name] = self.numbers.get(name, True) and number

    def _places(self, name: str, column: pd.Series) -> NDArray[np.int32]:
        known = self.texts.setdefault(name, {})
        places = [known.setdefault(str(value), len(known)) for value in column.cat.categories]
        return np.array([*places, -1], dtype=np.int32)[column.cat.codes.to_numpy()]


def _bucket_of(keys: pd.Index, many: int) -> Rows:
    """Return the bucket of each key, by a hash that is the same on every machine."""
    hashed = pd.util.hash_array(keys.to_numpy(dtype=object), categorize=False)
    return np.asarray(hashed % np.uint64(many), dtype=np.int64)
