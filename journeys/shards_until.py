"""Shards of a log as it was known at an instant: no later event, and no value that came later."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from journeys.definition import Definition
from journeys.errors import nothing_until
from journeys.log import TIME, EventLog, log_until
from journeys.shards import HeldShards, Join, Progress, Shards, Task, Whole, shard_of


def shards_until(shards: Shards, until: pd.Timestamp) -> Shards:
    """Return the shards of the log as `journeys.log.log_until` cuts it; one pass, if it does.

    Parameters
    ----------
    until : UTC

    Raises
    ------
    TooLittleDataError
        If there was no event yet.
    """
    if until >= shards.whole.ends:
        return shards
    if isinstance(shards, HeldShards):
        return replace(shards, log=log_until(shards.log, until))
    found = shards.map(partial(_known, until)).to_pandas()
    if found.empty:
        raise nothing_until(until, shards.whole.begins)
    each = found[found["column"] == found["column"].iloc[0]]
    whole = replace(
        shards.whole,
        ends=pd.Timestamp(each["ends"].max()).as_unit("us"),
        events=int(each["events"].sum()),
        customers=int(each["customers"].sum()),
        categories={
            name: tuple(values[code] for code in _codes(found, name))
            for name, values in shards.whole.categories.items()
        },
    )
    return _Until(shards, until, whole)


@dataclass(frozen=True)
class _Until:
    """Shards of which each ends at an instant."""

    shards: Shards
    until: pd.Timestamp
    whole: Whole

    @property
    def definition(self) -> Definition:
        return self.shards.definition

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        return self.shards.map(self._cut(task), join=join, progress=progress)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        return self.shards.write(self._cut(task), folder, progress=progress)

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        every = self.shards.whole.customers
        asked = min(-(-customers * every // self.whole.customers), every)
        some = self.shards.some(asked, seed=seed)
        return shard_of(some.events[some.events[TIME] <= self.until], self.whole)

    def _cut(self, task: Task) -> Callable[[EventLog], pa.Table]:
        return partial(_done_until, task, self.until, self.whole)


def _done_until(task: Task, until: pd.Timestamp, whole: Whole, shard: EventLog) -> pa.Table:
    kept = shard.events[shard.events[TIME] <= until]
    if kept.empty:
        return task(shard).slice(0, 0)  # of nobody nothing is made, but by the same schema
    return task(replace(shard_of(kept, whole), usual_length=shard.usual_length))


def _known(until: pd.Timestamp, shard: EventLog) -> pa.Table:
    """Return what of a shard was known by then: a row for each text column but the customers'."""
    known = shard.times <= until.as_unit("us").asm8.astype(np.int64)
    events = shard.events[known]
    coded = [name for name in events.columns[1:] if hasattr(events[name], "cat")]
    rows = [
        {
            "column": name,
            "codes": np.unique(events[name].cat.codes[events[name].cat.codes >= 0]),
            "ends": events[TIME].max(),
            "events": len(events),
            "customers": len(np.unique(shard.customers[known])),
        }
        for name in (coded if len(events) else [])
    ]
    return pa.Table.from_pylist(rows, schema=_KNOWN)


_KNOWN = pa.schema([
    ("column", pa.string()),
    ("codes", pa.list_(pa.int64())),
    ("ends", pa.timestamp("us", "UTC")),
    ("events", pa.int64()),
    ("customers", pa.int64()),
])  # fmt: skip


def _codes(found: pd.DataFrame, name: str) -> list[int]:
    """Return the codes of the values of a column that some shard had seen, ascending."""
    seen = found["codes"][found["column"] == name]
    return [int(code) for code in np.unique(np.concatenate(seen.to_list()))]
