"""Shards in files of this machine: a log of any size, some customers of it in memory at a time.

`journeys.bucketed` reads the log once, in order, and writes each event to the **bucket** of its
customer; a bucket is a Parquet file whose rows stand as they stood in the log.  A pass over the
shards reads one bucket after another and sorts it, so that what is held is one bucket, and what a
task makes of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME, EventLog, instants
from journeys.shards import Progress, Task, Whole, chosen_of, made, shard_of, shards_in, written

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class FileShards:
    """A log in buckets on disk, as shards of about so many events; as `journeys.shards.Shards`.

    Attributes
    ----------
    buckets : Parquet files, each with all events of its customers: the key as text, ``time`` in
        microseconds since the epoch (UTC), texts as places in ``texts`` (-1: missing), numbers as
        float64, in the order of the log
    texts : per text column but the customers', its values in the order of first appearance
    number_keys : whether the keys were numbers in the log, and are in their order
    kept : whatever has to live as long as the buckets, such as their temporary folder
    """

    definition: Definition
    whole: Whole
    buckets: Sequence[Path]
    texts: Mapping[str, Sequence[str]]
    number_keys: bool
    size: int = 1_000_000
    kept: object = field(default=None, repr=False, compare=False)

    def map(self, task: Task, *, progress: Progress | None = None) -> pa.Table:
        """Return what a task makes of every shard, put together."""
        return made(self._shards(progress), task)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        """Write what a task makes of every shard as Parquet files of a folder; return the rows."""
        return written(self._shards(progress), task, folder)

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        """Return the log of about so many customers, chosen by a keyed hash of their keys."""
        share = customers / max(self.whole.customers, 1)
        pieces = []
        for bucket in self.buckets:
            table = _read(bucket)
            keys = table.column(CUSTOMER).combine_chunks()
            chosen = chosen_of(keys.dictionary.to_pylist(), share, seed=seed)
            pieces.append(table.filter(pa.array(chosen[keys.indices.to_numpy()])))
        return self._log(pa.concat_tables(pieces).unify_dictionaries())

    def _shards(self, progress: Progress | None) -> Iterator[EventLog]:
        done = 0
        for bucket in self.buckets:
            log = self._log(_read(bucket))
            yield from [log] if len(log) <= self.size else shards_in(log, self.whole, self.size)
            done += len(log)
            if progress is not None:
                progress("shards", done / self.whole.events)

    def _log(self, table: pa.Table) -> EventLog:
        """Return the events of some customers, in order."""
        keys = table.column(CUSTOMER).combine_chunks()
        names = keys.dictionary.to_pylist()
        used = np.unique(keys.indices.to_numpy())
        in_order = sorted(used.tolist(), key=lambda code: order_of(names[code], self.number_keys))
        rank = np.zeros(len(names), dtype=np.int32)
        rank[in_order] = np.arange(len(in_order), dtype=np.int32)
        customers, times = rank[keys.indices.to_numpy()], table.column(TIME).to_numpy()
        # lexsort is stable: events of one customer and instant stay as they stand in the log
        order = np.lexsort((times, customers))
        categories = pd.Index([names[code] for code in in_order])
        columns: dict[str, object] = {
            CUSTOMER: pd.Categorical.from_codes(customers[order], categories=categories),
            TIME: instants(times[order]),
        }
        for name in (ACTIVITY, CHANNEL, *self.definition.fields, *self.definition.said):
            column = table.column(name).to_numpy()[order]
            columns[name] = self._text(name, column) if name in self.texts else column
        return shard_of(pd.DataFrame(columns), self.whole)

    def _text(self, name: str, places: Rows) -> "pd.Categorical[str]":
        names = list(self.whole.categories[name])
        code = {value: place for place, value in enumerate(names)}
        of_place = np.array([*(code[value] for value in self.texts[name]), -1], dtype=np.int32)
        return pd.Categorical.from_codes(of_place[places], categories=pd.Index(names))


def order_of(text: str, number: bool) -> tuple[float, str]:
    """Return by what a value is sorted: its text or, of a column of numbers, the number."""
    if not number:
        return 0, text
    try:
        return int(text), text
    except ValueError:
        return float(text), text


def _read(bucket: Path) -> pa.Table:
    table = pq.read_table(bucket, read_dictionary=[CUSTOMER], partitioning=None)
    return table.unify_dictionaries()
