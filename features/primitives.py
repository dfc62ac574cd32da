"""The primitives: what can be asked, one class each; `features.primitive` says what all answer."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import kernel as k
from features.feature import Feature, Tier
from features.primitive import Labels, Primitive, Scope
from features.vocabulary import MILESTONE
from journeys.definition import Definition, duration

_UNSET = float("nan")
_STATISTICS = ("last", "smallest", "largest", "mean", "std")


@dataclass(frozen=True)
class Count(Primitive):
    """How many events of each value, since the journey's start or in all we know of a customer."""

    operation = k.COUNT

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            yield Feature(
                f"{self.whose}{name}_count", "events", f"{self.whose}{name}: {{value}} times"
            )


@dataclass(frozen=True)
class Share(Primitive):
    """Which share of the journey's events each value has; NaN before any."""

    operation = k.SHARE

    def memory(self, width: int) -> list[float]:
        """The total, then a count a value."""
        return [0.0] * (1 + width)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            words = f"{name}: {{value}} of the events"
            yield Feature(f"{name}_share", "share", words, absent=f"no {self.column} so far")


@dataclass(frozen=True)
class Since(Primitive):
    """Hours since the last event of each value; NaN if there was none."""

    operation = k.SINCE

    def memory(self, width: int) -> list[float]:
        """The time of the last event a value."""
        return [_UNSET] * width

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for value in self.named(labels):
            name = f"{self.whose}{value}"
            words, absent = f"last {name} {{value}} ago", f"no {name} so far"
            yield Feature(f"{name}_since_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class Window(Primitive):
    """How many events of each value in the time before the cutoff, journey or not."""

    operation = k.WINDOW
    length: str = "24h"
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The row at the window's tail, then a count a value."""
        return [_UNSET, *[0.0] * width]

    def parameters(self, _labels: Labels) -> tuple[int, int]:
        """The length in microseconds."""
        return round(duration(self.length).total_seconds() * 1_000_000), 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for name in self.named(labels):
            words = f"{name} in the last {self.length}: {{value}} times"
            yield Feature(f"{name}_count_{self.length}", "events", words)


@dataclass(frozen=True)
class Transition(Primitive):
    """How often an event of one value was followed by an event of the other."""

    operation = k.TRANSITION
    origin: str = ""
    target: str = ""

    def memory(self, width: int) -> list[float]:
        """The value before, then the count."""
        return [_UNSET, 0.0]

    def parameters(self, labels: Labels) -> tuple[int, int]:
        """The codes of the two values; a value that the vocabulary lacks never matches."""
        codes = {label: code for code, label in enumerate(labels)}
        return codes.get(self.origin, -2), codes.get(self.target, -2)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The count."""
        what = self.column.removeprefix("@")
        words = f"{self.origin} followed by {self.target}: {{value}} times"
        yield Feature(f"{what} {self.origin} to {self.target}_count", "events", words)


@dataclass(frozen=True)
class Switches(Primitive):
    """How often the value changed from one event to the next."""

    operation = k.SWITCHES

    def memory(self, width: int) -> list[float]:
        """The value before, then the count."""
        return [_UNSET, 0.0]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The count."""
        words = f"{self.column} changed {{value}} times"
        yield Feature(f"{self.column}_switch_count", "events", words)


@dataclass(frozen=True)
class Repeats(Primitive):
    """Events whose value had occurred before, the present streak and the longest."""

    operation = k.REPEATS

    def memory(self, width: int) -> list[float]:
        """The value before; streak, longest streak, repeats, and whether each value was seen."""
        return [_UNSET, *[0.0] * (3 + width)]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Repeats, streak and longest streak."""
        name = self.column
        yield Feature(f"{name}_repeat_count", "events", f"a repeated {name} {{value}} times")
        yield Feature(f"{name}_streak", "events", f"the same {name} {{value}} times in a row")
        yield Feature(f"{name}_longest_streak", "events", f"longest run of one {name}: {{value}}")


@dataclass(frozen=True)
class Gaps(Primitive):
    """Hours between one event and the next: last, shortest, longest, mean, standard deviation."""

    operation = k.GAPS

    def memory(self, width: int) -> list[float]:
        """Three extremes; count, mean and sum of squares; the time before."""
        return [_UNSET] * 3 + [0.0] * 3 + [_UNSET]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The five statistics."""
        for which in _STATISTICS:
            words = f"{which} pause between events: {{value}}"
            yield Feature(f"gap_{which}_hours", "hours", words, absent="only one event so far")


@dataclass(frozen=True)
class Clock(Primitive):
    """Hours since the start, hours of silence, and the number of events."""

    operation = k.CLOCK

    def memory(self, width: int) -> list[float]:
        """First time and last time; the count."""
        return [_UNSET, _UNSET, 0.0]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Elapsed, silence, count."""
        yield Feature("elapsed_hours", "hours", "the journey began {value} ago")
        yield Feature("silence_hours", "hours", "silent for {value}")
        yield Feature("event_count", "events", "{value} events so far")


@dataclass(frozen=True)
class Stats(Primitive):
    """Last, smallest, largest, mean and standard deviation of a numeric attribute."""

    operation = k.STATS

    def memory(self, width: int) -> list[float]:
        """Three extremes; count, mean and sum of squares."""
        return [_UNSET] * 3 + [0.0] * 3

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The five statistics."""
        for which in _STATISTICS:
            words = f"{which} {self.column}: {{value}}"
            absent = f"no {self.column} so far"
            yield Feature(f"{self.column}_{which}", "", words, "context", absent=absent)


@dataclass(frozen=True)
class LastValue(Primitive):
    """The last known value of an attribute, from this journey or before."""

    operation = k.LAST_VALUE
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The code."""
        return [_UNSET]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The code, under the attribute's own name."""
        tier = _tier(self.column, definition)
        yield Feature(self.column, "code", f"{self.column} is {{value}}", tier, labels)


@dataclass(frozen=True)
class LastK(Primitive):
    """The last ``length`` values, the newest first: the path as a short sequence."""

    operation = k.LAST_K
    length: int = 5

    def memory(self, width: int) -> list[float]:
        """The codes."""
        return [_UNSET] * self.length

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One code a place."""
        for place in range(1, self.length + 1):
            words = (
                f"{self.column} {place} back: {{value}}"
                if place > 1
                else f"last {self.column}: {{value}}"
            )
            yield Feature(f"{self.column}_{place}_back", "code", words, "behaviour", labels)


@dataclass(frozen=True)
class Progress(Primitive):
    """The furthest milestone, how many were reached, and hours since a new one."""

    operation = k.PROGRESS
    column: str = MILESTONE

    def memory(self, width: int) -> list[float]:
        """When one was new; the furthest, how many, and whether each was reached."""
        return [_UNSET, *[0.0] * (2 + width)]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Furthest (1 is the first of the definition), how many, hours since a new one."""
        yield Feature("furthest_milestone", "", "furthest milestone: number {value}")
        yield Feature("milestones_reached", "", "{value} milestones reached")
        words, absent = "last new milestone {value} ago", "no milestone reached so far"
        yield Feature("progress_since_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class History(Primitive):
    """The customer's earlier journeys of this kind, their successes, and how long we know them."""

    operation = k.HISTORY
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The last end and the first event; how many journeys and successes."""
        return [_UNSET, _UNSET, 0.0, 0.0]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Journeys, successes, hours since the last end, hours since the first event."""
        yield Feature("earlier_journey_count", "", "{value} earlier journeys of this kind")
        yield Feature("earlier_success_count", "", "{value} earlier journeys succeeded")
        words, absent = "previous journey ended {value} ago", "no earlier journey of this kind"
        yield Feature("earlier_journey_since_hours", "hours", words, absent=absent)
        yield Feature("known_since_hours", "hours", "customer first seen {value} ago")


@dataclass(frozen=True)
class Calendar(Primitive):
    """Hour of the day and day of the week of the cutoff, UTC."""

    operation = k.CALENDAR

    def memory(self, width: int) -> list[float]:
        """No memory."""
        return []

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Hour, then day (Monday is 0)."""
        yield Feature("hour_of_day", "", "hour of the day (UTC): {value}")
        yield Feature("day_of_week", "", "day of the week (Monday is 0): {value}")


def _tier(column: str, definition: Definition) -> Tier:
    if column in definition.attributes.context:
        return "context"
    return "technical" if column in definition.attributes.technical else "behaviour"
