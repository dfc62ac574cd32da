"""What may be known at a cutoff, as plain lists of events: what the oracle works from."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import pandas as pd

from features import NEVER_SEEN, Plan
from features.columns import PAUSE_SECONDS, says_error
from features.vocabulary import BESIDE, CONTACT, ERROR, LOOP, MILESTONE, PAIR, PAUSE, TRIPLE
from journeys.definition import Beside, Rule

Row = dict[str, object]
HOUR = pd.Timedelta("1h")


@dataclass(frozen=True)
class Known:
    """What may be known at a cutoff: events (of the journey or the customer), earlier journeys.

    ``every`` are the customer's events, ``before_journey`` those before the journey, whatever the
    scope.
    """

    events: list[Row]
    cutoff: pd.Timestamp
    earlier: list[Row]
    before_journey: list[Row]
    every: list[Row]
    plan: Plan

    def values(self, column: str) -> list[tuple[pd.Timestamp, str]]:
        """Return (time, value) of every event that has a value in the column."""
        valued = ((event["time"], self.value(event, column)) for event in self.events)
        return [(time, value) for time, value in valued if value is not None]

    def numbers(self, column: str) -> list[float]:
        return [event[column] for event in self.events if not pd.isna(event[column])]

    def hours_since(self, time: pd.Timestamp | None) -> float:
        return nan if time is None else (self.cutoff - time) / HOUR

    def value(self, event: Row, column: str) -> str | None:
        """Return the name of an event's value in a column, None where it has none."""
        definition = self.plan.definition
        if column.startswith(BESIDE):
            return beside_value(definition.beside[column.removeprefix(BESIDE)], event)
        if column == LOOP:
            return self._plain(event, "channel") if meets(definition.leakage, event) else None
        derived: dict[str, Callable[[Row], str | None]] = {
            MILESTONE: lambda one: (
                one["activity"] if one["activity"] in definition.milestones else None
            ),
            CONTACT: lambda one: "contact" if meets(definition.leakage, one) else None,
            ERROR: lambda one: "error" if self._failed(one) else None,
            PAIR: lambda one: self._path(one, 2),
            TRIPLE: lambda one: self._path(one, 3),
            PAUSE: self._pause,
        }
        return derived[column](event) if column in derived else self._plain(event, column)

    def _failed(self, event: Row) -> bool:
        if self.plan.definition.errors:
            return meets(self.plan.definition.errors, event)
        return event["activity"] in self.known("activity") and says_error(event["activity"])

    def known(self, column: str) -> tuple[str, ...]:
        return self.plan.vocabulary.values[column]  # noqa: PD011 - not a frame

    def _place(self, event: Row) -> int:
        return next(place for place, one in enumerate(self.every) if one is event)

    def _plain(self, event: Row, column: str) -> str | None:
        if pd.isna(event[column]):
            return None
        return event[column] if event[column] in self.known(column) else NEVER_SEEN

    def _path(self, event: Row, length: int) -> str | None:
        place = self._place(event)
        path = tuple(one["activity"] for one in self.every[max(place - length + 1, 0) : place + 1])
        return " > ".join(path) if path in self.plan.vocabulary.paths_of(length) else None

    def _pause(self, event: Row) -> str:
        place = self._place(event)
        if place == 0:
            return self.plan.columns[PAUSE][0]
        pause = (event["time"] - self.every[place - 1]["time"]).total_seconds()
        return self.plan.columns[PAUSE][1 + sum(pause >= edge for edge in PAUSE_SECONDS)]


def beside_value(other: Beside, event: Row) -> str | None:
    """Return what an event is to another journey: its start, its end, a step, or nothing."""
    rules = {"start": other.start, "end": other.end, "step": other.steps}
    return next((name for name, rule in rules.items() if meets(rule, event)), None)


def meets(rule: Rule | None, event: Row) -> bool:
    """Return whether every field of a rule has one of its values."""
    if rule is None:
        return False
    return all(event[field] in values for field, values in rule.where.items())
