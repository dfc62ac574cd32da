"""Waiting: how many more days of events a verdict needs, or that none would do.

An error shrinks with the exposures whose outcome is known. How many are needed is asked for a fix
that works wholly or not at all; they come at the pace of the last days, and each outcome is known
only after its horizon.
"""

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from rootcause.difference import Remains
from rootcause.exposure import MICROS_A_DAY, Exposures, Flags
from rootcause.gap import FEWEST
from rootcause.intervals import Z_95

_Z_POWER = 0.8416212335729143  # four in five
_LONGEST_DAYS = 3_650
_RECENT_DAYS = 14


@dataclass(frozen=True)
class Pace:
    """How exposures come and outcomes get known.

    ``a_day``: exposures; ``lag``: days until an outcome is known; ``elapsed``: days from the change
    to the end of the log, negative where it is yet to come; ``known``: exposures since the change
    with a known outcome.
    """

    a_day: float
    lag: float
    elapsed: float
    known: int


def pace_of(exposures: Exposures, asked: Flags, *, since: int, at: int, ends: int) -> Pace:
    """Return the pace of those asked about, in the last two weeks of the log.

    ``since``, ``at`` (the change) and ``ends`` (of the log) are microseconds since the epoch.
    """
    time = exposures.time
    recent = max(ends - _RECENT_DAYS * MICROS_A_DAY, since)
    days = max((ends - recent) / MICROS_A_DAY, 1.0)
    known = ~np.isnan(exposures.bad)
    decided = time[known]
    return Pace(
        a_day=int((asked & exposures.at_risk & (time > recent)).sum()) / days,
        lag=max((ends - int(decided.max())) / MICROS_A_DAY, 0.0) if len(decided) else 0.0,
        elapsed=(ends - at) / MICROS_A_DAY,
        known=int((asked & known & (time >= at)).sum()),
    )


def exposures_needed(margin: float, one: float, fixed: float) -> float:
    """Return how many exposures tell a difference of ``margin`` from none, four times in five.

    ``one``: the variance that one exposure brings; ``fixed``: what no number makes smaller. Inf
    where no number would do.
    """
    for strictness in (Z_95 + _Z_POWER, Z_95):
        room = (margin / strictness) ** 2 - fixed
        if room > 0:
            return max(one / room, float(FEWEST))
    return inf


def needed_for(
    remains: Remains | None, margin: float, one: float, fixed: float, known: int
) -> float:
    """Return how many exposures are needed; where enough are there already, what is seen decides.

    That is a fix that works in part: what is left lies near the share that is allowed.
    """
    needed = exposures_needed(margin, one, fixed)
    if remains is None or needed > known:
        return needed
    room = (remains.value / Z_95) ** 2 - fixed
    return max(one / room, known + 1.0) if room > 0 else inf


def days_until(needed: float, pace: Pace) -> int | None:
    """Return after how many more days of events so many outcomes are known; None if never."""
    if pace.a_day <= 0 or needed == inf:
        return None
    yet_to_ripen = max(pace.lag - pace.elapsed, 0.0)
    missing = ceil(yet_to_ripen + max(needed - pace.known, 0.0) / pace.a_day)
    return max(missing, 1) if missing <= _LONGEST_DAYS else None
