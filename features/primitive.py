"""A primitive: something that can be asked of the events up to a cutoff.

It says which operation of the kernel computes it, which column it reads, what it keeps from event
to event and which features it writes, in the kernel's order.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from features import operations
from features.feature import Feature
from features.vocabulary import ALONE
from journeys.definition import Definition, duration

UNSET = float("nan")

Scope = Literal["journey", "customer"]
Labels = tuple[str, ...]
Parameters = tuple[int, int]
Ints = NDArray[np.int64]
Codes = NDArray[np.int16]
Floats = NDArray[np.float64]
Row = NDArray[np.float32]


@dataclass(frozen=True)
class Primitive(ABC):
    """What all primitives answer; ``labels`` are the names of the codes of the column read.

    ``timed``: whether its features change with time and not with events alone.
    """

    operation: ClassVar[int]
    observed: ClassVar[int] = operations.VALUES
    timed: ClassVar[bool] = True

    column: str = "activity"
    scope: Scope = "journey"

    def memory(self, width: int) -> list[float]:
        """Return what is kept before the first event: NaN for *not yet*, or zero."""
        return [0.0] * width

    def parameters(self, _labels: Labels) -> Parameters:
        """Return the two whole numbers that the operation may need (a and b in the kernel)."""
        return 0, 0

    @abstractmethod
    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Yield the features that are written, in order."""

    def named(self, labels: Labels) -> Iterator[str]:
        """Name each value: an activity by itself, any other value with its column."""
        alone = self.column in ALONE
        for label in labels:
            yield label if alone else f"{self.what} {label}"

    @property
    def what(self) -> str:
        """The column as a name."""
        return self.column.removeprefix("@")

    @property
    def whose(self) -> str:
        """The prefix that tells a customer's whole life from the journey."""
        return "" if self.scope == "journey" else "customer "


def microseconds_of(length: str) -> int:
    """Return a duration such as ``24h`` in microseconds."""
    return round(duration(length).total_seconds() * 1_000_000)
