"""Days on which a channel, or everything, was silent though it should have been busy.

A channel that is closed on Sundays is silent every Sunday: what should have been there is the
median of the same weekday, so that only a silence out of its own rhythm counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.log import CHANNEL, EventLog
from journeys.problem import Problem

_SHORTEST_GAP_DAYS = 2
_FEWEST_WEEKS = 2
_LOST_EVENTS = 10.0
"""So many expected, none seen: by chance alone less often than once in 20,000."""


@dataclass(frozen=True)
class Gap:
    """Days of silence: what was silent, from when to when (both inclusive), events to expect."""

    what: str
    begins: pd.Timestamp
    ends: pd.Timestamp
    expected: float

    @property
    def days(self) -> int:
        """How long it lasted."""
        return (self.ends - self.begins).days + 1


def gap_problems(silences: Iterable[Gap]) -> Iterator[Problem]:
    """Yield the longest gap of the whole log and of each channel as a problem."""
    gaps: dict[str, list[Gap]] = {}
    for gap in silences:
        gaps.setdefault(gap.what, []).append(gap)
    for what, found in gaps.items():
        longest = max(found, key=lambda gap: gap.days)
        further = f", and {len(found) - 1} shorter" if len(found) > 1 else ""
        yield Problem(
            "warning",
            f"{what} is silent for {longest.days} days",
            f"{longest.begins:%Y-%m-%d} to {longest.ends:%Y-%m-%d}, where about "
            f"{longest.expected:,.0f} events were to be expected{further}",
            "look whether events were lost in the export; silence counts as silence of the "
            "customers",
        )


def silences_in(log: EventLog) -> Iterator[Gap]:
    """Yield every gap of days, of the whole log and of each channel while the others go on."""
    days = _days(log)
    n_days = int(days.max()) + 1
    channels = log.events[CHANNEL].cat
    codes = channels.codes.to_numpy().astype(np.int64)
    cells = (codes * n_days + days)[codes >= 0]
    n_names = len(channels.categories)
    by_channel = np.bincount(cells, minlength=n_names * n_days).reshape(n_names, n_days)
    total = np.bincount(days, minlength=n_days)
    named = dict(zip(channels.categories, by_channel, strict=True))
    yield from silences_among(total, named, log.begins)


def silences_among(
    total: NDArray[np.int64], by_channel: Mapping[str, NDArray[np.int64]], begins: pd.Timestamp
) -> Iterator[Gap]:
    """Yield every gap of days among events counted by day.

    Parameters
    ----------
    total, by_channel : events of each day from the first of the log on, shape (n_days,)
    begins : when the log begins
    """
    n_days, first_day = len(total), begins.normalize()
    if n_days < 7 * _FEWEST_WEEKS:
        return
    weekday = np.arange(n_days) % 7
    everything = total.astype(np.float64)
    usual = _expected(everything, weekday)
    yield from _gaps("The whole log", everything, usual, first_day)
    for name, counts in by_channel.items():
        own = counts.astype(np.float64)
        others = everything - own
        going_on = others >= _expected(others, weekday) / 2
        usual = np.where(going_on & (others > 0), _expected(own, weekday), 0.0)
        yield from _gaps(f"The channel {name!r}", own, usual, first_day)


def _days(log: EventLog) -> NDArray[np.int64]:
    """Return the day of each event, counted from the first day of the log (UTC)."""
    a_day = 86400 * 1_000_000
    return np.asarray(log.times // a_day - log.began // a_day, dtype=np.int64)


def _expected(counts: NDArray[np.float64], weekday: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each day the median count of its weekday, 0 before the first event."""
    usual = np.zeros(len(counts))
    begins = np.flatnonzero(counts)[0] if counts.any() else len(counts)
    for day in range(7):
        rows = np.flatnonzero(weekday == day)
        rows = rows[rows >= begins]
        if len(rows):
            usual[rows] = np.median(counts[rows])
    return usual


def _gaps(
    what: str, counts: NDArray[np.float64], usual: NDArray[np.float64], first_day: pd.Timestamp
) -> Iterator[Gap]:
    silent = (counts == 0) & (np.arange(len(counts)) < len(counts) - 1)  # the last day may be part
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent, [0]]).astype(np.int8)))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        expected = float(usual[first:after].sum())
        if after - first >= _SHORTEST_GAP_DAYS and expected >= _LOST_EVENTS:
            begins = first_day + pd.Timedelta(days=int(first))
            ends = first_day + pd.Timedelta(days=int(after - 1))
            yield Gap(what, begins, ends, expected)
