"""What is answered about one customer at the touchpoint: typed, written by msgspec."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from serving.advice import Between, Chance, KnownIssue, NextStep
from serving.messages import JourneyPrediction, ModelInfo

Destination = Literal["self_service", "bot", "agent", "priority_agent"]


class Touch(Struct, frozen=True):
    """One thing that happened, as it is kept; ``time`` is UTC."""

    time: str
    activity: str
    channel: str | None


class Risk(Struct, frozen=True):
    """The probability that a journey ends badly, beside what is usual.

    ``p`` is of the *bad* side of the outcome (not succeeding, leaking, leaving), with its 90 %
    ``interval``; ``usual`` its share in the log learnt from; ``worse`` whether the whole interval
    lies above that; ``at_stake`` is ``p`` times what it costs, None where no price is given.
    """

    journey: str
    outcome: str
    p: Chance
    interval: Between
    usual: float | None
    worse: bool
    at_stake: float | None


class Route(Struct, frozen=True):
    """Where to send the customer now, and why, the weightiest reason first."""

    to: Destination
    reasons: list[str]


class Suppression(Struct, frozen=True):
    """What not to send to the customer, why, and until when (UTC)."""

    what: str
    journey: str
    reason: str
    until: str


class OpenJourney(Struct, frozen=True):
    """One journey in flight; ``at_stake`` is the money that its risks put at stake.

    ``in_trouble`` says what has gone wrong in it, in words; empty where nothing has.
    """

    prediction: JourneyPrediction
    at_stake: float
    currency: str
    in_trouble: list[str]


class CustomerContext(Struct, frozen=True):
    """Everything a touchpoint needs of a customer, in one answer, as of an instant (UTC).

    ``journeys`` are in flight, the most money at stake first; ``risks``, ``known_issues`` and
    ``next`` are theirs, in the same order; ``last_touches`` are the latest five, the newest first;
    ``agent_summary`` has at most five lines.  Without an open journey, ``note`` says why.
    """

    customer_id: str
    as_of: str
    journeys: list[OpenJourney]
    last_touches: list[Touch]
    risks: list[Risk]
    known_issues: list[KnownIssue]
    route: Route
    suppress: list[Suppression]
    agent_summary: list[str]
    next: list[NextStep]
    note: str | None
    degraded: bool
    models: list[ModelInfo]


class JourneyInfo(Struct, frozen=True):
    """One journey that is served: how it goes, and what usually becomes of it.

    ``base_rate`` is each outcome's share in the log learnt from; ``degraded`` says that no model
    answers for it, only these.  ``open_journeys`` is how many customers are on it, as of
    ``counted_as_of``, null where that is not known; ``open_by_stage`` how many of them reached
    which milestone last, or none (``started``).
    """

    journey: str
    milestones: list[str]
    outcomes: list[str]
    base_rate: dict[str, float]
    actions: list[str]
    currency: str
    degraded: bool
    model: ModelInfo
    open_journeys: Annotated[int, Meta(ge=0)] | None = None
    open_by_stage: dict[str, Annotated[int, Meta(ge=0)]] = {}


class Journeys(Struct, frozen=True):
    """The journeys that are served, one per definition.

    ``counted_as_of`` is the instant (UTC) of the events that open journeys were counted from.
    """

    journeys: list[JourneyInfo]
    counted_as_of: str | None = None
