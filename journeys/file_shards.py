"""Shards in files of this machine: a log of any size, some customers of it in memory at a time.

`journeys.bucketed` reads the log once and writes each event to the **bucket** of its customer, a
file with all events of its customers, in order (`journeys.arranged`).  A pass over the shards reads
one bucket after another, so that what is held is one bucket, and what a task makes of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from journeys.arranged import ranked, read_bucket
from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME, EventLog, instants
from journeys.shards import (
    Join,
    Progress,
    Task,
    Whole,
    chosen_of,
    made,
    shards_in,
    written,
)

Codes = NDArray[np.signedinteger]


@dataclass(frozen=True)
class FileShards:
    """A log in buckets on disk, as shards of about so many events; as `journeys.shards.Shards`.

    Attributes
    ----------
    buckets : Arrow files, each with all events of its customers, sorted by customer and time: the
        key as a code of the keys, which are in order, ``time`` in microseconds since the epoch
        (UTC), texts as codes in ``whole.categories`` (-1: missing), numbers as float64
    number_keys : whether the keys were numbers in the log, and are in their order
    kept : whatever has to live as long as the buckets, such as their temporary folder
    """

    definition: Definition
    whole: Whole
    buckets: Sequence[Path]
    number_keys: bool
    size: int = 1_000_000
    kept: object = field(default=None, repr=False, compare=False)

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        """Return what a task makes of every shard, put together."""
        return made(self._shards(progress), task, join)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        """Write what a task makes of every shard as Parquet files of a folder; return the rows."""
        return written(self._shards(progress), task, folder)

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        """Return the log of about so many customers, chosen by a keyed hash of their keys."""
        share = customers / max(self.whole.customers, 1)
        names: list[str] = []
        pieces: list[pa.Table] = []
        for bucket in self.buckets:
            table = read_bucket(bucket)
            keys = table.column(CUSTOMER).chunk(0)
            chosen = chosen_of(keys.dictionary.to_pylist(), share, seed=seed)
            codes = (np.cumsum(chosen) - 1 + len(names))[keys.indices.to_numpy()]
            names += keys.dictionary.filter(pa.array(chosen)).to_pylist()
            table = table.set_column(0, CUSTOMER, pa.array(codes))
            pieces.append(table.filter(pa.array(chosen[keys.indices.to_numpy()])))
        in_order, rank = ranked(names, numbers=self.number_keys)
        table = pa.concat_tables(pieces)
        whose = rank[table.column(CUSTOMER).to_numpy()]
        order = np.argsort(whose, kind="stable")
        return self._log(table.take(pa.array(order)), whose[order], in_order)

    def _shards(self, progress: Progress | None) -> Iterator[EventLog]:
        done = 0
        for bucket in self.buckets:
            table = read_bucket(bucket)
            keys = table.column(CUSTOMER).chunk(0)
            log = self._log(table, keys.indices.to_numpy(), keys.dictionary.to_pylist())
            yield from [log] if len(log) <= self.size else shards_in(log, self.whole, self.size)
            done += len(log)
            if progress is not None:
                progress("shards", done / self.whole.events)

    def _log(self, table: pa.Table, customers: Codes, names: list[str]) -> EventLog:
        """Return the events of some customers, which are in order."""
        columns: dict[str, object] = {
            CUSTOMER: pd.Categorical.from_codes(customers, categories=pd.Index(names)),
            TIME: instants(table.column(TIME).to_numpy()),
        }
        for name in (ACTIVITY, CHANNEL, *self.definition.fields, *self.definition.said):
            values, known = table.column(name).to_numpy(), self._categories.get(name)
            columns[name] = (
                values if known is None else pd.Categorical.from_codes(values, categories=known)
            )
        return EventLog(pd.DataFrame(columns), self.whole.ends, self.whole.begins)

    @cached_property
    def _categories(self) -> "dict[str, pd.Index[str]]":
        return {name: pd.Index(list(values)) for name, values in self.whole.categories.items()}
