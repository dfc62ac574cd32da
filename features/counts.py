"""How many events: in all, as shares, in a window of time, and fading with time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from features import operations
from features.feature import Feature
from features.primitive import (
    UNSET,
    Labels,
    Parameters,
    Primitive,
    Scope,
    microseconds_of,
)
from journeys.definition import Definition

_LN2 = math.log(2.0)


@dataclass(frozen=True)
class Count(Primitive):
    """How many events of each value, since the journey's start or in all we know of a customer."""

    operation = operations.COUNT
    timed = False

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            words = f"{self.whose}{name}: {{value}} times"
            yield Feature(f"{self.whose}{name}_count", "events", words)


@dataclass(frozen=True)
class Share(Primitive):
    """Which share of the journey's events each value has; NaN before any."""

    operation = operations.SHARE
    timed = False

    def memory(self, width: int) -> list[float]:
        """The total, then a count a value."""
        return [0.0] * (1 + width)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            words = f"{name}: {{value}} of the events"
            yield Feature(f"{name}_share", "share", words, absent=f"no {self.column} so far")


@dataclass(frozen=True)
class Window(Primitive):
    """How many events of each value in the time before the cutoff, journey or not."""

    operation = operations.WINDOW
    length: str = "24h"
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The row at the window's tail, then a count a value."""
        return [UNSET, *[0.0] * width]

    def parameters(self, _labels: Labels) -> Parameters:
        """The length in microseconds."""
        return microseconds_of(self.length), 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            words = f"{name} in the last {self.length}: {{value}} times"
            yield Feature(f"{name}_count_{self.length}", "events", words)


@dataclass(frozen=True)
class Decayed(Primitive):
    """Events of the ``most`` frequent values, each worth half after every ``half_life``."""

    operation = operations.DECAYED
    half_life: str = "3d"
    most: int = 256
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """When it was last brought up to date, then a weight a value."""
        return [UNSET, *[0.0] * min(width, self.most)]

    def parameters(self, labels: Labels) -> Parameters:
        """The half-life in microseconds, and how many values."""
        return microseconds_of(self.half_life), min(len(labels), self.most)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels[: self.most]):
            words = f"{name}, halved every {self.half_life}: {{value}}"
            yield Feature(f"{name}_decayed_{self.half_life}", "", words)
