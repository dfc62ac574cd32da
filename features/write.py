"""What stands in the row at a cutoff: one branch an operation."""

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
def write(  # noqa: C901, PLR0912, PLR0915 - one branch an operation
    op: int, a: int, kept: Floats, cutoff: int, out: Row
) -> None:
    """Write the features of one primitive, in the order of its ``features``.

    Parameters
    ----------
    op, a : the operation and its first parameter
    kept : what the primitive keeps, as its ``memory`` lays it out
    cutoff : microseconds since the epoch
    """
    if op in (COUNT, LAST_VALUE, LAST_K):
        for place in range(len(out)):
            out[place] = kept[place]
    elif op == WINDOW:
        for place in range(len(out)):
            out[place] = kept[1 + place]
    elif op == SHARE:
        one = 1.0 / kept[0] if kept[0] > 0 else math.nan
        for place in range(len(out)):
            out[place] = kept[1 + place] * one
    elif op == SINCE:
        for place in range(len(out)):
            out[place] = (cutoff - kept[place]) * (1.0 / HOUR)
    elif op == DECAYED:
        left = math.exp(-LN2 * (cutoff - kept[0]) / a) if kept[0] < cutoff else 1.0
        for place in range(len(out)):
            out[place] = kept[1 + place] * left
    elif op in (TRANSITION, SWITCHES):
        out[0] = kept[1]
    elif op == HOPS:
        different = 0
        for place in range(4, len(kept)):
            different += kept[place] > 0
        out[0] = kept[3]
        out[1] = different
    elif op == REPEATS:
        out[0], out[1], out[2] = kept[3], kept[1], kept[2]
    elif op == RUNS:
        out[0] = kept[1] if cutoff - kept[0] <= a else 0
        out[1], out[2] = kept[2], kept[3]
    elif op in (GAPS, STATS):
        _write_statistics(kept, out)
    elif op == EARLIER_GAPS:
        for place in range(len(out)):
            out[place] = kept[2 + place]
    elif op == CLOCK:
        out[0] = (cutoff - kept[0]) / HOUR
        out[1] = (cutoff - kept[1]) / HOUR
        out[2] = kept[2]
    elif op == PROGRESS:
        out[0], out[1] = kept[1], kept[2]
        out[2] = (cutoff - kept[0]) / HOUR
    elif op == PACE:
        for place in range(len(kept)):
            out[place] = (cutoff - kept[place]) / HOUR
        for place in range(len(kept) - 1):
            out[len(kept) + place] = (kept[place + 1] - kept[place]) / HOUR
    elif op == DISORDER:
        out[0], out[1] = kept[1], kept[2]
    elif op == HISTORY:
        out[0], out[1] = kept[2], kept[3]
        out[2] = (cutoff - kept[0]) / HOUR
        out[3] = (cutoff - kept[1]) / HOUR
        out[4] = kept[4]
    elif op == BEFORE:
        out[0], out[1] = kept[2], kept[3]
    elif op == ACTIVE_DAYS:
        bits, count = moved_bits(kept, cutoff // DAY, a), 0
        while bits:
            bits &= bits - 1
            count += 1
        out[0] = count
    elif op == BESIDE:
        began = math.nan if a > 0 and cutoff - kept[1] > a else kept[0]
        out[0] = not math.isnan(began)
        out[1] = (cutoff - began) / HOUR
        out[2] = kept[2]
        out[3] = (cutoff - kept[1]) / HOUR
    elif op == CALENDAR:
        _write_calendar(cutoff, kept, out)


@inlined
def leave(op: int, kept: Floats, opens: int, times: Ints, column: Codes) -> None:
    """Take what happened at or before a window's opening out of its counts.

    ``times`` ends with the last event seen.
    """
    if op not in (WINDOW, HOPS) or math.isnan(kept[0]):
        return
    tail = int(kept[0])
    while tail < len(times) and times[tail] <= opens:
        code = column[tail]
        if code >= 0:
            if op == WINDOW:
                kept[1 + code] -= 1
            else:
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
def _write_calendar(cutoff: int, kept: Floats, out: Row) -> None:
    """Write hour, weekday and so on; the date by Hinnant's algorithm, years from March on."""
    day = cutoff // DAY
    if kept[0] != day:
        kept[0] = day
        kept[1] = (day + 3) % 7
        of_era = (day + 719_468) % 146_097
        year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * year + year // 4 - year // 100)
        month = (5 * of_year + 2) // 153
        first, beyond = (153 * month + 2) // 5, (153 * month + 155) // 5
        if month == 11:  # such a year ends with February
            leap = (year + 1) % 4 == 0 and ((year + 1) % 100 != 0 or (year + 1) % 400 == 0)
            beyond = 366 if leap else 365
        kept[2] = of_year - first + 1
        kept[3] = beyond - of_year - 1
    out[0] = cutoff // HOUR - day * 24
    out[1] = kept[1]
    out[2] = kept[1] >= 5
    out[3], out[4] = kept[2], kept[3]
