"""The fold: one walk over a customer's events in time order that writes every feature row.

A **plan** (`features.plan`) is a table of numbers, one row per primitive: which operation, on
which column, with which slots of the state and of the output.  `fold` lets the primitives observe a
customer's events and write their features at each cutoff; the same compiled function builds
training tables, scores a log and answers one request.

A new primitive is a class in `features.primitives` and a branch in `features.observe` and
`features.write`.

What a primitive has kept is float64; times in it are microseconds since the epoch, exact below
2**53.  NaN means *not yet*; a code of -1 means *missing* and is not observed.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import SOURCES, compiled, inlined
from features.observe import begin, observe
from features.operations import (
    COLUMN,
    EVERY_EVENT,
    JOURNEY_SCOPE,
    NUMBERS,
    OBSERVED,
    OP,
    OUT,
    SIZE,
    STATE,
    WIDTH,
    A,
    B,
)
from features.primitive import Codes, Floats, Ints, Row
from features.write import leave, write
from journeys.find import STATES

Table = NDArray[np.float32]
Plan = tuple[Ints, Floats, Floats]
Events = tuple[Ints, Codes, Floats, Ints]
Journeys = tuple[Ints, Ints, Ints]
Samples = tuple[Ints, Ints]

_SUCCESS = STATES.index("success")


def _fold_compiled_from(sources: int) -> Any:
    @compiled
    def fold(plan: Plan, events: Events, journeys: Journeys, samples: Samples, out: Table) -> None:
        """Write the features of every sample into ``out``, shape (n_samples, n_features).

        Parameters
        ----------
        plan : the table (n_primitives, 10), the state before any event, and room for a state
        events : times (n_events,), codes (n_columns, n_events), numbers (n_numbers, n_events),
            offsets of the customers (n_customers + 1,)
        journeys : first row, end time and state code of each, ascending by first row, none of a
            customer before the first of ``offsets``
        samples : row of the last event seen and cutoff, ascending by both
        """
        _ = sources  # numba's cache looks at it, see `features.compiled`
        table, initial, state = plan
        offsets = events[3]
        first_rows, end_times, end_states = journeys
        seen_rows, cutoffs = samples
        journey, sample = 0, 0
        for customer in range(len(offsets) - 1):
            row, high = offsets[customer], offsets[customer + 1]
            first_journey = journey
            if sample < len(seen_rows) and seen_rows[sample] < high:
                _forget(state, initial)
            while sample < len(seen_rows) and seen_rows[sample] < high:
                while row <= seen_rows[sample]:
                    if journey < len(first_rows) and first_rows[journey] == row:
                        again = journey > first_journey
                        before = journey - 1 if again else journey
                        ended, how = end_times[before], end_states[before]
                        _begin(table, initial, state, (again, ended, how))
                        journey += 1
                    _observe(table, state, events, row)
                    row += 1
                _write(table, state, events, row, cutoffs[sample], out[sample])
                sample += 1
            while journey < len(first_rows) and first_rows[journey] < high:
                journey += 1

    return fold


@inlined
def _forget(kept: Floats, initial: Floats) -> None:
    for place in range(len(kept)):  # `kept[:] = initial` would allocate
        kept[place] = initial[place]


@inlined
def _begin(table: Ints, initial: Floats, state: Floats, before: tuple[bool, int, int]) -> None:
    """Begin a journey: whether, when and how the customer's one before ended."""
    for place in range(len(table)):
        one = table[place]
        first, last = one[STATE], one[STATE] + one[SIZE]
        if one[JOURNEY_SCOPE]:
            _forget(state[first:last], initial[first:last])
        begin(one[OP], state[first:last], before, _SUCCESS)


@inlined
def _observe(table: Ints, state: Floats, events: Events, row: int) -> None:
    """Let every primitive observe the event of a row."""
    times, codes, numbers, _ = events
    for place in range(len(table)):
        one = table[place]
        code, number = -1, 0.0
        if one[OBSERVED] == NUMBERS:
            number = numbers[one[COLUMN], row]
            if math.isnan(number):
                continue
        else:
            code = codes[one[COLUMN], row]
            if code < 0 and one[OBSERVED] != EVERY_EVENT:
                continue
        kept = state[one[STATE] : one[STATE] + one[SIZE]]
        observe(one[OP], one[A], one[B], kept, code, number, times[row], row)


@inlined
def _write(table: Ints, state: Floats, events: Events, row: int, cutoff: int, out: Row) -> None:
    """Let every primitive write its features, those before ``row`` having been observed."""
    times, codes, _, _ = events
    for place in range(len(table)):
        one = table[place]
        kept = state[one[STATE] : one[STATE] + one[SIZE]]
        column = codes[0 if one[OBSERVED] == NUMBERS else one[COLUMN]]
        leave(one[OP], kept, cutoff - one[A], times[:row], column)
        write(one[OP], one[A], kept, cutoff, out[one[OUT] : one[OUT] + one[WIDTH]])


fold = _fold_compiled_from(SOURCES)
