"""What stands in the row: one branch an operation, at the event or at the cutoff."""

import math

from features.compiled import inlined
from features.observe import LN2, moved_bits
from features.operations import (
    ACTIVE_DAYS,
    BEFORE,
    BESIDE,
    CALENDAR,
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
from features.primitive import Codes, Floats, Ints, Row


@inlined
def write_seen(op: int, kept: Floats, out: Row) -> None:  # noqa: C901 - one branch an operation
    """Write what changes with an event only, right after it was observed (``timed`` is false).

    Parameters
    ----------
    op : the operation
    kept : what the primitive keeps, as its ``memory`` lays it out
    out : its features, in the order of ``features``
    """
    if op in (COUNT, LAST_VALUE, LAST_K):
        for place in range(len(out)):
            out[place] = kept[place]
    elif op == SHARE:
        one = 1.0 / kept[0] if kept[0] > 0 else math.nan
        for place in range(len(out)):
            out[place] = kept[1 + place] * one
    elif op in (TRANSITION, SWITCHES):
        out[0] = kept[1]
    elif op == REPEATS:
        out[0], out[1], out[2] = kept[3], kept[1], kept[2]
    elif op in (GAPS, STATS):
        _write_statistics(kept, out)
    elif op == EARLIER_GAPS:
        for place in range(len(out)):
            out[place] = kept[2 + place]
    elif op == DISORDER:
        out[0], out[1] = kept[1], kept[2]
    elif op == BEFORE:
        out[0], out[1] = kept[2], kept[3]


@inlined
def write_timed(  # noqa: C901, PLR0912, PLR0915 - one branch an operation
    op: int, a: int, kept: Floats, cutoff: int, seen: tuple[int, Ints, Codes], out: Row
) -> None:
    """Write what changes with time too, at every cutoff.

    Parameters
    ----------
    op, a : the operation and its first parameter
    kept, out : as in `write_seen`
    cutoff : microseconds since the epoch
    seen : the row after the last event seen, the times of all events and their codes
    """
    if op == WINDOW:
        _leave_window(kept, cutoff - a, seen)
        for place in range(len(out)):
            out[place] = kept[1 + place]
    elif op == SINCE:
        for place in range(len(out)):
            out[place] = (cutoff - kept[place]) * (1.0 / HOUR)
    elif op == DECAYED:
        left = math.exp(-LN2 * (cutoff - kept[0]) / a) if kept[0] < cutoff else 1.0
        for place in range(len(out)):
            out[place] = kept[1 + place] * left
    elif op == HOPS:
        _leave_hops(kept, cutoff - a, seen)
        different = 0
        for place in range(4, len(kept)):
            different += kept[place] > 0
        out[0] = kept[3]
        out[1] = different
    elif op == RUNS:
        out[0] = kept[1] if cutoff - kept[0] <= a else 0
        out[1], out[2] = kept[2], kept[3]
    elif op == CLOCK:
        out[0] = (cutoff - kept[0]) * (1.0 / HOUR)
        out[1] = (cutoff - kept[1]) * (1.0 / HOUR)
        out[2] = kept[2]
    elif op == PROGRESS:
        out[0], out[1] = kept[1], kept[2]
        out[2] = (cutoff - kept[0]) * (1.0 / HOUR)
    elif op == PACE:
        for place in range(len(kept)):
            out[place] = (cutoff - kept[place]) * (1.0 / HOUR)
        for place in range(len(kept) - 1):
            out[len(kept) + place] = (kept[place + 1] - kept[place]) * (1.0 / HOUR)
    elif op == HISTORY:
        out[0], out[1] = kept[2], kept[3]
        out[2] = (cutoff - kept[0]) * (1.0 / HOUR)
        out[3] = (cutoff - kept[1]) * (1.0 / HOUR)
        out[4] = kept[4]
    elif op == ACTIVE_DAYS:
        bits, count = moved_bits(kept, cutoff // DAY, a), 0
        while bits:
            bits &= bits - 1
            count += 1
        out[0] = count
    elif op == BESIDE:
        began = math.nan if a > 0 and cutoff - kept[1] > a else kept[0]
        out[0] = not math.isnan(began)
        out[1] = (cutoff - began) * (1.0 / HOUR)
        out[2] = kept[2]
        out[3] = (cutoff - kept[1]) * (1.0 / HOUR)
    elif op == CALENDAR:
        _write_calendar(cutoff, a, kept, out)


@inlined
def _leave_window(kept: Floats, opens: int, seen: tuple[int, Ints, Codes]) -> None:
    """Take what happened at or before the opening out of the counts."""
    row, times, column = seen
    if not math.isnan(kept[0]):
        tail = int(kept[0])
        while tail < row and times[tail] <= opens:
            if column[tail] >= 0:
                kept[1 + column[tail]] -= 1
            tail += 1
        kept[0] = tail


@inlined
def _leave_hops(kept: Floats, opens: int, seen: tuple[int, Ints, Codes]) -> None:
    """Take what happened at or before the opening out of the counts, and the change that it was."""
    row, times, column = seen
    if not math.isnan(kept[0]):
        tail = int(kept[0])
        while tail < row and times[tail] <= opens:
            code = column[tail]
            if code >= 0:
                kept[3] -= not math.isnan(kept[1]) and kept[1] != code
                kept[1] = code
                kept[4 + code] -= 1
            tail += 1
        kept[0] = tail


@inlined
def _write_statistics(kept: Floats, out: Row) -> None:
    """Write last, smallest, largest, mean and (population) standard deviation; NaN before any."""
    some = kept[3] > 0
    out[0], out[1], out[2] = kept[0], kept[1], kept[2]
    out[3] = kept[4] if some else math.nan
    out[4] = math.sqrt(kept[5] / kept[3]) if some else math.nan


@inlined
def _write_calendar(cutoff: int, era: int, kept: Floats, out: Row) -> None:
    """Write hour, weekday and so on; the date by Hinnant's algorithm, years from March on.

    ``era`` is a parameter of the plan and not a constant: else the compiler would work out the date
    for every row, ahead of the loop over the primitives, and throw it away.
    """
    day = cutoff // DAY
    if not kept[0] <= day < kept[1]:
        of_era = (day + era) % 146_097
        year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * year + year // 4 - year // 100)
        month = (5 * of_year + 2) // 153
        first, beyond = (153 * month + 2) // 5, (153 * month + 155) // 5
        if month == 11:  # such a year ends with February
            leap = (year + 1) % 4 == 0 and ((year + 1) % 100 != 0 or (year + 1) % 400 == 0)
            beyond = 366 if leap else 365
        kept[0] = day - of_year + first
        kept[1] = day - of_year + beyond
    weekday = (day + 3) % 7
    out[0] = cutoff // HOUR - day * 24
    out[1] = weekday
    out[2] = weekday >= 5
    out[3] = day - kept[0] + 1
    out[4] = kept[1] - day - 1
