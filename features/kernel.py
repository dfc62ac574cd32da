"""The fold: one walk over a customer's events in time order that writes every feature row.

A **plan** (`features.plan`) is a table of numbers, one row per primitive: which operation, on
which column, with which slots of the state and of the output.  `fold` observes each event once and
writes a row at every cutoff; the same compiled function builds training tables, answers one
request and runs on a cluster.

A new primitive is a class in `features.primitives` and a branch here, in `_observe` and `_write`.
Everything compiled stands in this one file, because numba's disk cache does not notice a change in
another.

State is float64; times in it are microseconds since the epoch, exact below 2**53.  NaN in the state
means *not yet*; a code of -1 means *missing* and is skipped.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

(COUNT, SHARE, SINCE, WINDOW, TRANSITION, SWITCHES, REPEATS, GAPS, CLOCK, STATS, LAST_VALUE,
 LAST_K, PROGRESS, HISTORY, CALENDAR) = range(15)  # fmt: skip
OP, JOURNEY_SCOPE, COLUMN, WIDTH, STATE, SIZE, OUT, A, B = range(9)
SUCCESS = 0

_HOUR = 3_600_000_000

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Events = tuple[Ints, Codes, Floats, Ints]


@njit(cache=True, nogil=True)
def fold(
    table: Ints,
    initial: Floats,
    events: Events,
    journeys: tuple[Ints, Ints, Ints],
    samples: tuple[Ints, Ints],
    out: Table,
) -> None:
    """Write the features of every sample into ``out``, shape (n_samples, n_features).

    Parameters
    ----------
    table, initial : the plan, shape (n_primitives, 9), and the state before the first event
    events : times (n_events,), codes (n_events, n_columns), values (n_events, n_numbers), offsets
        of the customers (n_customers + 1,)
    journeys : first row, end time and state code of each, ascending by first row
    samples : row of the last event seen and cutoff, ascending by both
    """
    offsets, seen_rows = events[3], samples[0]
    state = initial.copy()
    sample = 0
    for customer in range(len(offsets) - 1):
        low, high = offsets[customer], offsets[customer + 1]
        if sample < len(seen_rows) and seen_rows[sample] < high:
            state[:] = initial
            rows = (low, high, sample)
            sample = _walk((table, initial, state), events, journeys, samples, rows, out)


@njit(cache=True, nogil=True)
def _walk(
    plan: tuple[Ints, Floats, Floats],
    events: Events,
    journeys: tuple[Ints, Ints, Ints],
    samples: tuple[Ints, Ints],
    rows: tuple[int, int, int],
    out: Table,
) -> int:
    """Walk one customer's rows low..high, writing from a sample on; return the sample after."""
    table, initial, state = plan
    seen_rows, cutoffs = samples
    low, high, sample = rows
    first_rows = journeys[0]
    first_journey = np.searchsorted(first_rows, low)
    journey = first_journey
    for row in range(low, high):
        if journey < len(first_rows) and first_rows[journey] == row:
            _begin_journey(table, initial, state)
            if journey > first_journey:
                _remember(table, state, journeys[1][journey - 1], journeys[2][journey - 1])
            journey += 1
        for primitive in range(len(table)):
            _observe(table, primitive, state, events, row)
        while sample < len(seen_rows) and seen_rows[sample] == row:
            for primitive in range(len(table)):
                at = (row, cutoffs[sample], sample)
                _write(table, primitive, state, events, at, out)
            sample += 1
        if sample == len(seen_rows) or seen_rows[sample] >= high:
            break
    return sample


@njit(cache=True, nogil=True)
def _begin_journey(table: Ints, initial: Floats, state: Floats) -> None:
    for primitive in range(len(table)):
        if table[primitive, JOURNEY_SCOPE]:
            start, size = table[primitive, STATE], table[primitive, SIZE]
            state[start : start + size] = initial[start : start + size]


@njit(cache=True, nogil=True)
def _remember(table: Ints, state: Floats, end_time: int, end_state: int) -> None:
    """Add the customer's previous journey, which has ended, to what is known of them."""
    for primitive in range(len(table)):
        if table[primitive, OP] == HISTORY:
            s = table[primitive, STATE]
            state[s] = end_time
            state[s + 2] += 1
            state[s + 3] += end_state == SUCCESS


@njit(cache=True, nogil=True)
def _observe(table: Ints, p: int, state: Floats, events: Events, row: int) -> None:  # noqa: C901, PLR0912, PLR0915 - one branch an operation
    op, column, s = table[p, OP], table[p, COLUMN], table[p, STATE]
    time = events[0][row]
    if op == CLOCK:
        if math.isnan(state[s]):
            state[s] = time
        state[s + 1] = time
        state[s + 2] += 1
    elif op == GAPS:
        if not math.isnan(state[s]):
            _accumulate(state, s + 1, (time - state[s]) / _HOUR)
        state[s] = time
    elif op == STATS:
        value = events[2][row, column]
        if not math.isnan(value):
            _accumulate(state, s, value)
    elif op == HISTORY:
        if math.isnan(state[s + 1]):
            state[s + 1] = time
    elif op == CALENDAR or events[1][row, column] < 0:
        return
    elif op == COUNT:
        state[s + events[1][row, column]] += 1
    elif op == SHARE:
        state[s] += 1
        state[s + 1 + events[1][row, column]] += 1
    elif op == SINCE:
        state[s + events[1][row, column]] = time
    elif op == WINDOW:
        if math.isnan(state[s]):
            state[s] = row
        state[s + 1 + events[1][row, column]] += 1
    elif op == TRANSITION:
        code = events[1][row, column]
        state[s + 1] += state[s] == table[p, A] and code == table[p, B]
        state[s] = code
    elif op == SWITCHES:
        code = events[1][row, column]
        state[s + 1] += not math.isnan(state[s]) and state[s] != code
        state[s] = code
    elif op == REPEATS:
        _observe_repeat(state, s, events[1][row, column])
    elif op == LAST_VALUE:
        state[s] = events[1][row, column]
    elif op == LAST_K:
        for place in range(table[p, A] - 1, 0, -1):
            state[s + place] = state[s + place - 1]
        state[s] = events[1][row, column]
    elif op == PROGRESS:
        _observe_milestone(state, s, events[1][row, column], time)


@njit(cache=True, nogil=True)
def _accumulate(state: Floats, s: int, value: float) -> None:
    """Keep last, smallest, largest, count, mean and sum of squares (Welford 1962)."""
    state[s] = value
    if math.isnan(state[s + 1]) or value < state[s + 1]:
        state[s + 1] = value
    if math.isnan(state[s + 2]) or value > state[s + 2]:
        state[s + 2] = value
    state[s + 3] += 1
    delta = value - state[s + 4]
    state[s + 4] += delta / state[s + 3]
    state[s + 5] += delta * (value - state[s + 4])


@njit(cache=True, nogil=True)
def _observe_repeat(state: Floats, s: int, code: int) -> None:
    state[s + 1] = state[s + 1] + 1 if state[s] == code else 1
    state[s + 2] = max(state[s + 2], state[s + 1])
    state[s + 3] += state[s + 4 + code]
    state[s + 4 + code] = 1
    state[s] = code


@njit(cache=True, nogil=True)
def _observe_milestone(state: Floats, s: int, code: int, time: int) -> None:
    if state[s + 3 + code] == 0:
        state[s] = time
        state[s + 2] += 1
    state[s + 1] = max(state[s + 1], code + 1)
    state[s + 3 + code] = 1


@njit(cache=True, nogil=True)
def _write(  # noqa: C901, PLR0912, PLR0915 - one branch an operation
    table: Ints, p: int, state: Floats, events: Events, at: tuple[int, int, int], out: Table
) -> None:
    op, s, o, width = table[p, OP], table[p, STATE], table[p, OUT], table[p, WIDTH]
    _, cutoff, row = at
    if op == COUNT:
        for code in range(width):
            out[row, o + code] = state[s + code]
    elif op == SHARE:
        for code in range(width):
            out[row, o + code] = state[s + 1 + code] / state[s] if state[s] > 0 else math.nan
    elif op == SINCE:
        for code in range(width):
            out[row, o + code] = (cutoff - state[s + code]) / _HOUR
    elif op == WINDOW:
        _write_window(table, p, state, events, at, out)
    elif op in (TRANSITION, SWITCHES):
        out[row, o] = state[s + 1]
    elif op == REPEATS:
        out[row, o] = state[s + 3]
        out[row, o + 1] = state[s + 1]
        out[row, o + 2] = state[s + 2]
    elif op == GAPS:
        _write_stats(state, s + 1, out, row, o)
    elif op == STATS:
        _write_stats(state, s, out, row, o)
    elif op == CLOCK:
        out[row, o] = (cutoff - state[s]) / _HOUR
        out[row, o + 1] = (cutoff - state[s + 1]) / _HOUR
        out[row, o + 2] = state[s + 2]
    elif op in (LAST_VALUE, LAST_K):
        for place in range(table[p, A]):
            out[row, o + place] = state[s + place]
    elif op == PROGRESS:
        out[row, o] = state[s + 1]
        out[row, o + 1] = state[s + 2]
        out[row, o + 2] = (cutoff - state[s]) / _HOUR
    elif op == HISTORY:
        out[row, o] = state[s + 2]
        out[row, o + 1] = state[s + 3]
        out[row, o + 2] = (cutoff - state[s]) / _HOUR
        out[row, o + 3] = (cutoff - state[s + 1]) / _HOUR
    elif op == CALENDAR:
        out[row, o] = cutoff // _HOUR % 24
        out[row, o + 1] = (cutoff // (24 * _HOUR) + 3) % 7


@njit(cache=True, nogil=True)
def _write_window(
    table: Ints, p: int, state: Floats, events: Events, at: tuple[int, int, int], out: Table
) -> None:
    """Drop what has left the window (cutoff - length, cutoff], then write the counts."""
    s, column = table[p, STATE], table[p, COLUMN]
    times, codes = events[0], events[1]
    seen, cutoff, row = at
    if not math.isnan(state[s]):
        tail = int(state[s])
        while tail <= seen and times[tail] <= cutoff - table[p, A]:
            if codes[tail, column] >= 0:
                state[s + 1 + codes[tail, column]] -= 1
            tail += 1
        state[s] = tail
    for code in range(table[p, WIDTH]):
        out[row, table[p, OUT] + code] = state[s + 1 + code]


@njit(cache=True, nogil=True)
def _write_stats(state: Floats, s: int, out: Table, row: int, o: int) -> None:
    """Write last, smallest, largest, mean and (population) standard deviation; NaN before any."""
    some = state[s + 3] > 0
    for place in range(3):
        out[row, o + place] = state[s + place]
    out[row, o + 3] = state[s + 4] if some else math.nan
    out[row, o + 4] = math.sqrt(state[s + 5] / state[s + 3]) if some else math.nan
