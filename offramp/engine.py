"""Where a log is worked on: on this machine, or on Spark; the commands see shards either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offramp.console import working
from offramp.reading import definition_of, read_log_in_shards

if TYPE_CHECKING:
    from journeys.shards import Shards
    from models.bundle import Bundle


@dataclass(frozen=True)
class Where:
    """What the options say: *local* or *spark*; Spark's master; a folder of shards to keep."""

    engine: str
    spark_master: str
    kept: str = ""


@contextmanager
def log_in_shards(
    events: str, journey: str, where: Where, bundle: "Bundle | None" = None
) -> "Iterator[Shards]":
    """Yield a log as shards, by the definition as `offramp.reading.read_log` has it.

    What is wrong with its events is said before anything is done; Spark is stopped at the end.
    """
    if where.engine == "local":
        yield read_log_in_shards(events, journey, bundle, kept=where.kept)
        return
    from features.spark import SparkShards, spark_events, spark_session

    definition = definition_of(journey, bundle)
    with spark_session(where.spark_master) as session:
        with working("Reading events on Spark"):
            shards = SparkShards(definition, spark_events(session, events))
            _ = shards.whole
        yield shards
