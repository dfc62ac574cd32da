"""How long: since the start, since each value, between events, and the calendar."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import operations
from features.amounts import STATISTICS
from features.feature import Feature
from features.primitive import (
    UNSET,
    Labels,
    Parameters,
    Primitive,
)
from journeys.definition import Definition


@dataclass(frozen=True)
class Clock(Primitive):
    """Hours since the start, hours of silence, and the number of events."""

    operation = operations.CLOCK

    def memory(self, width: int) -> list[float]:
        """First time and last time; the count."""
        return [UNSET, UNSET, 0.0]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Elapsed, silence, count."""
        yield Feature("elapsed_hours", "hours", "the journey began {value} ago")
        yield Feature("silence_hours", "hours", "silent for {value}")
        yield Feature("event_count", "events", "{value} events so far")


@dataclass(frozen=True)
class Since(Primitive):
    """Hours since the last event of each value; NaN if there was none."""

    operation = operations.SINCE

    def memory(self, width: int) -> list[float]:
        """The time of the last event a value."""
        return [UNSET] * width

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a value."""
        for value in self.named(labels):
            name = f"{self.whose}{value}"
            words, absent = f"last {name} {{value}} ago", f"no {name} so far"
            yield Feature(f"{name}_since_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class Gaps(Primitive):
    """Hours between one event and the next: last, shortest, longest, mean, standard deviation."""

    operation = operations.GAPS
    timed = False

    def memory(self, width: int) -> list[float]:
        """Three extremes; count, mean and sum of squares; the time before."""
        return [UNSET] * 3 + [0.0] * 3 + [UNSET]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The five statistics."""
        for which in STATISTICS:
            words = f"{which} pause between events: {{value}}"
            yield Feature(f"gap_{which}_hours", "hours", words, absent="only one event so far")


@dataclass(frozen=True)
class EarlierGaps(Primitive):
    """Hours between the events before the last two: the second last gap to the ``length``-th."""

    operation = operations.EARLIER_GAPS
    timed = False
    length: int = 5

    def memory(self, width: int) -> list[float]:
        """The time before, then the gaps, the newest first."""
        return [UNSET] * (1 + self.length)

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a place; the last gap stands in `Gaps`."""
        for place in range(2, self.length + 1):
            words = f"pause between events, {place} back: {{value}}"
            absent = f"at most {place} events so far"
            yield Feature(f"gap_{place}_back_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class Calendar(Primitive):
    """Where in the day, the week and the month the cutoff is, UTC."""

    operation = operations.CALENDAR

    def memory(self, width: int) -> list[float]:
        """The first day of the month and the first after it."""
        return [UNSET, UNSET]

    def parameters(self, _labels: Labels) -> Parameters:
        """Days from the 1st of March of the year 0 to the epoch."""
        return 719_468, 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Hour, day (Monday is 0), whether it is a weekend; day of the month, days after it."""
        yield Feature("hour_of_day", "", "hour of the day (UTC): {value}")
        yield Feature("day_of_week", "", "day of the week (Monday is 0): {value}")
        yield Feature("weekend", "", "weekend (1) or not (0): {value}")
        yield Feature("day_of_month", "", "day of the month: {value}")
        yield Feature("month_days_left", "", "days left in the month: {value}")
