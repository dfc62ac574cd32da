"""What is said beyond a prediction: the known issue, what to do about it, what comes next.

Typed parts of answers; `serving.decision` and `serving.context` say how they come about.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Chance = Annotated[float, Meta(ge=0, le=1)]
Between = tuple[float, float]

Abstain = Literal["no_model", "never_seen_step", "cold_start", "low_information"]
"""Why a prediction is no ground to act on (docs/context.md)."""

NO_MODEL: Abstain = "no_model"


class KnownIssue(Struct, frozen=True):
    """An open finding that this journey has met (``affected``) or will probably meet (``at_risk``).

    ``probability`` is that of meeting the finding's conditions, with its 95 % ``interval``: 1 of
    the affected.  ``since`` is when it met them, or since when it is on the way to them (UTC).
    ``effect`` is what they add to the probability of the bad ``outcome``.
    """

    finding: str
    state: Literal["affected", "at_risk"]
    outcome: str
    probability: Chance
    interval: Between
    since: str
    effect: float
    effect_interval: Between
    text: str


class Action(Struct, frozen=True):
    """What the definition's costs and benefits recommend; it pays even at its lower bound.

    ``benefit`` is what it is worth beyond its ``cost``: the probability of the bad outcome times
    the share it prevents times what that outcome costs, less ``cost``; ``benefit_interval`` from
    the intervals of both.
    """

    name: str
    channel: str | None
    against: str
    benefit: float
    benefit_interval: Between
    cost: float
    currency: str
    why: str


class NextStep(Struct, frozen=True):
    """What customers who stood here did next: how often, with a 95 % interval.

    ``step`` is None where nothing more came of the journey; ``journeys`` is how many stood here.
    """

    step: str | None
    channel: str | None
    probability: Chance
    interval: Between
    journeys: float
