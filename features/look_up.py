"""Looking up what was known of others at each sample: the compiled half of `Surroundings`.

Everything compiled stands in this one file, because numba's disk cache does not notice a change in
another; numbers that other files know as well come in as arguments.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

# What was observed weighs as much as what is known above it (of the parent's value, of all at the
# step, of everybody) once so many bad things were to be expected.
STRENGTH = 4.0
# A difference counts only where it is no chance and no trifle: beyond so many standard errors, and
# beyond this share of what was expected.  A number that never stands still tells trees the date.
STANDARD_ERRORS = 2.5
TRIFLE = 0.1

_HOUR = 3_600_000_000

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Table = NDArray[np.float32]

Events = tuple[Codes, Codes, Ints, Ints]
Samples = tuple[Ints, Ints]
Shape = tuple[Ints, Ints, Ints, Ints, Codes]
Rows = tuple[Ints, Codes, Table]
Read = tuple[Ints, Floats, Ints]
Load = tuple[Floats, Floats]
Limits = tuple[int, int, int, int, int]
Known = tuple[Shape, Rows, Read, Load, Limits]
State = tuple[Ints, Floats]

_compiled = njit(cache=True, nogil=True)


@_compiled
def look_up(events: Events, samples: Samples, known: Known, left: int, out: Table) -> None:
    """Write what was known of others at every sample into ``out[:, left:]``.

    Parameters
    ----------
    events : value codes (n_attributes, n_events) and step codes (n_events,), -1 missing; the first
        rows of the customers and of the journeys, ascending
    samples : row of the last event seen and cutoff, ascending by both
    known : the shape and the rows of a `Surroundings`; what is read of them, a (kind, window, as a
        rate) each, with the usual rates (n_kinds, n_steps) and when each pair was first seen; the
        workload at each bin; number of steps, first bin, first incomplete bin, length of a bin in
        microseconds and in how many of them a value grows old
    """
    codes, _, customers, _ = events
    seen_rows, cutoffs = samples
    if len(seen_rows) == 0:
        return
    n_slots = known[1][2].shape[1] // 2
    value = np.full(len(codes), -1, dtype=np.int64)
    ratios = np.ones((len(codes) + 2, n_slots))
    row, customer, journey, step = customers[0], 0, 0, 0
    for place in range(len(seen_rows)):
        while row <= seen_rows[place]:
            customer, journey, step = _live(events, row, (customer, journey, step), value)
            row += 1
        state = (value, ratios)
        _describe(state, (step, cutoffs[place]), known, out[place, left:])


@_compiled
def _live(events: Events, row: int, at: tuple[int, int, int], value: Ints) -> tuple[int, int, int]:
    """Take one event in: values last for a customer, the step for a journey."""
    codes, steps, customers, journeys = events
    customer, journey, step = at
    if customer < len(customers) and customers[customer] == row:
        value[:] = -1
        step = 0
        customer += 1
    if journey < len(journeys) and journeys[journey] == row:
        step = 0
        journey += 1
    for attribute in range(len(codes)):
        if codes[attribute, row] >= 0:
            value[attribute] = codes[attribute, row]
    if steps[row] >= 0:
        step = steps[row]
    return customer, journey, step


@_compiled
def _describe(state: State, at: tuple[int, int], known: Known, out: Table) -> None:
    """Write one sample's columns: attribute by attribute, then the workload."""
    value = state[0]
    step, cutoff = at
    shape, rows, read, load, limits = known
    n_steps, first_bin, complete, bin_length, _ = limits
    now = min(cutoff // bin_length - first_bin, complete)
    _compare(rows, (0, now), (0, 0), state)
    _compare(rows, (1 + step, now), (1, 0), state)
    order, parents = shape[0], shape[1]
    width = len(read[0]) + 1
    for attribute in order:
        pair = _pair(shape, value, attribute)
        key = 1 + n_steps * (1 + pair) + step if pair >= 0 else -1
        above = 2 + parents[attribute] if parents[attribute] >= 0 else 1
        _compare(rows, (key, now), (2 + attribute, above), state)
        mine = out[attribute * width : (attribute + 1) * width]
        _write(state, (attribute, step), read, mine)
        _write_age((value[attribute], pair, cutoff), read[2], limits, mine)
        if now <= 0:
            mine[:] = math.nan
    at_bin = max(now, 0)
    for place in range(len(load)):
        out[len(order) * width + place] = load[place][at_bin]


@_compiled
def _pair(shape: Shape, value: Ints, attribute: int) -> int:
    """Return the number of the attribute's value with its parent's; -1 if missing or unheard of."""
    _, parents, widths, begins, numbers = shape
    if value[attribute] < 0:
        return -1
    above = 0
    if parents[attribute] >= 0:
        above = 1 + value[parents[attribute]]
    return int(numbers[begins[attribute] + above * widths[attribute] + value[attribute]])


@_compiled
def _compare(rows: Rows, at: tuple[int, int], places: tuple[int, int], state: State) -> None:
    """Compare observed with expected for one key now, held close to what is known above it.

    The posterior mean of a Poisson rate with a gamma prior: (observed + k prior) / (expected + k).
    """
    ratios = state[1]
    place, above = places
    row = _latest(rows, at)
    for slot in range(ratios.shape[1]):
        prior = ratios[above, slot] if place > 0 else 1.0
        if row >= 0:
            expected, observed = rows[2][row, 2 * slot], rows[2][row, 1 + 2 * slot]
            if _differs(observed, expected * prior):
                prior = (observed + STRENGTH * prior) / (expected + STRENGTH)
        ratios[place, slot] = prior


@_compiled
def _differs(observed: float, expected: float) -> bool:
    """Say whether a Poisson count is unlike its expectation (square roots: Anscombe 1948)."""
    errors = 2 * abs(math.sqrt(observed + 0.375) - math.sqrt(expected + 0.375))
    return errors > STANDARD_ERRORS and abs(observed - expected) > TRIFLE * expected


@_compiled
def _latest(rows: Rows, at: tuple[int, int]) -> int:
    """Return the last row of a key at or before a bin, or -1."""
    offsets, bins, _ = rows
    key, now = at
    if key < 0:
        return -1
    begin = offsets[key]
    low, high = begin, offsets[key + 1]
    while low < high:
        middle = (low + high) // 2
        if bins[middle] <= now:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > begin else -1


@_compiled
def _write(state: State, at: tuple[int, int], read: Read, out: Table) -> None:
    """Write an attribute's rates and ratios."""
    ratios = state[1]
    attribute, step = at
    what, usual, _ = read
    n_kinds = len(usual)
    for place in range(len(what)):
        kind, window, as_rate = what[place]
        ratio = ratios[2 + attribute, window * n_kinds + kind]
        out[place] = min(ratio * usual[kind, step], 1.0) if as_rate else ratio


@_compiled
def _write_age(at: tuple[int, int, int], first_seen: Ints, limits: Limits, out: Table) -> None:
    """Write how long others have had the value: 0 if they have not, at most until it is old."""
    value, pair, cutoff = at
    _, _, _, bin_length, old_bins = limits
    age = 0.0
    if pair >= 0:
        age = min(max(cutoff - first_seen[pair], 0), old_bins * bin_length) / _HOUR
    out[len(out) - 1] = age if value >= 0 else math.nan
