"""Milestones: when each journey first reached each of them, and the periods that are compared."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import ends_of
from journeys.log import ACTIVITY, EventLog, microseconds

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Window = tuple[int, int]
"""The first instant of a period and the first one after it, microseconds since the epoch."""

MICROS_A_DAY = 86_400_000_000
DAYS = 28

_ANY_HORIZON = timedelta(days=30)


@dataclass(frozen=True, eq=False)
class Reached:
    """The first event of each milestone in each journey.

    Attributes
    ----------
    names : the milestones, in the definition's order
    rows : int64, shape (n_journeys, n_milestones), rows of the log; -1 where it was not reached
    """

    names: tuple[str, ...]
    rows: Ints

    def times(self, log: EventLog, place: int) -> tuple[Ints, Ints]:
        """Return which journeys reached a milestone (rows) and when (microseconds)."""
        which = np.flatnonzero(self.rows[:, place] >= 0)
        return which, log.times[self.rows[which, place]]


def reached_by(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> Reached:
    """Return which journeys reached which milestones, open journeys too."""
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    codes = log.events[ACTIVITY].cat.codes.to_numpy()
    known = {name: code for code, name in enumerate(log.events[ACTIVITY].cat.categories)}
    names = tuple(name for name in definition.milestones if name in known)
    rows = np.full((len(journeys), len(names)), -1, dtype=np.int64)
    for place, name in enumerate(names):
        here = np.append(np.flatnonzero(codes == known[name]), len(log))
        following = here[np.searchsorted(here, first)]
        rows[:, place] = np.where(following <= last, following, -1)
    return Reached(names, rows)


def stops_of(log: EventLog, journeys: pd.DataFrame) -> tuple[Ints, Flags]:
    """Return until when each journey was watched, and whether it had ended by then."""
    ended = journeys["end"].notna().to_numpy()
    known = ends_of(log)[journeys["customer"].to_numpy()]
    return np.where(ended, microseconds(journeys["end"]), known), ended


def windows_of(log: EventLog) -> tuple[Window, Window] | None:
    """Return this period and the one before, in whole days; None in a log of less than two days.

    28 days each, or half of the log where it is shorter.
    """
    days = (log.ended - log.began) // MICROS_A_DAY + 1
    length = min(DAYS, days // 2) * MICROS_A_DAY
    if not length:
        return None
    ends = (log.ended // MICROS_A_DAY + 1) * MICROS_A_DAY
    return (ends - length, ends), (ends - 2 * length, ends - length)


def horizon_of(definition: Definition) -> timedelta:
    """Return by which age of a journey a milestone is asked for: the horizon of success."""
    rule = definition.success
    return _ANY_HORIZON if rule is None or rule.within is None else rule.within
