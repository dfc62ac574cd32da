"""What can be done for a customer in trouble, what it costs, and who is sent where.

A **planned action** is against one bad outcome and prevents a share of it, between a low and a high
one: an assumption, until what came of it has been measured.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_serializer, model_validator

from journeys.rule import Duration, Frozen, Names, duration_text

_KNOWN_ISSUE = "known_issue"
_OUTBOUND = ("email", "sms", "push", "letter")


def _two_ends(value: object) -> object:
    """Accept one share where a low and a high one may stand."""
    return (value, value) if isinstance(value, int | float) else value


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Where = dict[str, Names]


class When(Frozen):
    """For whom an action is: those with a known issue, or without, and with these attributes."""

    known_issue: bool | None = None
    where: Where = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_attributes(cls, when: object) -> object:
        if not isinstance(when, dict) or not when:
            raise ValueError("it is written {known_issue: true, value_tier: [gold, platinum]}")
        where = {str(key): when[key] for key in when if key != _KNOWN_ISSUE}
        empty = next((key for key, values in where.items() if values in (None, [], ())), None)
        if empty is not None:
            raise ValueError(f"{empty!r} has no value; write one, or take the attribute out")
        return {"where": where, _KNOWN_ISSUE: when.get(_KNOWN_ISSUE)}

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        known: dict[str, object] = (
            {} if self.known_issue is None else {_KNOWN_ISSUE: self.known_issue}
        )
        return known | {name: list(values) for name, values in self.where.items()}


class PlannedAction(Frozen):
    """One thing that can be done: where, at what cost, against which outcome, with what success.

    ``prevents``: of the journeys that would end badly the share that it saves, low and high.
    """

    channel: str | None = None
    cost: Amount
    against: Literal["success", "leakage", "churn"]
    prevents: Annotated[tuple[Share, Share], BeforeValidator(_two_ends)]
    when: When | None = None

    @field_validator("prevents")
    @classmethod
    def _ascends(cls, ends: tuple[float, float]) -> tuple[float, float]:
        if ends[0] > ends[1]:
            raise ValueError(
                f"it goes from {ends[0]:g} down to {ends[1]:g}; the low share is first"
            )
        return ends


class Routing(Frozen):
    """Who is sent where: whose journey is worth a person at once, and what counts as just now.

    ``high_value``: attributes and their values; ``within``: channels used in this time before the
    question count together; ``people``: the channels in which a person or a menu answers, without
    it those of the leakage rule; ``outbound``: those in which the company speaks, not the customer.
    """

    high_value: Where = Field(default_factory=dict)
    within: Duration = timedelta(hours=1)
    people: Names = ()
    outbound: Names = _OUTBOUND

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        high = {name: list(values) for name, values in self.high_value.items()}
        said: dict[str, object] = {"high_value": high, "within": duration_text(self.within)}
        if self.people:
            said["people"] = list(self.people)
        if self.outbound != _OUTBOUND:
            said["outbound"] = list(self.outbound)
        return said


def wrong_in(
    actions: Mapping[str, PlannedAction],
    routing: Routing | None,
    *,
    prices: Mapping[str, float | None],
    attributes: tuple[str, ...],
) -> str:
    """Say what in actions and routing cannot hold; empty where all does.

    Parameters
    ----------
    prices : per outcome that the definition asks for what a bad one costs, None where not said
    attributes : the context and technical attributes
    """
    for name, action in actions.items():
        if action.against not in prices:
            return f"actions.{name} is against {action.against}, for which there is no rule"
        if prices[action.against] is None:
            key = {"leakage": "contact"}.get(action.against, action.against)
            return f"actions.{name} needs a price: say under values.{key} what it is worth"
    asked = {f"actions.{name}.when": one.when.where for name, one in actions.items() if one.when}
    if routing is not None:
        asked["routing.high_value"] = routing.high_value
    for place, where in asked.items():
        for name in where:
            if name not in attributes:
                return f"{place} names {name!r}, which is no context or technical attribute"
    return ""
