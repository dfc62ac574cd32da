"""In which order: the last values, changes, what follows what, repetitions and runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import operations
from features.feature import Feature, Tier
from features.primitive import (
    UNSET,
    Labels,
    Parameters,
    Primitive,
    Scope,
    microseconds_of,
)
from journeys.definition import Definition


@dataclass(frozen=True)
class LastValue(Primitive):
    """The last known value of an attribute, from this journey or before."""

    operation = operations.LAST_VALUE
    timed = False
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The code."""
        return [UNSET]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The code, under the attribute's own name."""
        tier = _tier(self.column, definition)
        yield Feature(self.column, "code", f"{self.column} is {{value}}", tier, labels)


@dataclass(frozen=True)
class LastK(Primitive):
    """The values of the last ``length`` events, the newest first; NaN where one has none."""

    operation = operations.LAST_K
    timed = False
    observed = operations.EVERY_EVENT
    length: int = 5

    def memory(self, width: int) -> list[float]:
        """The codes."""
        return [UNSET] * self.length

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One code a place."""
        for place in range(1, self.length + 1):
            words = (
                f"{self.what} {place} back: {{value}}"
                if place > 1
                else f"last {self.what}: {{value}}"
            )
            yield Feature(f"{self.what}_{place}_back", "code", words, "behaviour", labels)


@dataclass(frozen=True)
class Transition(Primitive):
    """How often an event of one value was followed by an event of the other."""

    operation = operations.TRANSITION
    timed = False
    origin: str = ""
    target: str = ""

    def memory(self, width: int) -> list[float]:
        """The value before, then the count."""
        return [UNSET, 0.0]

    def parameters(self, labels: Labels) -> Parameters:
        """The codes of the two values; a value that the vocabulary lacks never matches."""
        codes = {label: code for code, label in enumerate(labels)}
        return codes.get(self.origin, -2), codes.get(self.target, -2)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The count."""
        words = f"{self.origin} followed by {self.target}: {{value}} times"
        yield Feature(f"{self.what} {self.origin} to {self.target}_count", "events", words)


@dataclass(frozen=True)
class Switches(Primitive):
    """How often the value changed from one event to the next."""

    operation = operations.SWITCHES
    timed = False

    def memory(self, width: int) -> list[float]:
        """The value before, then the count."""
        return [UNSET, 0.0]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The count."""
        words = f"{self.column} changed {{value}} times"
        yield Feature(f"{self.column}_switch_count", "events", words)


@dataclass(frozen=True)
class Hops(Primitive):
    """Changes of the value, and how many values, in the time before the cutoff, journey or not."""

    operation = operations.HOPS
    within: str = "1h"
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The row at the tail, the value that left last, the last value, the changes; counts."""
        return [UNSET, UNSET, UNSET, 0.0, *[0.0] * width]

    def parameters(self, _labels: Labels) -> Parameters:
        """The length in microseconds."""
        return microseconds_of(self.within), 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Changes, then how many values."""
        words = f"{self.what} changed {{value}} times in the last {self.within}"
        yield Feature(f"{self.what}_hop_count_{self.within}", "events", words)
        words = f"{self.what}: {{value}} different ones in the last {self.within}"
        yield Feature(f"{self.what}_distinct_{self.within}", "", words)


@dataclass(frozen=True)
class Repeats(Primitive):
    """Events whose value had occurred before, the present streak and the longest."""

    operation = operations.REPEATS
    timed = False

    def memory(self, width: int) -> list[float]:
        """The value before; streak, longest streak, repeats, and whether each value was seen."""
        return [UNSET, *[0.0] * (3 + width)]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Repeats, streak and longest streak."""
        name = self.column
        yield Feature(f"{name}_repeat_count", "events", f"a repeated {name} {{value}} times")
        yield Feature(f"{name}_streak", "events", f"the same {name} {{value}} times in a row")
        yield Feature(f"{name}_longest_streak", "events", f"longest run of one {name}: {{value}}")


@dataclass(frozen=True)
class Runs(Primitive):
    """Events of one value that follow each other ``within`` a time, whatever lies between.

    Over ``activity`` they are retries, over `ERROR` failures in a row, over `LOOP` contact loops.
    """

    operation = operations.RUNS
    within: str = "1h"

    def memory(self, width: int) -> list[float]:
        """Time and length of the last run, the longest, how often on; time and length a value."""
        return [UNSET, 0.0, 0.0, 0.0, *[UNSET] * width, *[0.0] * width]

    def parameters(self, labels: Labels) -> Parameters:
        """The time in microseconds, and how many values."""
        return microseconds_of(self.within), len(labels)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The present run (0 when its time has passed), the longest, how many events went on."""
        name, apart = f"{self.whose}{self.what}", f"at most {self.within} apart"
        yield Feature(
            f"{name}_run_{self.within}", "events", f"same {name}, {apart}: {{value}} in a row now"
        )
        yield Feature(
            f"{name}_longest_run_{self.within}",
            "events",
            f"same {name}, {apart}: at most {{value}} in a row",
        )
        yield Feature(
            f"{name}_again_count_{self.within}",
            "events",
            f"same {name} again within {self.within}: {{value}} times",
        )


def _tier(column: str, definition: Definition) -> Tier:
    if column in definition.attributes.context:
        return "context"
    return "technical" if column in definition.attributes.technical else "behaviour"
