"""Exposures: who reached which step with what in their hands, and what became of them after it.

One **exposure** is one (journey, step first reached). Its attributes are the last known ones of
the customer as of that event, its outcome is what happened *after* it: equal exposure by
construction, and nothing later than the step is ever looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import last_row_until
from journeys.labels import at_risk_of, bad_outcome, labels_of
from journeys.log import EventLog, instants
from rootcause.last_known import (
    MISSING,
    Codes,
    Flags,
    Floats,
    Ints,
    last_known_codes,
    last_known_numbers,
)
from rootcause.thresholds import codes_of, cuts_of, lies, names_of

__all__ = [
    "MISSING",
    "Codes",
    "Conditioned",
    "Exposures",
    "Flags",
    "Floats",
    "Ints",
    "exposed_to",
    "exposures_of",
]

_Column = tuple[str, tuple[str, ...], Codes]
"""An attribute, what its codes stand for, and a code per exposure."""

STEP = "activity"
MICROS_A_DAY = 86_400_000_000

_FEWEST_JOURNEYS = 50
_RARELY = 0.05
_MOST_STEPS = 40


class Conditioned(Protocol):
    """What has conditions and began on a date: a finding."""

    @property
    def conditions(self) -> Mapping[str, str]:
        """Attribute (or step) and value."""

    @property
    def onset(self) -> str:
        """The first day, as YYYY-MM-DD."""


@dataclass(frozen=True)
class Exposures:
    """Exposures in the order of the log; every array has one entry per exposure.

    Attributes
    ----------
    steps, attributes : in the order of their codes; an attribute that is a number stands there once
        for each of its thresholds (`rootcause.thresholds`), after all others
    numeric : the attributes that are numbers
    names : per attribute the names of its codes; the last is `MISSING`, which is a value too
    step, journey, row : codes of ``steps``, rows in journeys, rows in the log of the step's event
    customer, time, day : customer code, microseconds and days since the epoch (UTC)
    codes : int32, shape (n, n_attributes)
    numbers : float64, shape (n, n_numeric), NaN where not known
    bad : 1.0 where the bad outcome followed, 0.0 where not, NaN where that cannot be said: not at
        risk, or not watched for as long as everybody else
    at_risk : whether the question arises, decided or not
    """

    steps: tuple[str, ...]
    attributes: tuple[str, ...]
    numeric: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    step: Ints
    journey: Ints
    row: Ints
    customer: Ints
    time: Ints
    day: Ints
    codes: Codes
    numbers: Floats
    bad: Floats
    at_risk: Flags

    def __len__(self) -> int:
        return len(self.step)

    def meets(self, conditions: Mapping[str, str]) -> Flags:
        """Return which exposures meet all conditions; a name that is unknown meets nothing."""
        met = np.ones(len(self), dtype=np.bool_)
        for name, value in conditions.items():
            if name == STEP:
                met &= self.step == _code(self.steps, value)
            elif name in self.numeric:
                met &= lies(self.numbers[:, self.numeric.index(name)], value)
            elif name in self.attributes:
                column = self.attributes.index(name)
                met &= self.codes[:, column] == _code(self.names[column], value)
            else:
                met &= False
        return met

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""
        return {self.attributes[attribute]: self.names[attribute][code]}

    def only(self, kept: Flags) -> "Exposures":
        """Return some of the exposures."""
        return replace(self, **{name: getattr(self, name)[kept] for name in _per_exposure()})


def exposures_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, outcome: Outcome
) -> Exposures:
    """Return every exposure at every step that enough journeys reach.

    Events that are themselves an outcome, a contact or an end are no steps. An outcome counts only
    once its label is closed (`journeys.labels`): near the end of the log, bad news comes first.
    """
    reached = _first_reached(log, journeys, _possible_steps(log, definition))
    found = _described(log, journeys, definition, reached)
    samples = _samples(log, found)
    labels = labels_of(log, journeys, samples, definition)[outcome]
    bad = bad_outcome(labels["y"].to_numpy(), outcome)
    return _with_enough(
        replace(
            found,
            bad=np.where(labels["closed_at"].notna(), bad, np.nan),
            at_risk=at_risk_of(log, journeys, samples, definition)[outcome],
        )
    )


def exposed_to(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, finding: Conditioned
) -> pd.DataFrame:
    """Return the journeys that met a finding's conditions on or after its onset.

    Returns
    -------
    DataFrame, one row per journey: ``journey`` (row in journeys) and ``time`` (UTC, when it reached
    the step), whether or not the outcome is known yet
    """
    names = log.events[STEP].cat.categories
    wanted = names == finding.conditions.get(STEP)
    reached = _first_reached(log, journeys, np.asarray(wanted, dtype=np.bool_))
    found = _described(log, journeys, definition, reached)
    since = int(np.datetime64(finding.onset, "D").astype(np.int64))
    met = found.meets(finding.conditions) & (found.day >= since)
    return pd.DataFrame({"journey": found.journey[met], "time": instants(found.time[met])})


def _code(names: tuple[str, ...], value: str) -> int:
    return names.index(value) if value in names else -1


def _possible_steps(log: EventLog, definition: Definition) -> Flags:
    """Return per activity whether it is a step: not an outcome, a contact or an end itself."""
    ends = np.zeros(len(log), dtype=np.bool_)
    for key, rule in definition.rules.items():
        if key != "start":
            ends |= rule.holds(log.events)
    activity = log.events[STEP].cat.codes.to_numpy()
    n_activities = len(log.events[STEP].cat.categories)
    share = np.bincount(activity, ends, n_activities) / np.bincount(
        activity, minlength=n_activities
    )
    return np.asarray(share < _RARELY, dtype=np.bool_)


def _first_reached(log: EventLog, journeys: pd.DataFrame, possible: Flags) -> tuple[Ints, Ints]:
    """Return (journey, row) of the first event of each possible activity in each journey."""
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    lengths = last - first + 1
    journey = np.repeat(np.arange(len(journeys), dtype=np.int64), lengths)
    before = np.cumsum(lengths) - lengths
    row = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(first - before, lengths)
    activity = log.events[STEP].cat.codes.to_numpy().astype(np.int64)[row]
    asked = possible[activity]
    journey, row, activity = journey[asked], row[asked], activity[asked]
    _, firsts = np.unique(journey * len(possible) + activity, return_index=True)
    firsts.sort()
    return journey[firsts], row[firsts]


def _described(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, reached: tuple[Ints, Ints]
) -> Exposures:
    journey, row = reached
    numeric = definition.attributes.numeric
    numbers = [last_known_numbers(log, name)[row] for name in numeric]
    columns = [
        *_categorical(log, definition.attributes.categorical, row),
        *_thresholds(numeric, numbers),
    ]
    n = len(row)
    return Exposures(
        steps=tuple(log.events[STEP].cat.categories),
        attributes=tuple(name for name, _, _ in columns),
        numeric=numeric,
        names=tuple(names for _, names, _ in columns),
        step=log.events[STEP].cat.codes.to_numpy().astype(np.int64)[row],
        journey=journey,
        row=row,
        customer=journeys["customer"].to_numpy()[journey],
        time=log.times[row],
        day=log.times[row] // MICROS_A_DAY,
        codes=np.array([codes for _, _, codes in columns], dtype=np.int32)
        .reshape(len(columns), n)
        .T,
        numbers=np.array(numbers).reshape(len(numbers), n).T,
        bad=np.full(n, np.nan),
        at_risk=np.zeros(n, dtype=np.bool_),
    )


def _categorical(log: EventLog, names: tuple[str, ...], row: Ints) -> Iterator[_Column]:
    for name in names:
        codes, values = last_known_codes(log, name)
        yield name, values, codes[row]


def _thresholds(names: tuple[str, ...], numbers: list[Floats]) -> Iterator[_Column]:
    for name, known in zip(names, numbers, strict=True):
        for cut in cuts_of(known):
            yield name, names_of(cut), codes_of(known, cut)


def _samples(log: EventLog, found: Exposures) -> pd.DataFrame:
    """Return a sample at each exposure: all events of the step's instant have been seen."""
    last = log.offsets[1:][found.customer] - 1
    seen = last_row_until(log.times, found.row, last, found.time)
    return pd.DataFrame({"journey": found.journey, "cutoff": instants(found.time), "seen": seen})


def _with_enough(found: Exposures) -> Exposures:
    """Return the exposures at the busiest steps with enough known outcomes, renumbered."""
    counts = np.bincount(found.step[~np.isnan(found.bad)], minlength=len(found.steps))
    busiest = np.argsort(-counts, kind="stable")[:_MOST_STEPS]
    kept = np.sort(busiest[counts[busiest] >= _FEWEST_JOURNEYS])
    number = np.full(len(found.steps), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    few = found.only(number[found.step] >= 0)
    return replace(few, steps=tuple(found.steps[step] for step in kept), step=number[few.step])


def _per_exposure() -> list[str]:
    """Return the names of the arrays with an entry per exposure."""
    told_once = {"steps", "attributes", "numeric", "names"}
    return [field.name for field in fields(Exposures) if field.name not in told_once]
