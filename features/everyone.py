"""Everyone: all customers of a log, or of its shards, as far as they can be counted.

What is learnt of all customers is learnt from counts: each of one shard's, summed over the shards.
A whole log is the only shard of its own, so both ways end in the very same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import Join, Shards, Whole, whole_of

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Some:
    """Some customers' events, and their journeys once somebody asks for these."""

    log: EventLog
    definition: Definition
    found: pd.DataFrame | None = None

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """The journeys, as `find_journeys` finds them."""
        return find_journeys(self.log, self.definition) if self.found is None else self.found


Count = Callable[[Some], pa.Table]
"""What is counted of some customers; the same schema for any of them, and for none."""


class Ask(Protocol):
    """Counts some customers at a time, and puts the counts together in any order."""

    def __call__(self, count: Count, *, join: Join | None = None) -> pa.Table:
        """Return the counts, one under another; with ``join`` as it makes them fewer."""


@dataclass(frozen=True, eq=False)
class Everyone:
    """All customers of a log.

    Attributes
    ----------
    whole : what is known of the whole log
    ask : counts some customers at a time, and puts the counts together in any order
    """

    definition: Definition
    whole: Whole
    ask: Ask

    @property
    def began(self) -> int:
        """When the log begins, in microseconds since the epoch."""
        return micros(self.whole.begins)

    @property
    def ended(self) -> int:
        """When the log ends, in microseconds since the epoch."""
        return micros(self.whole.ends)


def everyone_of(log: EventLog, definition: Definition, found: pd.DataFrame | None) -> Everyone:
    """Return all customers of a log; ``found`` are its journeys, where they are known already."""
    some = Some(log, definition, found)

    def ask(count: Count, *, join: Join | None = None) -> pa.Table:
        return count(some) if join is None else join(count(some))

    return Everyone(definition, whole_of(log), ask)


def everyone_in(shards: Shards) -> Everyone:
    """Return all customers of a log in shards; each count is one pass over them."""
    definition = shards.definition

    def ask(count: Count, *, join: Join | None = None) -> pa.Table:
        return shards.map(partial(_counted, count, definition), join=join)

    return Everyone(definition, shards.whole, ask)


def _counted(count: Count, definition: Definition, shard: EventLog) -> pa.Table:
    return count(Some(shard, definition))


def micros(at: pd.Timestamp) -> int:
    """Return an instant in microseconds since the epoch."""
    return int(at.as_unit("us").asm8.astype(np.int64))


def known_by(log: EventLog, until: pd.Timestamp | None) -> NDArray[np.bool_]:
    """Return which events were known by an instant, all of them without one; (n_events,)."""
    if until is None:
        return np.ones(len(log), dtype=np.bool_)
    return (log.events["time"] <= until).to_numpy()


def summed(counts: pa.Table, *by: str) -> pd.DataFrame:
    """Return counts with equal names as one row, ``n`` summed, ascending by the names."""
    frame: pd.DataFrame = counts.to_pandas()
    return frame.groupby(list(by), as_index=False, sort=True)[["n"]].sum()
