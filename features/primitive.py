"""A primitive: something that can be asked of the events up to a cutoff.

It says which operation of the kernel computes it, which column it reads, what it keeps from event
to event and which features it writes, in the kernel's order.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from features.feature import Feature
from features.vocabulary import CONTACT
from journeys.definition import Definition

Scope = Literal["journey", "customer"]
Labels = tuple[str, ...]


@dataclass(frozen=True)
class Primitive(ABC):
    """What all primitives answer; ``labels`` are the names of the codes of the column read."""

    operation: ClassVar[int]
    column: str = "activity"
    scope: Scope = "journey"

    def memory(self, width: int) -> list[float]:
        """Return what is kept before the first event: NaN for *not yet*, or zero."""
        return [0.0] * width

    def parameters(self, _labels: Labels) -> tuple[int, int]:
        """Return the two numbers that the operation may need (A and B in the kernel)."""
        return 0, 0

    @abstractmethod
    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Yield the features that are written, in order."""

    def named(self, labels: Labels) -> Iterator[str]:
        """Name each value: an activity by itself, any other value with its column."""
        alone = self.column in ("activity", CONTACT)
        column = self.column.removeprefix("@")
        for label in labels:
            yield label if alone else f"{column} {label}"

    @property
    def whose(self) -> str:
        """The prefix that tells a customer's whole life from the journey."""
        return "" if self.scope == "journey" else "customer "
