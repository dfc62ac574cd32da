"""Shards: a log too large to hold at once, as the logs of some customers at a time.

A customer's journeys, samples, labels and features need that customer's events and a few facts of
the whole log: when it begins and ends, and which values its columns hold. So whatever is made of a
log is made shard by shard, by the very functions that work on a whole one, and put together again;
where the shards come from (a log in memory, files of this machine, a cluster) makes no difference.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import CUSTOMER, EventLog

Task = Callable[[EventLog], pa.Table]
"""What is made of one shard; the same schema for every shard, an empty table included."""

Join = Callable[[pa.Table], pa.Table]
"""Puts rows of several shards together into fewer that say the same, such as counts into sums."""

Progress = Callable[[str, float], None]
"""Called with a label and the share done, 0 to 1."""


@dataclass(frozen=True)
class Whole:
    """What a shard has to know of the whole log.

    Attributes
    ----------
    begins, ends : UTC instants of the first and the last event of any customer
    events, customers : how many
    categories : per text column but the customers', all its values in the order of their codes
    """

    begins: pd.Timestamp
    ends: pd.Timestamp
    events: int
    customers: int
    categories: Mapping[str, tuple[str, ...]]


class Shards(Protocol):
    """A log as shards: each holds all events of its customers, each customer is in one shard.

    A shard is an `EventLog` that ends when the whole log ends and whose text columns have the
    categories of the whole (`Whole`), so that codes mean the same everywhere; only its customers
    are its own. How many shards there are, and who is in which, makes no difference to a result.
    """

    @property
    def definition(self) -> Definition:
        """The definition by which the events were read."""

    @property
    def whole(self) -> Whole:
        """What is known of the whole log."""

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        """Return what a task makes of every shard, put together here; so it must fit in memory.

        With ``join`` what has come is joined on the way, so that only this must fit.
        """

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        """Write what a task makes of every shard as Parquet files of a folder; return the rows."""

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        """Return the log of about so many customers, chosen by a keyed hash of their keys.

        All of them where there are no more. It ends when the whole log ends.
        """


@dataclass(frozen=True)
class HeldShards:
    """A log in memory as shards of about so many events: what the others are held equal to."""

    definition: Definition
    log: EventLog
    size: int = 1_000_000

    @cached_property
    def whole(self) -> Whole:
        """What is known of the whole log."""
        return whole_of(self.log)

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
        keys = self.log.events[CUSTOMER].cat.categories
        chosen = chosen_of(keys, customers / max(len(keys), 1), seed=seed)
        return shard_of(self.log.events[chosen[self.log.customers]], self.whole)

    def _shards(self, progress: Progress | None) -> Iterator[EventLog]:
        done = 0
        for shard in shards_in(self.log, self.whole, self.size):
            yield shard
            done += len(shard)
            if progress is not None:
                progress("shards", done / len(self.log))


def made(shards: Iterable[EventLog], task: Task, join: Join | None = None) -> pa.Table:
    """Return what a task makes of shards, put together; joined whenever it has doubled."""
    if join is None:
        return pa.concat_tables([task(shard) for shard in shards])
    joined: list[pa.Table] = []
    waiting: list[pa.Table] = []
    for shard in shards:
        waiting.append(task(shard))
        if sum(one.num_rows for one in waiting) >= sum(one.num_rows for one in joined):
            joined, waiting = [join(pa.concat_tables([*joined, *waiting]))], []
    return join(pa.concat_tables([*joined, *waiting]))


def written(shards: Iterable[EventLog], task: Task, folder: Path) -> int:
    """Write what a task makes of shards, a Parquet file each; return the rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    for number, shard in enumerate(shards):
        table = task(shard)
        pq.write_table(table, folder / f"part-{number:05}.parquet")
        rows += table.num_rows
    return rows


def shards_in(log: EventLog, whole: Whole, size: int) -> Iterator[EventLog]:
    """Yield the log of whole customers as shards of about so many events, in order."""
    offsets = log.offsets
    bounds = np.searchsorted(offsets, np.arange(0, len(log), size))
    for first, after in pairwise(np.unique(np.append(bounds, len(offsets) - 1))):
        yield shard_of(log.events.iloc[offsets[first] : offsets[after]], whole)


def whole_of(log: EventLog) -> Whole:
    """Return what the shards of a log have to know of it."""
    events = log.events
    return Whole(
        begins=log.begins,
        ends=log.ends,
        events=len(log),
        customers=len(log.offsets) - 1,
        categories={
            str(name): tuple(map(str, column.cat.categories))
            for name, column in events.items()
            if name != CUSTOMER and isinstance(column.dtype, pd.CategoricalDtype)
        },
    )


def shard_of(events: pd.DataFrame, whole: Whole) -> EventLog:
    """Return some customers' events, in order, as a shard of the whole log.

    Parameters
    ----------
    events : with the columns and in the order of `journeys.log.EventLog.events`
    """
    own = events[CUSTOMER].cat.remove_unused_categories()
    known = {
        name: events[name].cat.set_categories(list(values))
        for name, values in whole.categories.items()
    }
    return EventLog(
        events.assign(**{CUSTOMER: own}, **known).reset_index(drop=True),
        ends=whole.ends,
        begins=whole.begins,
    )


def only_of(log: EventLog, chosen: NDArray[np.bool_]) -> EventLog:
    """Return the log of some of its customers, who are chosen by their codes, (n_customers,).

    It begins and ends when the log does, and its text columns keep their codes.
    """
    events = log.events[chosen[log.customers]].reset_index(drop=True)
    own = events[CUSTOMER].cat.remove_unused_categories()
    return replace(log, events=events.assign(**{CUSTOMER: own}))


def chosen_of(keys: Iterable[str], share: float, *, seed: int = 0) -> NDArray[np.bool_]:
    """Return which customers are among a share of all, shape (n,): a larger share has them too."""
    salt = seed.to_bytes(8, "little", signed=True)
    places = [
        int.from_bytes(hashlib.blake2b(str(key).encode(), salt=salt, digest_size=8).digest())
        for key in keys
    ]
    return np.array(places, dtype=np.float64) / 2.0**64 < share
