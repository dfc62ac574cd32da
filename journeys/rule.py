"""A rule: what an event must be; and the plain values of a definition, durations and names."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_serializer,
    model_validator,
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = timedelta(days=36500)
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 256, 64


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


class ByText(dict[object, int]):
    """What stands for each value of a column; a value that is no text is taken as a log writes it.

    Beside the values that are known some others are remembered: texts are looked up thirty at a
    time, and most logs have few.
    """

    def __init__(self, known: Mapping[object, int], *, missing: int, other: int) -> None:
        super().__init__({None: missing} | dict(known))
        self._missing, self._other = missing, other
        self._most = len(self) + _MOST_REMEMBERED

    def __missing__(self, value: object) -> int:
        """Return what stands for a value that is not written as the known ones are."""
        if value != value:  # noqa: PLR0124 - NaN is not itself
            return self._missing
        if not isinstance(value, str):  # and is not remembered: 1 and True are one key
            return self.get(plain_text(value), self._other)
        if len(self) < self._most and len(value) <= _LONGEST_REMEMBERED:
            self[value] = self._other
        return self._other


def _names(value: object) -> object:
    """Accept one name where a list of names may stand; every name is text."""
    if value is None:
        return ()
    many = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(name, str | int | float | date) for name in many):
        raise ValueError(f"{value!r} is not a name or a list of names")
    return tuple(dict.fromkeys(plain_text(name) for name in many))


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(duration_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Frozen(BaseModel):
    """A part of a definition: unchangeable, and without keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Frozen):
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


class Beside(Frozen):
    """Another journey that the customer may be on: how it starts, goes on and ends.

    Its ``steps`` are its other events; ``abandoned_after`` is the silence of them that ends it.
    """

    start: Rule
    end: Rule | None = None
    steps: Rule | None = None
    abandoned_after: Duration | None = None

    @model_validator(mode="after")
    def _can_end(self) -> "Beside":
        if self.end is None and self.abandoned_after is None:
            raise ValueError("give its end, abandoned_after or both, or it is open for ever")
        for rule in (self.start, self.end, self.steps):
            if rule is not None and (rule.within or rule.inactive_for):
                raise ValueError("its rules name events only; take within and inactive_for out")
        if same_event(self.start, self.end):
            raise ValueError("start and end hold for the same event; no event can be both")
        return self


def same_event(one: Rule | None, other: Rule | None) -> bool:
    """Whether two rules over the same fields can hold for one event."""
    if one is None or other is None or not one.where or not other.where:
        return False
    if set(one.where) != set(other.where):
        return False
    return all(set(one.where[field]) & set(other.where[field]) for field in one.where)
