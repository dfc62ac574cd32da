"""The feature list: one line a feature.

Columns that a primitive may name: ``activity``, ``channel``, every context and technical attribute
(text), every numeric attribute (`Stats`), and those that are derived: `MILESTONE`, `CONTACT` (an
event of the leakage rule), `LOOP` (its channel), `ERROR`, `PAIR` and `TRIPLE` (a frequent sequence
that ends here), `PAUSE` (how long since the event before) and `BESIDE` + a journey's name.
"""

from features.primitives import (
    ActiveDays,
    Before,
    Beside,
    Calendar,
    Clock,
    Count,
    Decayed,
    Disorder,
    EarlierGaps,
    Gaps,
    History,
    Hops,
    LastK,
    LastValue,
    Pace,
    Primitive,
    Progress,
    Repeats,
    Runs,
    Share,
    Since,
    Stats,
    Switches,
    Transition,
    Window,
)
from features.vocabulary import BESIDE, CONTACT, ERROR, LOOP, MILESTONE, PAIR, TRIPLE
from journeys.definition import Definition, duration_text


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
        EarlierGaps(length=5),
        Repeats("activity"),
        Switches("channel"),
        Hops("channel", within="1h"),
        *(Transition(MILESTONE, origin=origin, target=target) for origin, target in steps),
        Window("channel", length="24h"),
        Decayed("channel", half_life="3d"),
        *(Decayed("activity", half_life=half_life, most=9) for half_life in ("6h", "3d")),
        *(Stats(name) for name in attributes.numeric),
        *(LastValue(name) for name in dict.fromkeys((*attributes.categorical, "channel"))),
        LastK("activity", length=5),
        LastK("channel", length=3),
        Count(PAIR),
        Count(TRIPLE),
        Runs("activity", within="1h"),
        Count(ERROR),
        Since(ERROR),
        Runs(ERROR, within="24h"),
        *([Progress(), Pace(), Disorder()] if definition.milestones else []),
        *([Count(CONTACT), Count(CONTACT, "customer")] if definition.leakage else []),
        *([Since(CONTACT, "customer"), Before()] if definition.leakage else []),
        *([Runs(LOOP, "customer", within="1h")] if definition.leakage else []),
        *_beside(definition),
        History(),
        ActiveDays(days=28),
        Calendar(),
    )


def _beside(definition: Definition) -> list[Primitive]:
    """Return a line for every other journey that the definition names."""
    silences = {name: one.abandoned_after for name, one in definition.beside.items()}
    return [
        Beside(BESIDE + name, name=name, silence=duration_text(silence) if silence else "")
        for name, silence in silences.items()
    ]
