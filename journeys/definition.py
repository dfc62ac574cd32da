"""The definition: the YAML that says what starts, ends and counts in a journey.

A **rule** is a set of ``field: value or [values]``, all of which hold for one
event; ``within`` is its horizon.  `Definition` is the checked, frozen form of
the YAML; `journeys.definition_file` reads it and says what cannot hold.
"""

import re
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_serializer,
    model_validator,
)

from journeys.errors import with_closest

Outcome = Literal["success", "leakage", "churn"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = timedelta(days=36500)
_OURS = ("customer_id", "time", "activity", "channel")
_DEFAULT_TICKS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))


def duration(text: object) -> timedelta:
    """Return a duration such as ``45d``, ``24h``, ``90m``, ``30s`` or ``2w`` as a timedelta.

    Raises
    ------
    ValueError
        If the text is not a positive number followed by one of the units, or beyond 100 years.

    >>> duration("45d").days
    45
    """
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*([smhdw])\s*", str(text))
    seconds = float(match[1]) * _SECONDS[match[2]] if match is not None else 0.0
    if not 1e-6 <= seconds <= _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is not a duration; write 30s, 90m, 24h, 45d or 2w")
    return timedelta(seconds=seconds)


def duration_text(length: timedelta) -> str:
    """Return a timedelta in the largest unit that keeps it whole.

    >>> duration_text(timedelta(hours=48))
    '2d'
    """
    seconds = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def plain_text(value: object) -> str:
    """Return a value as the log and the rules both write it: whole numbers as 1, not as 1.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _names(value: object) -> object:
    """Accept one name where a list of names may stand; every name is text."""
    if value is None:
        return ()
    many = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(name, str | int | float | date) for name in many):
        raise ValueError(f"{value!r} is not a name or a list of names")
    return tuple(dict.fromkeys(plain_text(name) for name in many))


def _ascending(lengths: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    """Each length once, the shortest first: two equal ticks would be the same sample twice."""
    return tuple(sorted(set(lengths)))


def _plain_name(name: str) -> str:
    """Accept a name that can also name a model in the registry and a file."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) is None:
        raise ValueError(f"{name!r} is not a name; use letters, digits, - and _, and no spaces")
    return name


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(duration_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Frozen):
    """What an event must be: every field has one of the values; ``within`` is the horizon.

    ``inactive_for`` (churn only) asks for silence instead of an event.
    """

    where: dict[str, Names] = Field(default_factory=dict)
    within: Duration | None = None
    inactive_for: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, rule: object) -> object:
        if not isinstance(rule, dict):
            raise ValueError("a rule is written {field: value, within: 7d}")
        timing = {key: rule[key] for key in ("within", "inactive_for") if key in rule}
        where = {str(key): rule[key] for key in rule if key not in timing}
        if not where and "inactive_for" not in timing:
            raise ValueError("a rule names at least one field, as in {activity: loan_funded}")
        for field, values in where.items():
            if values is None or values in ([], ()):
                raise ValueError(f"{field!r} has no value; write one, or take the field out")
        return {"where": where, **timing}

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        timing = {"within": self.within, "inactive_for": self.inactive_for}
        where = {field: list(values) for field, values in self.where.items()}
        return where | {key: duration_text(at) for key, at in timing.items() if at is not None}

    def holds(self, events: pd.DataFrame) -> NDArray[np.bool_]:
        """Return for each event whether every field has one of the rule's values.

        A rule without fields (pure silence) holds for no event; a missing value matches nothing.
        """
        held = np.full(len(events), bool(self.where))
        for field, values in self.where.items():
            held &= _has_value(events[field], values)
        return held


def _has_value(column: pd.Series, values: tuple[str, ...]) -> NDArray[np.bool_]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        wanted = np.append(column.cat.categories.isin(values), False)
        return np.asarray(wanted[column.cat.codes.to_numpy()], dtype=np.bool_)
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return np.asarray(column.isin(numbers.dropna()).to_numpy(), dtype=np.bool_)


class Attributes(_Frozen):
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


class Values(_Frozen):
    """What a success earns and a contact costs, in ``currency``."""

    success: float | None = None
    contact: float | None = None
    currency: str = "EUR"


class Definition(_Frozen):
    """One journey, as its YAML says it (see docs/definition.md for every key)."""

    name: Annotated[str, AfterValidator(_plain_name)]
    columns: dict[str, str] = Field(default_factory=dict)
    start: Rule | None = None
    success: Rule | None = None
    failure: Rule | None = None
    abandoned_after: Duration | None = None
    leakage: Rule | None = None
    churn: Rule | None = None
    milestones: Names = ()
    attributes: Attributes = Attributes()
    values: Values = Values()
    ticks: Annotated[tuple[Duration, ...], AfterValidator(_ascending)] = _DEFAULT_TICKS

    @model_validator(mode="after")
    def _maps_no_misspelt_name(self) -> "Definition":
        used = (*_OURS, *self.fields, *self.attributes.sensitive)
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
        for name in ("start", "success", "failure", "leakage"):
            rule = getattr(self, name)
            if rule is not None and rule.inactive_for is not None:
                raise ValueError(f"inactive_for belongs under churn, not under {name}")
        if self.churn is not None and self.churn.within is None and self.churn.inactive_for is None:
            raise ValueError("churn needs a horizon: within: 60d, or inactive_for: 90d")
        for one, other in (("success", "leakage"), ("success", "failure"), ("success", "churn")):
            if _same_event(getattr(self, one), getattr(self, other)):
                raise ValueError(f"{one} and {other} hold for the same event; no event can be both")
        return self

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
    def fields(self) -> tuple[str, ...]:
        """The columns beyond customer, time, activity and channel that the journey needs."""
        needed = [*self.attributes.categorical, *self.attributes.numeric]
        needed += [field for rule in self.rules.values() for field in rule.where]
        return tuple(dict.fromkeys(field for field in needed if field not in _OURS))

    def column(self, ours: str) -> str:
        """Return the file's name for one of our columns."""
        return self.columns.get(ours, ours)

    def as_dict(self) -> dict[str, object]:
        """Return the definition as its YAML would hold it: text, lists and numbers only."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def from_dict(cls, written: dict[str, object]) -> "Definition":
        """Return the definition that `as_dict` wrote."""
        return cls.model_validate(written)


def _same_event(one: Rule | None, other: Rule | None) -> bool:
    """Whether two rules over the same fields can hold for one event."""
    if one is None or other is None or not one.where or not other.where:
        return False
    if set(one.where) != set(other.where):
        return False
    return all(set(one.where[field]) & set(other.where[field]) for field in one.where)
