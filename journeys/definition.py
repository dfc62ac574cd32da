"""The definition: the YAML that says what starts, ends and counts in a journey.

A **rule** is a set of ``field: value or [values]``, all of which hold for one
event; ``within`` is its horizon.  `Definition` is the checked, frozen form of
the YAML; `journeys.definition_file` reads it and says what cannot hold.
"""

import re
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from journeys.actions import PlannedAction, Routing, wrong_in
from journeys.constraints import Constraints
from journeys.errors import DefinitionError, with_closest
from journeys.forms import form_named
from journeys.known_event import KnownEvent
from journeys.rule import (
    Beside,
    Duration,
    Frozen,
    Names,
    Rule,
    duration,
    duration_text,
    plain_text,
    same_event,
)
from journeys.survey import DEFAULT_WEIGHTS, Part, ScoreWeights, Survey
from journeys.times import TimeUnit

__all__ = [
    "Attributes",
    "Beside",
    "Definition",
    "Outcome",
    "Rule",
    "ScoreWeights",
    "Survey",
    "Values",
    "duration",
    "duration_text",
    "plain_text",
]

Outcome = Literal["success", "leakage", "churn"]

_OURS = ("customer_id", "time", "activity", "channel")
_DEFAULT_TICKS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))


def _ascending(lengths: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    """Each length once, the shortest first: two equal ticks would be the same sample twice."""
    return tuple(sorted(set(lengths)))


def _plain_name(name: str) -> str:
    """Accept a name that can also name a model in the registry and a file."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) is None:
        raise ValueError(f"{name!r} is not a name; use letters, digits, - and _, and no spaces")
    return name


def _known_form(name: str) -> str:
    """Accept the name of a shipped form of events."""
    try:
        return form_named(name).name
    except DefinitionError as fault:
        raise ValueError(str(fault).rstrip(".")) from None


class Attributes(Frozen):
    """Which columns describe the customer and what they used, and which are never used."""

    context: Names = ()
    technical: Names = ()
    numeric: Names = ()
    sensitive: Names = ()

    @model_validator(mode="after")
    def _one_tier_each(self) -> "Attributes":
        seen: set[str] = set()
        for name in (*self.context, *self.technical, *self.numeric, *self.sensitive):
            if name in seen:
                raise ValueError(f"{name!r} stands in two lists; an attribute has one tier")
            seen.add(name)
        return self

    @property
    def categorical(self) -> tuple[str, ...]:
        """Context, then technical attributes: those a finding may name."""
        return self.context + self.technical


class Values(Frozen):
    """What a success earns, a contact costs and a lost customer costs, in ``currency``."""

    success: float | None = None
    contact: float | None = None
    churn: float | None = None
    currency: str = "EUR"

    def of(self, outcome: str) -> float | None:
        """Return what the bad side of an outcome costs, None where it is not said."""
        known = {"success": self.success, "leakage": self.contact, "churn": self.churn}
        return known.get(outcome)


class Definition(Frozen):
    """One journey, as its YAML says it (see docs/definition.md for every key)."""

    name: Annotated[str, AfterValidator(_plain_name)]
    form: Annotated[str, AfterValidator(_known_form)] | None = None
    query: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    time_unit: TimeUnit | None = None
    start: Rule | None = None
    success: Rule | None = None
    failure: Rule | None = None
    abandoned_after: Duration | None = None
    leakage: Rule | None = None
    churn: Rule | None = None
    errors: Rule | None = None
    milestones: Names = ()
    attributes: Attributes = Attributes()
    beside: dict[Annotated[str, AfterValidator(_plain_name)], Beside] = Field(default_factory=dict)
    values: Values = Values()
    constraints: dict[Outcome, Constraints] = Field(default_factory=dict)
    survey: Survey | None = None
    score: ScoreWeights | None = None
    calendar: tuple[KnownEvent, ...] = ()
    actions: dict[Annotated[str, AfterValidator(_plain_name)], PlannedAction] | None = None
    routing: Routing | None = None
    ticks: Annotated[tuple[Duration, ...], AfterValidator(_ascending)] = _DEFAULT_TICKS

    @model_validator(mode="after")
    def _maps_no_misspelt_name(self) -> "Definition":
        used = (*_OURS, *self.fields, *self.said, *self.attributes.sensitive)
        for ours in self.columns:
            if ours not in used and get_close_matches(ours, used, n=1, cutoff=0.8):
                raise ValueError(
                    f"columns maps {with_closest(ours, used)}, which the journey does not use; the "
                    "keys are ours, the values the file's"
                )
        return self

    @model_validator(mode="after")
    def _can_hold(self) -> "Definition":
        if not self.outcomes:
            raise ValueError("give at least one of success, leakage and churn: what is predicted")
        for name in ("start", "success", "failure", "leakage", "errors"):
            rule = getattr(self, name)
            if rule is not None and rule.inactive_for is not None:
                raise ValueError(f"inactive_for belongs under churn, not under {name}")
        if self.churn is not None and self.churn.within is None and self.churn.inactive_for is None:
            raise ValueError("churn needs a horizon: within: 60d, or inactive_for: 90d")
        for one, other in (("success", "leakage"), ("success", "failure"), ("success", "churn")):
            if same_event(getattr(self, one), getattr(self, other)):
                raise ValueError(f"{one} and {other} hold for the same event; no event can be both")
        return self

    @model_validator(mode="after")
    def _constrains_what_it_asks(self) -> "Definition":
        for outcome in self.constraints:
            if outcome not in self.outcomes:
                raise ValueError(f"constraints name {outcome}, for which there is no rule")
        return self

    @model_validator(mode="after")
    def _acts_on_what_it_asks(self) -> "Definition":
        prices = {str(outcome): self.values.of(outcome) for outcome in self.outcomes}
        attributes = self.attributes.categorical
        wrong = wrong_in(self.actions or {}, self.routing, prices=prices, attributes=attributes)
        if wrong:
            raise ValueError(wrong)
        return self

    @model_validator(mode="after")
    def _asks_no_attribute_for_an_opinion(self) -> "Definition":
        taken = (*_OURS, *self.attributes.categorical, *self.attributes.sensitive)
        if self.survey is not None and self.survey.score in taken:
            raise ValueError(
                f"survey takes the score from {self.survey.score!r}, which is something else here; "
                "name the column that holds the number given, and take it out of any other list"
            )
        return self

    @model_validator(mode="after")
    def _weighs_what_it_measures(self) -> "Definition":
        if self.score is None:
            return self
        for part, weight in self.score.given.items():
            if weight and part not in self._parts:
                rule = {"leakage": "leakage", "satisfaction": "survey"}.get(part, "success")
                raise ValueError(
                    f"score weighs {part}, for which there is no `{rule}:`; add it, or leave the "
                    "weight out"
                )
        return self

    @property
    def _parts(self) -> tuple[Part, ...]:
        """Which parts of a score can be measured."""
        asked = {"leakage": self.leakage, "satisfaction": self.survey}
        return tuple(part for part in DEFAULT_WEIGHTS if asked.get(part, self.success) is not None)

    @property
    def weights(self) -> dict[Part, float]:
        """What each part of the journey score weighs; they sum to one, empty without any part."""
        given = DEFAULT_WEIGHTS if self.score is None else self.score.given
        kept = {part: given[part] for part in self._parts if given[part]}
        return {part: weight / sum(kept.values()) for part, weight in kept.items()}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes that the definition asks for, in the order success, leakage, churn."""
        every: tuple[Outcome, ...] = ("success", "leakage", "churn")
        return tuple(outcome for outcome in every if getattr(self, outcome) is not None)

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule that is given, by its key in the YAML."""
        keys = ("start", "success", "failure", "leakage", "churn")
        given = {key: getattr(self, key) for key in keys}
        return {key: rule for key, rule in given.items() if rule is not None}

    @property
    def asked(self) -> dict[str, Rule]:
        """Every rule that events are held against: also errors and those of the journeys beside."""
        others = {
            f"beside.{name}.{key}": rule
            for name, one in self.beside.items()
            for key, rule in (("start", one.start), ("end", one.end), ("steps", one.steps))
        }
        given = {**self.rules, "errors": self.errors, **others}
        return {key: rule for key, rule in given.items() if rule is not None}

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns beyond customer, time, activity and channel that the journey needs."""
        needed = [*self.attributes.categorical, *self.attributes.numeric]
        needed += [field for rule in self.asked.values() for field in rule.where]
        return tuple(dict.fromkeys(field for field in needed if field not in _OURS))

    @property
    def said(self) -> tuple[str, ...]:
        """The column of the survey's answers, read as a number; it is no field of the journey."""
        asked = self.survey is not None and self.survey.score not in self.fields
        return (self.survey.score,) if asked and self.survey is not None else ()

    @property
    def of_the_file(self) -> dict[str, object]:
        """What says where the events are and how they are written, not what they mean."""
        return {key: getattr(self, key) for key in ("form", "query", "columns", "time_unit")}

    def column(self, ours: str) -> str:
        """Return the file's name for one of our columns."""
        return self.columns.get(ours, ours)

    def as_dict(self) -> dict[str, object]:
        """Return the definition as its YAML would hold it: text, lists and numbers only."""
        unsaid = set() if self.calendar else {"calendar"}
        return self.model_dump(mode="json", exclude_none=True, exclude=unsaid)

    @classmethod
    def from_dict(cls, written: dict[str, object]) -> "Definition":
        """Return the definition that `as_dict` wrote."""
        return cls.model_validate(written)
