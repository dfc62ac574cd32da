"""Shards whose labels are the log's: told how long journeys usually take in the whole of it.

When a sample is closed depends on how long other customers' journeys took (`journeys.labels`): the
one fact that no pass over events can tell, because journeys have to be found first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.labels import early_lengths, usual_length
from journeys.log import EventLog
from journeys.shards import Join, Progress, Shards, Task, Whole


def with_usual_length(shards: Shards, *, progress: Progress | None = None) -> Shards:
    """Return the shards, told how long journeys of the whole log usually take.

    Whoever makes labels of shards asks for it once, first: it finds all journeys, shard by shard,
    and holds eight bytes for each that has ended.
    """
    definition = shards.definition

    def lengths(shard: EventLog) -> pa.Table:
        return pa.table({"length": early_lengths(shard, find_journeys(shard, definition))})

    found = shards.map(lengths, progress=progress).column("length").to_numpy()
    return _ToldShards(shards, usual_length(found, definition))


@dataclass(frozen=True)
class _ToldShards:
    """Shards, each with the usual length of the whole log's journeys."""

    shards: Shards
    usual_length: int

    @property
    def definition(self) -> Definition:
        return self.shards.definition

    @property
    def whole(self) -> Whole:
        return self.shards.whole

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        return self.shards.map(self._told(task), join=join, progress=progress)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        return self.shards.write(self._told(task), folder, progress=progress)

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        some = self.shards.some(customers, seed=seed)
        return replace(some, usual_length=self.usual_length)

    def _told(self, task: Task) -> Callable[[EventLog], pa.Table]:
        usual = self.usual_length  # so that only a number goes where the task goes
        return lambda shard: task(replace(shard, usual_length=usual))
