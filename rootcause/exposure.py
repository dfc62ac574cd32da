"""Exposures: who reached which step with what in their hands, and what became of them after it.

One **exposure** is one (journey, step first reached). Its attributes are the last known ones of
the customer as of that event, its outcome is what happened *after* it: equal exposure by
construction, and nothing later than the step is ever looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import last_row_until
from journeys.labels import at_risk_of, bad_outcome, labels_of
from journeys.log import CUSTOMER, EventLog, instants
from rootcause.last_known import (
    MISSING,
    Codes,
    Flags,
    Floats,
    Ints,
    last_known_codes,
    last_known_numbers,
)
from rootcause.surveyed import (
    Surveyed,
    cuts_of_steps,
    ends_by_activity,
    first_reached,
    numbers_counted,
    possible_steps,
)
from rootcause.thresholds import codes_of, lies, names_of

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
    "exposures_of_part",
]

_Column = tuple[str, tuple[str, ...], Codes]
"""An attribute, what its codes stand for, and a code per exposure."""

STEP = "activity"
MICROS_A_DAY = 86_400_000_000
LARGEST_LOT = 2**63 - 1

_LOT_KEY = "offramp.exposure"
_FEWEST_JOURNEYS = 50
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
    lot : a keyed hash of the customer's key, not negative: whatever is drawn of customers is drawn
        by it, so that neither their order nor who else is there decides
    codes : int32, shape (n, n_attributes)
    numbers : float64, shape (n, n_numeric), NaN where not known
    bad : 1.0 where the bad outcome followed, 0.0 where not, NaN where that cannot be said: not at
        risk, or not watched for as long as everybody else
    at_risk : whether the question arises, decided or not
    everyone : the lots of all customers of the log, ascending; None: of those who stand here
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
    lot: Ints
    codes: Codes
    numbers: Floats
    bad: Floats
    at_risk: Flags
    everyone: Ints | None = None

    def __len__(self) -> int:
        return len(self.step)

    @cached_property
    def turn(self) -> Ints:
        """The place of each exposure's customer among all of them, by lot: from 0, without gaps."""
        everyone = np.unique(self.lot) if self.everyone is None else self.everyone
        return np.searchsorted(everyone, self.lot).astype(np.int64)

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
        few = {name: getattr(self, name)[kept] for name in _per_exposure()}
        return replace(self, everyone=None, **few)

    def at_steps(self, steps: Sequence[str]) -> "Exposures":
        """Return the exposures at some steps, renumbered in their order; all must be known."""
        number = np.full(len(self.steps), -1, dtype=np.int64)
        number[[self.steps.index(name) for name in steps]] = np.arange(len(steps))
        few = self.only(number[self.step] >= 0)
        return replace(few, everyone=self.everyone, steps=tuple(steps), step=number[few.step])


def exposures_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, outcome: Outcome
) -> Exposures:
    """Return every exposure at every step that enough journeys reach.

    Events that are themselves an outcome, a contact or an end are no steps. An outcome counts only
    once its label is closed (`journeys.labels`): near the end of the log, bad news comes first.
    """
    possible = possible_steps(ends_by_activity(log, definition))
    cuts = cuts_of_steps(numbers_counted(log, journeys, definition, possible))
    surveyed = Surveyed(possible, cuts)
    found = exposures_of_part(log, journeys, definition, outcome, surveyed)
    return with_enough(replace(found, everyone=np.unique(found.lot)))


def exposures_of_part(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    outcome: Outcome,
    surveyed: Surveyed,
) -> Exposures:
    """Return every exposure at every possible step, of a log or of a shard of it."""
    reached = first_reached(log, journeys, surveyed.possible)
    found = _described(log, journeys, definition, reached, surveyed.cuts)
    samples = _samples(log, found)
    labels = labels_of(log, journeys, samples, definition)[outcome]
    bad = bad_outcome(labels["y"].to_numpy(), outcome)
    return replace(
        found,
        bad=np.where(labels["closed_at"].notna(), bad, np.nan),
        at_risk=at_risk_of(log, journeys, samples, definition)[outcome],
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
    reached = first_reached(log, journeys, np.asarray(wanted, dtype=np.bool_))
    found = _described(log, journeys, definition, reached, ())
    since = int(np.datetime64(finding.onset, "D").astype(np.int64))
    met = found.meets(finding.conditions) & (found.day >= since)
    return pd.DataFrame({"journey": found.journey[met], "time": instants(found.time[met])})


def _code(names: tuple[str, ...], value: str) -> int:
    return names.index(value) if value in names else -1


def _described(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    reached: tuple[Ints, Ints],
    cuts: Sequence[Sequence[float]],
) -> Exposures:
    journey, row = reached
    numeric = definition.attributes.numeric
    numbers = [last_known_numbers(log, name)[row] for name in numeric]
    columns = [
        *_categorical(log, definition.attributes.categorical, row),
        *thresholds(numeric, numbers, cuts),
    ]
    n, customer = len(row), journeys["customer"].to_numpy()[journey]
    return Exposures(
        steps=tuple(log.events[STEP].cat.categories),
        attributes=tuple(name for name, _, _ in columns),
        numeric=numeric,
        names=tuple(names for _, names, _ in columns),
        step=log.events[STEP].cat.codes.to_numpy().astype(np.int64)[row],
        journey=journey,
        row=row,
        customer=customer,
        time=log.times[row],
        day=log.times[row] // MICROS_A_DAY,
        lot=lots_of(log)[customer],
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


def thresholds(
    names: Sequence[str], numbers: Sequence[Floats], cuts: Sequence[Sequence[float]]
) -> Iterator[_Column]:
    """Yield each cut of each number as an attribute; no cuts, no attributes."""
    for name, known, cut in zip(names, numbers, cuts, strict=False):
        for one in cut:
            yield name, names_of(one), codes_of(known, one)


def lots_of(log: EventLog) -> Ints:
    """Return the keyed hash (SipHash) of each customer's key, shape (n_customers,)."""
    keys = log.events[CUSTOMER].cat.categories.to_numpy(dtype=object)
    mixed = pd.util.hash_array(keys, hash_key=_LOT_KEY, categorize=False)
    return np.asarray(mixed >> np.uint64(1)).astype(np.int64)


def _samples(log: EventLog, found: Exposures) -> pd.DataFrame:
    """Return a sample at each exposure: all events of the step's instant have been seen."""
    last = log.offsets[1:][found.customer] - 1
    seen = last_row_until(log.times, found.row, last, found.time)
    return pd.DataFrame({"journey": found.journey, "cutoff": instants(found.time), "seen": seen})


def with_enough(found: Exposures) -> Exposures:
    """Return the exposures at the busiest steps with enough known outcomes, renumbered."""
    counts = np.bincount(found.step[~np.isnan(found.bad)], minlength=len(found.steps))
    return found.at_steps(steps_with_enough(found.steps, counts))


def steps_with_enough(steps: Sequence[str], known: Ints) -> list[str]:
    """Return the busiest steps with enough exposures; ``known``: of each, with known outcomes."""
    busiest = np.argsort(-known, kind="stable")[:_MOST_STEPS]
    kept = np.sort(busiest[known[busiest] >= _FEWEST_JOURNEYS])
    return [steps[step] for step in kept]


def _per_exposure() -> list[str]:
    """Return the names of the arrays with an entry per exposure."""
    told_once = {"steps", "attributes", "numeric", "names", "everyone"}
    return [field.name for field in fields(Exposures) if field.name not in told_once]
