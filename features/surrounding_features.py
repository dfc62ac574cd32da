"""Which features say what others lived through: a few columns an attribute, and the workload."""

from collections.abc import Iterator

from features.feature import Feature, Tier
from journeys.definition import Definition
from journeys.log import CHANNEL

CONTACT, FAILURE, REPEAT = "contact", "failure", "repeat"
WINDOWS = {"1d": 4, "7d": 28, "28d": 112}
"""How far back each window reaches, in bins of six hours."""

_MOST_ATTRIBUTES = 4
_READ = {
    CONTACT: ("rate_1d", "rate_7d", "rate_28d", "ratio_28d"),
    FAILURE: ("rate_1d", "rate_7d", "rate_28d", "ratio_28d"),
    REPEAT: ("ratio_7d",),
}
_HAPPENED = {
    CONTACT: "turned to the contact centre",
    FAILURE: "did not succeed",
    REPEAT: "had to repeat an activity",
}


def attributes_around(definition: Definition) -> tuple[str, ...]:
    """Return the attributes whose values others share: the first four technical ones.

    Those of context stand in where a definition has none, and the channel where it has neither.
    """
    attributes = definition.attributes
    return (attributes.technical or attributes.context or (CHANNEL,))[:_MOST_ATTRIBUTES]


def kinds_of(definition: Definition) -> tuple[str, ...]:
    """Return the bad things that are counted: those that can happen by the definition."""
    ends = (definition.success, definition.failure, definition.abandoned_after)
    contact = [CONTACT] if definition.leakage is not None else []
    failure = [FAILURE] if any(one is not None for one in ends) else []
    return (*contact, *failure, REPEAT)


def read_of(kinds: tuple[str, ...]) -> list[tuple[int, int, int]]:
    """Return what is read of each attribute, in order: kind, window, and 1 for a rate."""
    windows = list(WINDOWS)
    return [
        (place, windows.index(how.split("_")[1]), int(how.startswith("rate")))
        for place, kind in enumerate(kinds)
        for how in _READ[kind]
    ]


def surrounding_features(definition: Definition) -> Iterator[Feature]:
    """Yield the columns that `features.look_up` writes, in its order."""
    for attribute in attributes_around(definition):
        context = attribute in definition.attributes.context
        yield from _of_attribute(attribute, "context" if context else "technical", definition)
    words = "{value} times as many journeys are open as usual"
    yield Feature("open_journeys_ratio", "", words, absent="no journeys were known before")
    words = "{value} times as many journeys as usual began in the last day"
    yield Feature("started_journeys_ratio", "", words, absent="no journeys were known before")


def _of_attribute(attribute: str, tier: Tier, definition: Definition) -> Iterator[Feature]:
    absent = f"nothing known of others with this {attribute}"
    others = f"others who reached this step with this {attribute}"
    for kind in kinds_of(definition):
        for how in _READ[kind]:
            form, window = how.split("_")
            words = f"{others} in the last {window} {_HAPPENED[kind]}: {{value}}"
            if form == "ratio":
                words += " times as often as usual"
            unit = "share" if form == "rate" else ""
            yield Feature(f"others_{attribute}_{kind}_{how}", unit, words, tier, absent=absent)
    words = f"others first had this {attribute} {{value}} ago"
    yield Feature(f"others_{attribute}_since_hours", "hours", words, tier, absent=absent)
