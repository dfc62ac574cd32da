"""What a worker of a cluster does: batches of events in, what is made of its customers out.

Answers go back as rows of one shape, whatever is made: a fault of the data in the user's words, or
a piece of a table as Arrow writes it.  So a task's types arrive as they left.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.whole_customers import whole_customers
from journeys import errors
from journeys.definition import Definition
from journeys.errors import OfframpError
from journeys.from_arrow import frame_from
from journeys.log import CUSTOMER, TIME, EventLog, event_log, instants
from journeys.shards import Task, Whole, chosen_of, shard_of, whole_of

ANSWER = pa.schema([("fault", pa.string()), ("words", pa.string()), ("made", pa.binary())])
POSITION = ("@file", "@row")
"""Columns that say where an event stood; they are there only to bring events in order."""

_ROWS_OF_AN_ANSWER = 100_000


@dataclass(frozen=True)
class Work:
    """A task, and what a worker has to know to give it shards of about ``size`` events.

    Without ``whole`` (nobody knows it yet) a shard is a log of its own.
    """

    definition: Definition
    size: int
    whole: Whole | None
    task: Task

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield answers (`ANSWER`) for the customers of batches, in which they are in order."""
        try:
            customer = self.definition.column(CUSTOMER)
            for events in whole_customers(batches, customer, size=self.size):
                yield from _answers(self.task(self._shard(events)))
        except OfframpError as fault:
            yield _answer(fault=type(fault).__name__, words=str(fault))

    def _shard(self, events: pa.Table) -> EventLog:
        kept = events.drop_columns([name for name in POSITION if name in events.column_names])
        log = event_log(frame_from(kept), self.definition)
        return log if self.whole is None else shard_of(log.events, self.whole)


def made_of(answers: pa.Table) -> pa.Table:
    """Return all that workers made, put together; raise the first fault that one of them found."""
    for fault, words in zip(*(answers[name].to_pylist() for name in ANSWER.names[:2]), strict=True):
        if fault is not None:
            raise getattr(errors, fault, OfframpError)(words)
    pieces = [pa.ipc.open_stream(one.as_buffer()).read_all() for one in answers["made"]]
    return pa.concat_tables(pieces) if pieces else pa.table({})


def facts(shard: EventLog) -> pa.Table:
    """Return what `whole_from` has to know of a shard: a row for each text column."""
    known = whole_of(shard)
    n = len(known.categories)
    return pa.table(
        {
            "column": list(known.categories),
            "values": pa.array(map(list, known.categories.values()), pa.list_(pa.string())),
            "begins": [shard.began] * n,
            "ends": [shard.ended] * n,
            "events": [known.events] * n,
            "customers": [known.customers] * n,
        }
    )


def whole_from(found: pa.Table, numeric: Callable[[str], bool]) -> Whole:
    """Return what is known of the whole log from the `facts` of its shards.

    Parameters
    ----------
    numeric : whether a column of ours holds numbers, so that its values come in their order
    """
    frame: pd.DataFrame = found.to_pandas()
    shards = frame[frame["column"] == frame["column"].iloc[0]]
    values = {
        str(name): sorted(set().union(*those), key=float if numeric(str(name)) else None)
        for name, those in frame.groupby("column", sort=False)["values"]
    }
    return Whole(
        begins=instants(shards["begins"].to_numpy()).min(),
        ends=instants(shards["ends"].to_numpy()).max(),
        events=int(shards["events"].sum()),
        customers=int(shards["customers"].sum()),
        categories={name: tuple(those) for name, those in values.items()},
    )


def write_part(task: Task, folder: str, shard: EventLog) -> pa.Table:
    """Write what a task makes of a shard to a file of the folder; return its name and rows."""
    made, name = task(shard), f"{uuid4().hex}.parquet"
    pq.write_table(made, Path(folder) / name)
    return pa.table({"file": [name], "rows": [made.num_rows]})


def chosen_events(share: float, seed: int, shard: EventLog) -> pa.Table:
    """Return the events of a share of the customers, chosen by a keyed hash of their keys."""
    chosen = chosen_of(shard.events[CUSTOMER].cat.categories, share, seed=seed)[shard.customers]
    times = pa.array(shard.times[chosen], pa.timestamp("us", "UTC"))
    columns = {
        name: times if name == TIME else pa.array(one[chosen]) for name, one in shard.events.items()
    }
    return pa.table(columns)


def _answers(made: pa.Table) -> Iterator[pa.RecordBatch]:
    for start in range(0, max(made.num_rows, 1), _ROWS_OF_AN_ANSWER):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, made.schema) as stream:
            stream.write_table(made.slice(start, _ROWS_OF_AN_ANSWER))
        yield _answer(made=sink.getvalue().to_pybytes())


def _answer(**said: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([said], schema=ANSWER)
