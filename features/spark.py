"""A log on Spark as shards: the only file that knows Spark, and nothing is computed by Spark here.

Spark reads Parquet or a table and brings each customer's events to one place, in order.  There
workers run the very functions that run on one machine, so no number depends on the engine.
"""

import atexit
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

import pandas as pd
import pyarrow as pa

from features.on_workers import (
    POSITION,
    Work,
    chosen_events,
    facts,
    made_of,
    whole_from,
    write_part,
)
from features.spark_needs import require_spark, stderr_to, what_happened
from journeys.arranged import order_of
from journeys.definition import Definition
from journeys.errors import EventLogError, OfframpError
from journeys.log import CHANNEL, CUSTOMER, TIME, EventLog, needed_columns, require_columns
from journeys.shards import Join, Progress, Task, Whole, shard_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_NANOS = "spark.sql.legacy.parquet.nanosAsLong"
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


@dataclass(frozen=True, eq=False)
class SparkShards:
    """A log on Spark as shards (`journeys.shards.Shards`), each made and used on a worker.

    Attributes
    ----------
    events : a DataFrame of Spark with one row per event, in the file's own columns; `spark_events`
        adds where each stood, which decides the order of events at the same instant
    size : about so many events are a shard; a customer with more is one, too
    partitions : into so many parts customers are divided; 0: one for each ``size`` events, at
        least one for each core
    """

    definition: Definition
    events: "DataFrame"
    size: int = 1_000_000
    partitions: int = 0

    @cached_property
    def whole(self) -> Whole:
        """What is known of the whole log, from one pass over it.

        Raises
        ------
        EventLogError, DefinitionError
            As `journeys.log.event_log` raises them.
        """
        found = self._made(facts, whole=None)
        if not found.num_rows:
            raise EventLogError("The event log is empty: it has no event; give one row per event.")
        return whole_from(found, self._numeric)

    def map(
        self, task: Task, *, join: Join | None = None, progress: Progress | None = None
    ) -> pa.Table:
        """Return what a task makes of every shard, put together here; so it must fit in memory."""
        made = self._made(task, whole=self.whole)
        _done(progress)
        return made if join is None else join(made)

    def write(self, task: Task, folder: Path, *, progress: Progress | None = None) -> int:
        """Write what a task makes of every shard as Parquet files of a folder; return the rows.

        Workers write there themselves: all machines must see the folder under this path.  What a
        worker wrote twice or did not finish is taken away.
        """
        beside = folder.absolute() / f".{uuid4().hex}"
        beside.mkdir(parents=True)
        try:
            files = self._made(partial(write_part, task, str(beside)), whole=self.whole)
            for number, name in enumerate(files["file"].to_pylist()):
                (beside / name).rename(folder / f"part-{number:05}.parquet")
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        _done(progress)
        return sum(files["rows"].to_pylist())

    def some(self, customers: int, *, seed: int = 0) -> EventLog:
        """Return the log of about so many customers, chosen by a keyed hash of their keys."""
        share = customers / max(self.whole.customers, 1)
        chosen = self.map(partial(chosen_events, share, seed)).to_pandas()
        number = self._numeric(CUSTOMER)
        keys = chosen[CUSTOMER].astype("str")
        in_order = sorted(keys.unique(), key=lambda key: order_of(key, number=number))
        ordered: pd.DataFrame = chosen.assign(**{CUSTOMER: pd.Categorical(keys, in_order)})
        return shard_of(ordered.sort_values(CUSTOMER, kind="stable"), self.whole)

    def _numeric(self, name: str) -> bool:
        """Whether a column of ours holds numbers, whose values come in their order."""
        kinds: dict[str, str] = dict(self.events.dtypes)
        return kinds.get(self.definition.column(name), "").startswith(_NUMBERS)

    def _made(self, task: Task, *, whole: Whole | None) -> pa.Table:
        work = Work(self.definition, self.size, whole, task)
        with _without_traces():
            answers = self._arranged.mapInArrow(
                work, "fault string, words string, made binary"
            ).toArrow()
        return made_of(answers)

    @cached_property
    def _arranged(self) -> "DataFrame":
        """The events, each customer's in one place and in order, kept on the workers' disks."""
        from pyspark import StorageLevel

        present = self.events.columns
        require_columns(present, self.definition)
        customer, time = self.definition.column(CUSTOMER), self.definition.column(TIME)
        needed = {*needed_columns(self.definition), self.definition.column(CHANNEL), *POSITION}
        kept = [name for name in present if name in needed]
        order = [name for name in POSITION if name in present] or [time, *sorted(kept)]
        parts = self.partitions or self._partitions()
        sorted_by = [_quoted(name) for name in dict.fromkeys([customer, *order])]
        return (
            self.events.select(*map(_quoted, kept))
            .withColumn(time, _time(self.events, time))
            .repartition(parts, _quoted(customer))
            .sortWithinPartitions(*sorted_by)
            .persist(StorageLevel.DISK_ONLY)
        )

    def _partitions(self) -> int:
        cores = int(self.events.sparkSession.sparkContext.defaultParallelism)
        return max(cores, -(-int(self.events.count()) // self.size))


def spark_events(session: "SparkSession", events: str) -> "DataFrame":
    """Return the events of a Parquet file, of a folder of them, or of a table.

    The columns `POSITION` say where an event stood: the place of its file among the sorted paths,
    and its row there.  A table that is not kept in Parquet files has no such order.

    Raises
    ------
    EventLogError
        If there is no such folder or table, or it cannot be read.
    """
    from pyspark.sql import functions as F

    found = _table(session, events)
    try:
        placed = found.select(
            "*",
            F.col("_metadata.file_path").alias(POSITION[0]),
            F.col("_metadata.row_index").alias(POSITION[1]),
        )
    except _spark_fault():
        return found
    paths = sorted(found.inputFiles(), key=lambda path: PurePosixPath(unquote(path)))
    names = [(path.replace(":///", ":/"), place) for place, path in enumerate(paths)]
    places = F.broadcast(session.createDataFrame(names, f"`{POSITION[0]}` string, place int"))
    known = F.coalesce("place", F.raise_error(F.lit("a file has no place among the others")))
    return placed.join(places, POSITION[0], "left").withColumn(POSITION[0], known).drop("place")


def _table(session: "SparkSession", events: str) -> "DataFrame":
    stored = "/" in events or events.endswith((".parquet", ".pq")) or Path(events).exists()
    try:
        return _parquet(session, events) if stored else session.table(events)
    except _spark_fault() as fault:
        what = "Parquet file or folder" if stored else "folder, and no table of Spark, named"
        raise EventLogError(
            f"Spark finds no {what} {events!r} that it can read ({what_happened(fault)}). Give a "
            "folder of Parquet files, or the name of a table."
        ) from None


def _parquet(session: "SparkSession", folder: str) -> "DataFrame":
    reader = session.read.option("mergeSchema", "true")
    try:
        return reader.parquet(folder)
    except _spark_fault() as fault:
        if "NANOS" not in str(fault):
            raise
    session.conf.set(_NANOS, "true")  # Spark has no times in nanoseconds; `_time` makes them one
    return reader.parquet(folder)


def _time(events: "DataFrame", name: str) -> "Column":
    """Return the column of times; in microseconds where Spark reads nanoseconds as numbers."""
    from pyspark.sql import functions as F

    column, kind = F.col(_quoted(name)), dict(events.dtypes)[name]
    if kind != "bigint" or events.sparkSession.conf.get(_NANOS) != "true":
        return column
    return F.expr(f"timestamp_micros(({_quoted(name)} - pmod({_quoted(name)}, 1000)) div 1000)")


@contextmanager
def spark_session(master: str = "local[*]") -> Iterator["SparkSession"]:
    """Start Spark, yield its session, and stop it; a session that runs already is left running.

    Raises
    ------
    OfframpError
        If pyspark or Java is not there, or Spark cannot start.
    """
    require_spark()
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    place = mkdtemp(prefix="offramp-spark-")
    # Not before: the process has one Java machine, whose later sessions write there as well.
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    with _without_traces(), stderr_to(Path(place) / "spark.log"):
        builder = SparkSession.builder.appName("offramp").master(master)
        for name, value in _settings(master, place).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def _settings(master: str, place: str) -> Mapping[str, str]:
    """Return the settings of a session: UTC, quiet, and on one machine out of everybody's reach."""
    always = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.adaptive.enabled": "false",  # it may change partitions, whose order matters
        "spark.sql.caseSensitive": "true",
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }
    if not master.startswith("local"):
        return always
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return always | {
        "spark.driver.memory": "2g",
        "spark.driver.maxResultSize": "0",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": place,
        "spark.ui.enabled": "false",
    }


@contextmanager
def _without_traces() -> Iterator[None]:
    """Say in one sentence what goes wrong in Spark, and keep its own words from the terminal."""
    logging.getLogger("DataFrameQueryContextLogger").disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pyspark, about pandas 3
            yield
    except _spark_fault() as fault:
        raise OfframpError(f"Spark could not finish: {what_happened(fault)}") from fault


def _spark_fault() -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JError


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _done(progress: Progress | None) -> None:
    if progress is not None:
        progress("shards", 1.0)
