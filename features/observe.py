"""What an event changes: one branch an operation."""

import math

from features.compiled import inlined
from features.operations import (
    ACTIVE_DAYS,
    BEFORE,
    BESIDE,
    CLOCK,
    COUNT,
    DAY,
    DECAYED,
    DISORDER,
    EARLIER_GAPS,
    GAPS,
    HISTORY,
    HOPS,
    HOUR,
    LAST_K,
    LAST_VALUE,
    PACE,
    PROGRESS,
    REPEATS,
    RUNS,
    SHARE,
    SINCE,
    STATS,
    SWITCHES,
    TRANSITION,
    WINDOW,
)
from features.primitive import Floats

LN2 = math.log(2.0)


@inlined
def observe(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one branch an operation
    op: int, a: int, b: int, kept: Floats, code: int, number: float, time: int, row: int
) -> None:
    """Take an event in.

    Parameters
    ----------
    op, a, b : the operation and its two parameters
    kept : what the primitive keeps, as its ``memory`` lays it out
    code, number : the event's value in the primitive's column; the code is -1 where it has none
    time, row : of the event, microseconds since the epoch
    """
    if op == COUNT:
        kept[code] += 1
    elif op == SINCE:
        kept[code] = time
    elif op == LAST_VALUE:
        kept[0] = code
    elif op == SHARE:
        kept[0] += 1
        kept[1 + code] += 1
    elif op == WINDOW:
        if math.isnan(kept[0]):
            kept[0] = row
        kept[1 + code] += 1
    elif op == DECAYED:
        if code < b:
            if kept[0] < time:
                left = math.exp(-LN2 * (time - kept[0]) / a)
                for place in range(1, len(kept)):
                    kept[place] *= left
            kept[0] = time
            kept[1 + code] += 1
    elif op == TRANSITION:
        kept[1] += kept[0] == a and code == b
        kept[0] = code
    elif op == SWITCHES:
        kept[1] += not math.isnan(kept[0]) and kept[0] != code
        kept[0] = code
    elif op == HOPS:
        if math.isnan(kept[0]):
            kept[0] = row
        kept[3] += not math.isnan(kept[2]) and kept[2] != code
        kept[2] = code
        kept[4 + code] += 1
    elif op == REPEATS:
        kept[1] = kept[1] + 1 if kept[0] == code else 1
        kept[2] = max(kept[2], kept[1])
        kept[3] += kept[4 + code]
        kept[4 + code] = 1
        kept[0] = code
    elif op == RUNS:
        again = time - kept[4 + code] <= a
        kept[4 + b + code] = kept[4 + b + code] + 1 if again else 1
        kept[4 + code] = time
        kept[0] = time
        kept[1] = kept[4 + b + code]
        kept[2] = max(kept[2], kept[1])
        kept[3] += again
    elif op == LAST_K:
        for place in range(len(kept) - 1, 0, -1):
            kept[place] = kept[place - 1]
        kept[0] = code if code >= 0 else math.nan
    elif op == CLOCK:
        if math.isnan(kept[0]):
            kept[0] = time
        kept[1] = time
        kept[2] += 1
    elif op == GAPS:
        if not math.isnan(kept[6]):
            _accumulate(kept, (time - kept[6]) * (1.0 / HOUR))
        kept[6] = time
    elif op == EARLIER_GAPS:
        for place in range(len(kept) - 1, 1, -1):
            kept[place] = kept[place - 1]
        kept[1] = (time - kept[0]) * (1.0 / HOUR)
        kept[0] = time
    elif op == STATS:
        _accumulate(kept, number)
    elif op == PROGRESS:
        if kept[3 + code] == 0:
            kept[0] = time
            kept[2] += 1
        kept[1] = max(kept[1], code + 1)
        kept[3 + code] = 1
    elif op == PACE:
        if math.isnan(kept[code]):
            kept[code] = time
    elif op == DISORDER:
        if code > 0:
            kept[1] += kept[2 + code] == 0
        kept[2] += kept[0] > code
        kept[3 + code] = 1
        kept[0] = code
    elif op == HISTORY:
        if math.isnan(kept[1]):
            kept[1] = time
    elif op == BEFORE:
        kept[0] += 1
        kept[1] += code >= 0
    elif op == ACTIVE_DAYS:
        day = time // DAY
        kept[1] = moved_bits(kept, day, a) | 1
        kept[0] = day
    elif op == BESIDE:
        if a > 0 and time - kept[1] > a:
            kept[0] = math.nan
        if code == 2 and math.isnan(kept[0]):
            kept[0] = time
            kept[2] += 1
        elif code == 1:
            kept[0] = math.nan
        kept[1] = time


@inlined
def begin(op: int, kept: Floats, before: tuple[bool, int, int], success: int) -> None:
    """Take the start of a journey in: whether, when and how the customer's one before ended."""
    again, ended, state = before
    if op == HISTORY and again:
        kept[0] = ended
        kept[2] += 1
        kept[3] += state == success
        kept[4] = state
    elif op == BEFORE:
        kept[2] = kept[0]
        kept[3] = kept[1]


@inlined
def _accumulate(kept: Floats, value: float) -> None:
    """Keep last, smallest, largest, count, mean and sum of squares (Welford 1962)."""
    kept[0] = value
    if math.isnan(kept[1]) or value < kept[1]:
        kept[1] = value
    if math.isnan(kept[2]) or value > kept[2]:
        kept[2] = value
    kept[3] += 1
    delta = value - kept[4]
    kept[4] += delta / kept[3]
    kept[5] += delta * (value - kept[4])


@inlined
def moved_bits(kept: Floats, day: int, days: int) -> int:
    """Return the bits of the days on which something happened, the present one lowest."""
    passed = 0 if math.isnan(kept[0]) else day - int(kept[0])
    if passed >= days:
        return 0
    return (int(kept[1]) << passed) & ((1 << days) - 1)
