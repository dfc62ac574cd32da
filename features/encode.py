"""Events as arrays of numbers: the only form that the kernel sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.columns import ANY_OTHER, MISSING, PAUSE_SECONDS, CodeColumns
from features.compiled import compiled
from journeys.log import ACTIVITY, EventLog

if TYPE_CHECKING:
    from features.plan import Plan

Times = NDArray[np.int64]
Codes = NDArray[np.int16]

_SECOND = 1_000_000


@dataclass(frozen=True, eq=False)
class EncodedEvents:
    """Events in the order of the log.

    ``times`` int64 (n_events,) microseconds UTC; ``codes`` int16 (n_columns, n_events), -1 missing;
    ``numbers`` float64 (n_numbers, n_events), NaN missing; ``offsets`` int64 (n_customers + 1,).
    """

    times: NDArray[np.int64]
    codes: NDArray[np.int16]
    numbers: NDArray[np.float64]
    offsets: NDArray[np.int64]


def encode(log: EventLog, plan: "Plan") -> EncodedEvents:
    """Return the events of a log in the codes of the plan."""
    known = plan.codes.known
    places = np.empty((len(known), len(log)), dtype=np.int16)
    for row, (text, values) in enumerate(known.items()):
        places[row] = _places(log.events[text], values)
    numbers = np.empty((len(plan.numbers), len(log)), dtype=np.float64)
    for row, name in enumerate(plan.numbers):
        numbers[row] = log.events[name].to_numpy(dtype=np.float64, na_value=np.nan)
    codes = looked_up(places, log.times, log.offsets, plan.codes)
    return EncodedEvents(log.times, codes, numbers, log.offsets)


def looked_up(places: Codes, times: Times, offsets: Times, columns: CodeColumns) -> Codes:
    """Return the codes of events whose values are given as places, shape (n_columns, n_events)."""
    # One row more than columns: room for the fields of a rule.
    codes = np.empty((len(columns.labels) + 1, len(times)), dtype=np.int16)
    _look_up(places, columns.steps, columns.codes, codes)
    looks_back = (columns.back, columns.pairs, columns.triples)
    _look_back(times, offsets, _EDGES, looks_back, len(columns.labels[ACTIVITY]), codes)
    return codes[:-1]


_EDGES = np.array(PAUSE_SECONDS, dtype=np.int64) * _SECOND


@compiled
def _look_up(
    places: Codes, steps: NDArray[np.int64], tables: NDArray[np.int16], codes: Codes
) -> None:
    """Write the largest code over a column's rules of the smallest over a rule's fields."""
    codes[:-1] = -1
    rule = codes[-1]
    for step in range(len(steps)):
        column, begins, ends, text, table = steps[step]
        if begins and ends:
            for event in range(len(rule)):
                codes[column, event] = max(
                    codes[column, event], tables[table + places[text, event]]
                )
            continue
        for event in range(len(rule)):
            code = tables[table + places[text, event]]
            rule[event] = code if begins else min(rule[event], code)
        if ends:
            for event in range(len(rule)):
                codes[column, event] = max(codes[column, event], rule[event])


@compiled
def _look_back(
    times: Times,
    offsets: Times,
    edges: Times,
    looks_back: tuple[Times, Times, Times],
    width: int,
    codes: Codes,
) -> None:
    """Write the pause before each event, and which known sequence of activities it ends."""
    activity, (columns, pairs, triples) = codes[0], looks_back
    for customer in range(len(offsets) - 1):
        before, pair = -1, -1
        for row in range(offsets[customer], offsets[customer + 1]):
            if columns[0] >= 0:
                pause = 0 if before < 0 else times[row] - times[row - 1]
                codes[columns[0], row] = 0 if before < 0 else _bucket(pause, edges)
            triple = -1 if pair < 0 else pair * width + activity[row]
            pair = -1 if before < 0 else before * width + activity[row]
            before = activity[row]
            if columns[1] >= 0:
                codes[columns[1], row] = _place_of(pair, pairs)
            if columns[2] >= 0:
                codes[columns[2], row] = _place_of(triple, triples)


@compiled
def _bucket(pause: int, edges: Times) -> int:
    bucket = 1
    while bucket <= len(edges) and pause >= edges[bucket - 1]:
        bucket += 1
    return bucket


@compiled
def _place_of(key: int, keys: Times) -> int:
    for place in range(len(keys)):
        if keys[place] == key:
            return place
    return -1


def _places(column: pd.Series, known: Mapping[str, int]) -> NDArray[np.int16]:
    """Return the place of each event's value; a number's, where a rule asks for a number."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        of_category = [known.get(value, ANY_OTHER) for value in column.cat.categories]
        return np.array([*of_category, MISSING], dtype=np.int16)[column.cat.codes.to_numpy()]
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    places = np.where(np.isnan(numbers), MISSING, ANY_OTHER).astype(np.int16)
    for value, place in known.items():
        places[numbers == float(pd.to_numeric(value, errors="coerce"))] = place
    return places
