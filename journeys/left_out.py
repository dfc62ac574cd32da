"""Shards of a log as if some customers had never been in it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from journeys.definition import Definition
from journeys.errors import TooLittleDataError
from journeys.log import CUSTOMER, EventLog, log_without
from journeys.shards import HeldShards, Join, Progress, Shards, Task, Whole, shard_of


def keys_in(shards: Shards) -> list[str]:
    """Return the key of every customer of a log in shards, in no order."""
    return [str(key) for key in shards.map(_keys).column(CUSTOMER).to_pylist()]


def shards_without(shards: Shards, customers: Collection[str]) -> Shards:
    """Return the shards without some of their customers; the log ends when it ended.

    Raises
    ------
    TooLittleDataError
        If nobody is left.
    """
    if not customers:
        return shards
    if isinstance(shards, HeldShards):
        return replace(shards, log=log_without(shards.log, customers))
    whole = shards.whole
    gone = shards.map(partial(_counted, frozenset(customers)))
    left = whole.customers - sum(gone.column("customers").to_pylist())
    if left <= 0:
        raise TooLittleDataError("All customers of the log are to be left out; nobody remains.")
    events = whole.events - sum(gone.column("events").to_pylist())
    return _Without(shards, frozenset(customers), replace(whole, events=events, customers=left))


@dataclass(frozen=True)
class _Without:
    """Shards whose shards leave some customers out."""

    shards: Shards
    gone: frozenset[str]
    whole: Whole

    @property
    def definition(self) -> Definition:
        return self.shards.definition

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        return self.shards.map(self._without(task), join=join, progress=progress)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        return self.shards.write(self._without(task), folder, progress=progress)

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        every = self.shards.whole.customers
        asked = -(-customers * every // self.whole.customers)
        return _left(self.shards.some(min(asked, every), seed=seed), self.gone)

    def _without(self, task: Task) -> Callable[[EventLog], pa.Table]:
        return partial(_done_without, task, self.gone)


def _done_without(task: Task, gone: frozenset[str], shard: EventLog) -> pa.Table:
    stays = _stays(shard, gone)
    if stays.any():
        return task(shard if stays.all() else _left(shard, gone))
    return task(shard).slice(0, 0)  # of nobody nothing is made, but by the same schema


def _left(log: EventLog, gone: frozenset[str]) -> EventLog:
    events = log.events[_stays(log, gone)[log.customers]]
    categories = {
        str(name): tuple(map(str, column.cat.categories))
        for name, column in events.items()
        if name != CUSTOMER and hasattr(column, "cat")
    }
    whole = Whole(log.begins, log.ends, len(events), 0, categories)
    return replace(shard_of(events, whole), usual_length=log.usual_length)


def _stays(log: EventLog, gone: frozenset[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([key not in gone for key in log.events[CUSTOMER].cat.categories], dtype=bool)


def _keys(shard: EventLog) -> pa.Table:
    keys = shard.events[CUSTOMER].cat.categories.to_numpy(object)
    return pa.table({CUSTOMER: pa.array(keys, pa.string())})


def _counted(customers: frozenset[str], shard: EventLog) -> pa.Table:
    gone = ~_stays(shard, customers)
    return pa.table({"customers": [int(gone.sum())], "events": [int(gone[shard.customers].sum())]})
