"""The survey: what must be known of a whole log before any part of it can be told as exposures.

Which activities are steps, and where numbers are cut. Both are made of counts, so that the counts
of parts, put together, say what the whole would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import ACTIVITY, EventLog
from rootcause.last_known import Flags, Floats, Ints, last_known_numbers
from rootcause.thresholds import counted_numbers, cuts_among

_RARELY = 0.05


@dataclass(frozen=True)
class Surveyed:
    """Which activities are steps, and where numbers are cut.

    ``possible``: per activity whether it is a step, shape (n_activities,); ``cuts``: the thresholds
    of each numeric attribute, in the order of the definition.
    """

    possible: Flags
    cuts: tuple[tuple[float, ...], ...]


def ends_by_activity(log: EventLog, definition: Definition) -> Ints:
    """Return per activity its events that are an outcome, a contact or an end, and all of them.

    Shape (n_activities, 2); of shards, the sum of theirs.
    """
    ends = np.zeros(len(log), dtype=np.bool_)
    for key, rule in definition.rules.items():
        if key != "start":
            ends |= rule.holds(log.events)
    activity = log.events[ACTIVITY].cat.codes.to_numpy()
    n_activities = len(log.events[ACTIVITY].cat.categories)
    counts = [np.bincount(activity[rows], minlength=n_activities) for rows in (ends, ...)]
    return np.column_stack(counts)


def possible_steps(counts: Ints) -> Flags:
    """Return per activity whether it is a step: seldom an outcome, a contact or an end itself."""
    return np.asarray(counts[:, 0] / np.maximum(counts[:, 1], 1) < _RARELY, dtype=np.bool_)


def numbers_counted(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, possible: Flags
) -> list[tuple[Floats, Ints]]:
    """Return the known numbers of all exposures per numeric attribute: values, and how often."""
    _, row = first_reached(log, journeys, possible)
    known = (last_known_numbers(log, name)[row] for name in definition.attributes.numeric)
    return [counted_numbers(numbers) for numbers in known]


def cuts_of_steps(counted: Sequence[tuple[Floats, Ints]]) -> tuple[tuple[float, ...], ...]:
    """Return the thresholds of each numeric attribute, from its counted numbers."""
    return tuple(tuple(cuts_among(values, counts)) for values, counts in counted)


def first_reached(log: EventLog, journeys: pd.DataFrame, possible: Flags) -> tuple[Ints, Ints]:
    """Return (journey, row) of the first event of each possible activity in each journey."""
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    lengths = last - first + 1
    journey = np.repeat(np.arange(len(journeys), dtype=np.int64), lengths)
    before = np.cumsum(lengths) - lengths
    row = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(first - before, lengths)
    activity = log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)[row]
    asked = possible[activity]
    journey, row, activity = journey[asked], row[asked], activity[asked]
    _, firsts = np.unique(journey * len(possible) + activity, return_index=True)
    firsts.sort()
    return journey[firsts], row[firsts]
