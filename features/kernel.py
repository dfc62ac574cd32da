"""The fold: one walk over a customer's events in time order that writes every feature row.

A **plan** (`features.plan`) is a table of numbers, one row per primitive: which operation, on
which column, with which slots of the state and of the output.  `fold` lets every primitive walk
over a customer's events and write its features at each cutoff; the same compiled function builds
training tables, scores a log and answers one request.

A new primitive is a class in `features.primitives` and a branch here, in `_observe` and `_write`.
Everything compiled stands in this one file, because numba's disk cache does not notice a change in
another.

What a primitive has kept is float64; times in it are microseconds since the epoch, exact below
2**53.  NaN means *not yet*; a code of -1 means *missing* and is not observed.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

(COUNT, SHARE, SINCE, WINDOW, TRANSITION, SWITCHES, REPEATS, GAPS, CLOCK, STATS, LAST_VALUE,
 LAST_K, PROGRESS, HISTORY, CALENDAR) = range(15)  # fmt: skip
OP, JOURNEY_SCOPE, COLUMN, STATE, SIZE, OUT, WIDTH, A, B = range(9)
SUCCESS = 0

_HOUR = 3_600_000_000

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Plan = tuple[Ints, Floats, Floats]
Events = tuple[Ints, Codes, Floats, Ints]
Journeys = tuple[Ints, Ints, Ints]
Samples = tuple[Ints, Ints]

# Nothing is allocated here, so nothing needs numba's reference counts (nrt); without them the fold
# takes a third of the time.  Inlining by force saves another fifth.
_compiled = njit(cache=True, nogil=True, _nrt=False)
_inlined = njit(cache=True, nogil=True, _nrt=False, forceinline=True)


@_compiled
def fold(plan: Plan, events: Events, journeys: Journeys, samples: Samples, out: Table) -> None:
    """Write the features of every sample into ``out``, shape (n_samples, n_features).

    Parameters
    ----------
    plan : the table (n_primitives, 9), the state before any event, and room for a state
    events : times (n_events,), codes (n_columns, n_events), numbers (n_numbers, n_events), offsets
        of the customers (n_customers + 1,)
    journeys : first row, end time and state code of each, ascending by first row, none of a
        customer before the first of ``offsets``
    samples : row of the last event seen and cutoff, ascending by both
    """
    table, initial, state = plan
    offsets, first_rows, seen_rows = events[3], journeys[0], samples[0]
    journey, sample = 0, 0
    for customer in range(len(offsets) - 1):
        low, high = offsets[customer], offsets[customer + 1]
        after = sample
        while after < len(seen_rows) and seen_rows[after] < high:
            after += 1
        if after > sample:
            for place in range(len(table)):
                start, end = table[place, STATE], table[place, STATE] + table[place, SIZE]
                one = (table[place], initial[start:end], state[start:end])
                _walk(one, events, journeys, samples, (low, journey, sample, after), out)
        sample = after
        while journey < len(first_rows) and first_rows[journey] < high:
            journey += 1


@_inlined
def _walk(
    one: tuple[Ints, Floats, Floats],
    events: Events,
    journeys: Journeys,
    samples: Samples,
    begin: tuple[int, int, int, int],
    out: Table,
) -> None:
    """Let one primitive walk over one customer's events and write its features at the cutoffs."""
    primitive, initial, kept = one
    times, codes, numbers, _ = events
    first_rows = journeys[0]
    seen_rows, cutoffs = samples
    low, journey, sample, after = begin
    op, parameters = primitive[OP], (primitive[A], primitive[B])
    column = codes[0 if op == STATS else primitive[COLUMN]]
    left, right = primitive[OUT], primitive[OUT] + primitive[WIDTH]
    first_journey, row = journey, low
    _forget(kept, initial)
    for place in range(sample, after):
        while row <= seen_rows[place]:
            if journey < len(first_rows) and first_rows[journey] == row:
                _begin_journey(one, journeys, first_journey, journey)
                journey += 1
            if op == STATS:
                _accumulate(kept, numbers[primitive[COLUMN], row])
            elif column[row] >= 0:
                _observe(op, parameters, kept, column[row], times[row], row)
            row += 1
        if op == WINDOW:
            _leave_window(kept, times[:row], column, cutoffs[place] - primitive[A])
        _write(op, kept, cutoffs[place], out[place, left:right])


@_inlined
def _begin_journey(
    one: tuple[Ints, Floats, Floats], journeys: Journeys, first_journey: int, journey: int
) -> None:
    """Forget the journey before, or remember in the history how it ended."""
    primitive, initial, kept = one
    _, end_times, end_states = journeys
    if primitive[JOURNEY_SCOPE]:
        _forget(kept, initial)
    elif primitive[OP] == HISTORY and journey > first_journey:
        kept[0] = end_times[journey - 1]
        kept[2] += 1
        kept[3] += end_states[journey - 1] == SUCCESS


@_inlined
def _forget(kept: Floats, initial: Floats) -> None:
    for place in range(len(kept)):  # `kept[:] = initial` would allocate
        kept[place] = initial[place]


@_inlined
def _observe(  # noqa: C901, PLR0912, PLR0915 - one branch an operation
    op: int, parameters: tuple[int, int], kept: Floats, code: int, time: int, row: int
) -> None:
    if op == COUNT:
        kept[code] += 1
    elif op == SHARE:
        kept[0] += 1
        kept[1 + code] += 1
    elif op == SINCE:
        kept[code] = time
    elif op == WINDOW:
        if math.isnan(kept[0]):
            kept[0] = row
        kept[1 + code] += 1
    elif op == TRANSITION:
        kept[1] += kept[0] == parameters[0] and code == parameters[1]
        kept[0] = code
    elif op == SWITCHES:
        kept[1] += not math.isnan(kept[0]) and kept[0] != code
        kept[0] = code
    elif op == REPEATS:
        kept[1] = kept[1] + 1 if kept[0] == code else 1
        kept[2] = max(kept[2], kept[1])
        kept[3] += kept[4 + code]
        kept[4 + code] = 1
        kept[0] = code
    elif op == GAPS:
        _accumulate(kept, (time - kept[6]) / _HOUR)
        kept[6] = time
    elif op == CLOCK:
        if math.isnan(kept[0]):
            kept[0] = time
        kept[1] = time
        kept[2] += 1
    elif op == LAST_VALUE:
        kept[0] = code
    elif op == LAST_K:
        for place in range(len(kept) - 1, 0, -1):
            kept[place] = kept[place - 1]
        kept[0] = code
    elif op == PROGRESS:
        if kept[3 + code] == 0:
            kept[0] = time
            kept[2] += 1
        kept[1] = max(kept[1], code + 1)
        kept[3 + code] = 1
    elif op == HISTORY and math.isnan(kept[1]):
        kept[1] = time


@_inlined
def _accumulate(kept: Floats, value: float) -> None:
    """Keep last, smallest, largest, count, mean and sum of squares (Welford 1962)."""
    if math.isnan(value):
        return
    kept[0] = value
    if math.isnan(kept[1]) or value < kept[1]:
        kept[1] = value
    if math.isnan(kept[2]) or value > kept[2]:
        kept[2] = value
    kept[3] += 1
    delta = value - kept[4]
    kept[4] += delta / kept[3]
    kept[5] += delta * (value - kept[4])


@_inlined
def _leave_window(kept: Floats, times: Ints, column: Codes, opens: int) -> None:
    """Take what happened at or before the window's opening out of its counts."""
    if math.isnan(kept[0]):
        return
    tail = int(kept[0])
    while tail < len(times) and times[tail] <= opens:
        if column[tail] >= 0:
            kept[1 + column[tail]] -= 1
        tail += 1
    kept[0] = tail


@_inlined
def _write(op: int, kept: Floats, cutoff: int, out: Table) -> None:  # noqa: C901, PLR0912 - one branch an operation
    if op in (COUNT, LAST_VALUE, LAST_K):
        for place in range(len(out)):
            out[place] = kept[place]
    elif op == WINDOW:
        for place in range(len(out)):
            out[place] = kept[1 + place]
    elif op == SHARE:
        for place in range(len(out)):
            out[place] = kept[1 + place] / kept[0] if kept[0] > 0 else math.nan
    elif op == SINCE:
        for place in range(len(out)):
            out[place] = (cutoff - kept[place]) / _HOUR
    elif op in (TRANSITION, SWITCHES):
        out[0] = kept[1]
    elif op == REPEATS:
        out[0], out[1], out[2] = kept[3], kept[1], kept[2]
    elif op in (GAPS, STATS):
        _write_statistics(kept, out)
    elif op == CLOCK:
        out[0] = (cutoff - kept[0]) / _HOUR
        out[1] = (cutoff - kept[1]) / _HOUR
        out[2] = kept[2]
    elif op == PROGRESS:
        out[0], out[1] = kept[1], kept[2]
        out[2] = (cutoff - kept[0]) / _HOUR
    elif op == HISTORY:
        out[0], out[1] = kept[2], kept[3]
        out[2] = (cutoff - kept[0]) / _HOUR
        out[3] = (cutoff - kept[1]) / _HOUR
    elif op == CALENDAR:
        out[0] = cutoff // _HOUR % 24
        out[1] = (cutoff // (24 * _HOUR) + 3) % 7


@_inlined
def _write_statistics(kept: Floats, out: Table) -> None:
    """Write last, smallest, largest, mean and (population) standard deviation; NaN before any."""
    some = kept[3] > 0
    out[0], out[1], out[2] = kept[0], kept[1], kept[2]
    out[3] = kept[4] if some else math.nan
    out[4] = math.sqrt(kept[5] / kept[3]) if some else math.nan
