"""What is counted of a log in shards, as rows that add up, for `journeys.check_shards`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

NAMES = ["what", "name", "place"]
ROWS = pa.schema(
    [("what", pa.string()), ("name", pa.string()), ("place", pa.int64()), ("many", pa.int64())]
)
Row = tuple[str, str, int, int]
"""What is counted, of which name and place (a day, a length; else 0), and how many."""


def summed(counted: pa.Table) -> pa.Table:
    """Return the counts of several shards as those of one."""
    together = counted.group_by(NAMES).aggregate([("many", "sum")])
    return together.rename_columns({"many_sum": "many"}).select(ROWS.names)


@dataclass(frozen=True)
class Counts:
    """The counts of all shards; ``many`` by what was counted, its name and its place, ascending."""

    many: "pd.Series[int]"

    @classmethod
    def of_rows(cls, counted: pa.Table) -> "Counts":
        """Return the counts that stand in rows, each thing in one."""
        return cls(counted.to_pandas().set_index(NAMES)["many"].sort_index())

    def of(self, what: str, name: str = "") -> int:
        """Return how many there are of a thing."""
        return int(self.many.get((what, name, 0), 0))

    def named(self, what: str) -> dict[str, int]:
        """Return how many there are of a thing, by name."""
        return {
            str(name): int(many) for name, many in self._mine(what).groupby("name").sum().items()
        }

    def descending(self, what: str) -> dict[str, int]:
        """Return how many there are of a thing, by name, the most frequent first."""
        named = self.named(what)
        return {name: named[name] for name in sorted(named, key=lambda one: -named[one])}

    def repeated(self, what: str) -> NDArray[np.int64]:
        """Return each place as often as it was counted."""
        mine = self._mine(what)
        return np.repeat(mine.index.get_level_values("place").to_numpy(dtype=np.int64), mine)

    def by_place(self, what: str, name: str, size: int) -> NDArray[np.int64]:
        """Return how many there are of a thing at each place, (size,)."""
        mine = self._mine(what)
        mine = mine[mine.index.get_level_values("name") == name]
        places = mine.index.get_level_values("place").to_numpy(dtype=np.int64)
        return np.bincount(places, mine, minlength=size).astype(np.int64)

    def _mine(self, what: str) -> "pd.Series[int]":
        return self.many[self.many.index.get_level_values("what") == what]
