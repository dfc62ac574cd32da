"""What came before and beside: earlier journeys, earlier contacts, other journeys now."""

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
from features.vocabulary import BESIDE, CONTACT
from journeys.definition import Definition
from journeys.find import STATES

_SUCCESS = STATES.index("success")


@dataclass(frozen=True)
class History(Primitive):
    """The customer's earlier journeys of this kind, their ends, and how long we know them."""

    operation = operations.HISTORY
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """The last end and the first event; how many journeys and successes; the last state."""
        return [UNSET, UNSET, 0.0, 0.0, UNSET]

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Journeys, successes, hours since the last end, hours since the first event, last end."""
        absent = "no earlier journey of this kind"
        yield Feature("earlier_journey_count", "", "{value} earlier journeys of this kind")
        yield Feature("earlier_success_count", "", "{value} earlier journeys succeeded")
        words = "previous journey ended {value} ago"
        yield Feature("earlier_journey_since_hours", "hours", words, absent=absent)
        yield Feature("known_since_hours", "hours", "customer first seen {value} ago")
        words = "the previous journey ended so: {value}"
        yield Feature("earlier_journey_state", "code", words, labels=STATES, absent=absent)


@dataclass(frozen=True)
class Before(Primitive):
    """The customer's events and contacts before this journey began, of whatever journey."""

    operation = operations.BEFORE
    timed = False
    observed = operations.EVERY_EVENT
    column: str = CONTACT
    scope: Scope = "customer"

    def memory(self, width: int) -> list[float]:
        """Events and contacts so far, and at the journey's start."""
        return [0.0] * 4

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Events, then contacts."""
        yield Feature("earlier_event_count", "events", "{value} events before this journey")
        yield Feature("earlier_contact_count", "events", "{value} contacts before this journey")


@dataclass(frozen=True)
class ActiveDays(Primitive):
    """On how many of the last ``days`` days, today among them, something happened (UTC days)."""

    operation = operations.ACTIVE_DAYS
    scope: Scope = "customer"
    days: int = 28

    def memory(self, width: int) -> list[float]:
        """The last day, and a bit for each day up to it: a whole number, exact below 2**53."""
        return [UNSET, 0.0]

    def parameters(self, _labels: Labels) -> Parameters:
        """How many days: at most 52, because of the bits."""
        return min(self.days, 52), 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """The count."""
        words = f"active on {{value}} of the last {self.days} days"
        yield Feature(f"active_days_{self.days}d", "", words)


@dataclass(frozen=True)
class Beside(Primitive):
    """Another journey of the customer, as the definition's ``beside`` names it.

    Its codes are 0 for an event of it, 1 for its end, 2 for its start.
    """

    operation = operations.BESIDE
    scope: Scope = "customer"
    name: str = ""
    silence: str = ""

    def memory(self, width: int) -> list[float]:
        """When the open one began, its last event, how many began."""
        return [UNSET, UNSET, 0.0]

    def parameters(self, _labels: Labels) -> Parameters:
        """The silence that ends it, in microseconds; 0 for none."""
        return microseconds_of(self.silence) if self.silence else 0, 0

    def features(self, labels: Labels, definition: Definition) -> Iterator[Feature]:
        """Whether one is open, since when; how many began, hours since the last event of any."""
        one = self.name
        yield Feature(f"{one}_open", "", f"{one} open beside (1) or not (0): {{value}}")
        words, absent = f"open {one} began {{value}} ago", f"no {one} open beside"
        yield Feature(f"{one}_open_hours", "hours", words, absent=absent)
        yield Feature(f"{one}_begun_count", "", f"{one} begun {{value}} times")
        words, absent = f"last event of {one} {{value}} ago", f"no {one} so far"
        yield Feature(f"{one}_since_hours", "hours", words, absent=absent)


def beside_column(name: str) -> str:
    """Return the code column of another journey."""
    return BESIDE + name
