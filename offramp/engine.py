"""Where a log is worked on: on this machine, or on Spark; the commands see shards either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from offramp.console import working

if TYPE_CHECKING:
    from journeys.definition import Definition
    from journeys.shards import Shards


@contextmanager
def shards_on(
    engine: str, master: str, events: str, definition: "Definition"
) -> "Iterator[Shards]":
    """Yield a log as shards, read and its whole known; Spark is stopped at the end.

    Parameters
    ----------
    engine : *local* or *spark*
    master : where Spark is, as spark-submit takes it
    events : what the engine reads: on Spark a folder of Parquet or the name of a table
    """
    if engine == "spark":
        with _on_spark(master, events, definition) as shards:
            yield shards
    else:
        from journeys.read_shards import read_shards

        with working("Reading events") as tell:
            shards = read_shards(events, definition, progress=tell)
        yield shards


@contextmanager
def _on_spark(master: str, events: str, definition: "Definition") -> "Iterator[Shards]":
    from features.spark import SparkShards, spark_events, spark_session

    with spark_session(master) as session:
        with working("Reading events on Spark"):
            shards = SparkShards(definition, spark_events(session, events))
            _ = shards.whole  # learnt here, so that a fault of the events is said at once
        yield shards
