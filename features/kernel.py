"""The fold: one walk over a customer's events in time order that writes every feature row.

A **plan** (`features.plan`) is a table of numbers, one row per primitive: which operation, on
which column, with which slots of the state and of the output.  `fold` lets the primitives observe a
customer's events and write their features at each cutoff: a row begins as a copy of the one before,
what changes with events alone is written when they are observed, the rest at the cutoff.  The same
compiled function builds training tables, scores a log and answers one request.

A new primitive is a class in `features.primitives` and a branch in `features.observe` and
`features.write`.

What a primitive has kept is float64; times in it are microseconds since the epoch, exact below
2**53.  NaN means *not yet*; a code of -1 means *missing* and is not observed.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import SOURCES, called, compiled, inlined, view
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
    TIMED,
    WIDTH,
    A,
    B,
)
from features.primitive import Codes, Floats, Ints, Row
from features.write import write_seen, write_timed
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
        plan : the table (n_primitives, 11), the state before any event, and room for a state
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
            first_sample = sample
            while sample < len(seen_rows) and seen_rows[sample] < high:
                here = out[sample]
                if sample == first_sample:
                    _begin_customer(table, initial, state, here)
                else:
                    _copy(out[sample - 1], here)
                while row <= seen_rows[sample]:
                    if journey < len(first_rows) and first_rows[journey] == row:
                        again = journey > first_journey
                        before = journey - 1 if again else journey
                        ended = (again, end_times[before], end_states[before])
                        _begin_journey(table, initial, state, ended, here)
                        journey += 1
                    _observe(table, state, events, row, here)
                    row += 1
                _write(table, state, events, row, cutoffs[sample], here)
                sample += 1
            while journey < len(first_rows) and first_rows[journey] < high:
                journey += 1

    return fold


@inlined
def _copy(values: Floats | Row, to: Floats | Row) -> None:
    for place in range(len(to)):  # `to[:] = values` would allocate
        to[place] = values[place]


@called
def _begin_customer(table: Ints, initial: Floats, state: Floats, here: Row) -> None:
    """Forget everything, and write what is so before any event."""
    _copy(initial, state)
    for place in range(len(table)):
        one = table[place]
        if not one[TIMED]:
            kept = view(state, one[STATE], one[SIZE])
            write_seen(one[OP], kept, view(here, one[OUT], one[WIDTH]))


@called
def _begin_journey(
    table: Ints, initial: Floats, state: Floats, ended: tuple[bool, int, int], here: Row
) -> None:
    """Begin a journey: whether, when and how the customer's one before ended."""
    for place in range(len(table)):
        one = table[place]
        first, last = one[STATE], one[STATE] + one[SIZE]
        if one[JOURNEY_SCOPE]:
            _copy(initial[first:last], state[first:last])
        begin(one[OP], state[first:last], ended, _SUCCESS)
        if not one[TIMED]:
            write_seen(one[OP], state[first:last], view(here, one[OUT], one[WIDTH]))


@inlined
def _observe(table: Ints, state: Floats, events: Events, row: int, here: Row) -> None:
    """Let every primitive observe the event of a row, and write what changes with it alone."""
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
        kept = view(state, one[STATE], one[SIZE])
        observe(one[OP], one[A], one[B], kept, code, number, times[row], row)
        if not one[TIMED]:
            write_seen(one[OP], kept, view(here, one[OUT], one[WIDTH]))


@inlined
def _write(table: Ints, state: Floats, events: Events, row: int, cutoff: int, here: Row) -> None:
    """Write what changes with time, the events before ``row`` having been observed."""
    times, codes, _, _ = events
    for place in range(len(table)):
        one = table[place]
        if one[TIMED]:
            kept = view(state, one[STATE], one[SIZE])
            seen = (row, times, codes[one[COLUMN]])
            out = view(here, one[OUT], one[WIDTH])
            write_timed(one[OP], one[A], kept, cutoff, seen, out)


fold = _fold_compiled_from(SOURCES)
