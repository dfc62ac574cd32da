"""How much: the numeric attributes."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import operations
from features.feature import Feature
from features.primitive import UNSET, Labels, Primitive
from journeys.definition import Definition

STATISTICS = ("last", "smallest", "largest", "mean", "std")


@dataclass(frozen=True)
class Stats(Primitive):
    """Last, smallest, largest, mean and standard deviation of a numeric attribute."""

    operation = operations.STATS
    timed = False
    observed = operations.NUMBERS

    def memory(self, width: int) -> list[float]:
        """Three extremes; count, mean and sum of squares."""
        return [UNSET] * 3 + [0.0] * 3

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The five statistics."""
        for which in STATISTICS:
            words = f"{which} {self.column}: {{value}}"
            absent = f"no {self.column} so far"
            yield Feature(f"{self.column}_{which}", "", words, "context", absent=absent)
