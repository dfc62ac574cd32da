"""The feature list: one line a feature.

Columns that a primitive may name: ``activity``, ``channel``, every context and technical attribute
(text), every numeric attribute (`Stats`), and two that the definition derives: `MILESTONE` and
`CONTACT` (an event of the leakage rule).
"""

from features.primitive import Primitive
from features.primitives import (
    Calendar,
    Clock,
    Count,
    Gaps,
    History,
    LastK,
    LastValue,
    Progress,
    Repeats,
    Share,
    Since,
    Stats,
    Switches,
    Transition,
    Window,
)
from features.vocabulary import CONTACT, MILESTONE
from journeys.definition import Definition


def feature_list(definition: Definition) -> tuple[Primitive, ...]:
    """Return the features of a journey; this is the place to add one."""
    attributes = definition.attributes
    steps = list(zip(definition.milestones, definition.milestones[1:], strict=False))
    return (
        Clock(),
        Count("activity"),
        Count("channel"),
        Share("channel"),
        Since("activity"),
        Since("channel"),
        Gaps(),
        Repeats("activity"),
        Switches("channel"),
        *(Transition(MILESTONE, origin=origin, target=target) for origin, target in steps),
        *(Window("channel", length=length) for length in ("1h", "24h", "7d")),
        *(Window("activity", length=length) for length in ("24h", "7d")),
        *(Stats(name) for name in attributes.numeric),
        *(LastValue(name) for name in dict.fromkeys((*attributes.categorical, "channel"))),
        LastK("activity", length=5),
        *([Progress()] if definition.milestones else []),
        *([Count(CONTACT), Count(CONTACT, "customer")] if definition.leakage else []),
        *([Since(CONTACT, "customer")] if definition.leakage else []),
        History(),
        Calendar(),
    )
