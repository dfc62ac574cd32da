"""Where a log is worked on: on this machine, or on Spark; the commands see shards either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offramp.console import working
from offramp.reading import definition_of, shards_of

if TYPE_CHECKING:
    from journeys.definition import Definition
    from journeys.shards import Shards
    from models.bundle import Bundle


@dataclass(frozen=True)
class Where:
    """What the options say: *local* or *spark*; Spark's master; a folder of shards to keep."""

    engine: str = "local"
    spark_master: str = "local[*]"
    kept: str = ""


@contextmanager
def log_in_shards(
    events: str, journey: str, where: Where, bundle: "Bundle | None" = None
) -> "Iterator[Shards]":
    """Yield a log as shards, by the definition as `offramp.reading.read_log` has it.

    What is wrong with its events is said before anything is done; Spark is stopped at the end.
    """
    with shards_in(events, definition_of(journey, bundle), where) as shards:
        yield shards


@contextmanager
def shards_in(events: str, definition: "Definition", where: Where) -> "Iterator[Shards]":
    """Yield a log as shards, by a definition; what `log_in_shards` says holds here."""
    if where.engine == "local":
        yield shards_of(events, definition, kept=where.kept)
        return
    from features.spark import SparkShards, spark_events, spark_session

    with spark_session(where.spark_master) as session:
        with working("Reading events on Spark"):
            shards = SparkShards(definition, spark_events(session, events))
            _ = shards.whole
        yield shards
