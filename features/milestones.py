"""How far: milestones reached, when, and in which order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from features import operations
from features.feature import Feature
from features.primitive import (
    UNSET,
    Labels,
    Primitive,
)
from features.vocabulary import MILESTONE
from journeys.definition import Definition


@dataclass(frozen=True)
class Progress(Primitive):
    """The furthest milestone, how many were reached, and hours since a new one."""

    operation = operations.PROGRESS
    column: str = MILESTONE

    def memory(self, width: int) -> list[float]:
        """When one was new; the furthest, how many, and whether each was reached."""
        return [UNSET, *[0.0] * (2 + width)]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Furthest (1 is the first of the definition), how many, hours since a new one."""
        yield Feature("furthest_milestone", "", "furthest milestone: number {value}")
        yield Feature("milestones_reached", "", "{value} milestones reached")
        words, absent = "last new milestone {value} ago", "no milestone reached so far"
        yield Feature("progress_since_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class Pace(Primitive):
    """Hours since each milestone was first reached, and from each to the next; NaN until then."""

    operation = operations.PACE
    column: str = MILESTONE

    def memory(self, width: int) -> list[float]:
        """When each was first reached."""
        return [UNSET] * width

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """One feature a milestone, then one a pair of neighbours."""
        for one in labels:
            words, absent = f"first {one} {{value}} ago", f"no {one} so far"
            yield Feature(f"first {one}_since_hours", "hours", words, absent=absent)
        for one, following in pairwise(labels):
            words = f"from {one} to {following}: {{value}}"
            absent = f"{one} or {following} not reached so far"
            yield Feature(f"{one} to {following}_hours", "hours", words, absent=absent)


@dataclass(frozen=True)
class Disorder(Primitive):
    """Milestones that came before their predecessor, and steps back to a lower milestone."""

    operation = operations.DISORDER
    timed = False
    column: str = MILESTONE

    def memory(self, width: int) -> list[float]:
        """The milestone before; too early, back, and whether each was reached."""
        return [UNSET, *[0.0] * (2 + width)]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Too early, then back."""
        words = "a milestone before its predecessor: {value} times"
        yield Feature("milestone_too_early_count", "events", words)
        words = "back to an earlier milestone: {value} times"
        yield Feature("milestone_back_count", "events", words)
