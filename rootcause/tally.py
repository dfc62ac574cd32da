"""The tally of a step: its rows counted by day and by stratum of the expected rate.

Everything after the expected rate works on these small tables: of a conjunction, of all rows, and
of the rows that are in one and not in another.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from rootcause.count import counted
from rootcause.exposure import Codes, Flags, Floats, Ints
from rootcause.step_rows import StepRows

Conditions = tuple[tuple[int, int], ...]
"""Pairs of (attribute, code), sorted by attribute."""

STRATA = 8
_MOST_KEPT = 600


@dataclass(frozen=True)
class Daily:
    """Counts of some rows of a step, each of shape (n_days, `STRATA`).

    ``rows``, ``bad`` outcomes, ``expected`` ones and their ``spread``, the sum of p (1 - p);
    ``first_day``: days since the epoch of the first of them.
    """

    first_day: int
    rows: Floats
    bad: Floats
    expected: Floats
    spread: Floats

    def __sub__(self, inner: "Daily") -> "Daily":
        """Return the counts of the rows that are not in ``inner``, which all are in these."""
        return Daily(
            self.first_day,
            self.rows - inner.rows,
            self.bad - inner.bad,
            np.maximum(self.expected - inner.expected, 0.0),
            np.maximum(self.spread - inner.spread, 0.0),
        )

    @property
    def days(self) -> Ints:
        """The days counted, as days since the epoch, shape (n_days,)."""
        return self.first_day + np.arange(len(self.rows))

    def since(self, day: int) -> "Daily":
        """Return the counts from a day (since the epoch) on."""
        return self._between(max(day - self.first_day, 0), len(self.rows))

    def of_days(self, first: int, last: int) -> "Daily":
        """Return the counts of the days from ``first`` to ``last``, both included."""
        return self._between(max(first - self.first_day, 0), max(last - self.first_day + 1, 0))

    @property
    def n(self) -> int:
        """The number of rows counted."""
        return round(float(self.rows.sum()))

    def _between(self, start: int, end: int) -> "Daily":
        return Daily(
            self.first_day + start,
            self.rows[start:end],
            self.bad[start:end],
            self.expected[start:end],
            self.spread[start:end],
        )


@dataclass(frozen=True)
class Tally:
    """The rows of a step with what was expected of them, ready to be counted.

    ``allowance``: by what the usual misfit allowance is multiplied (`rootcause.allowance`).
    """

    rows: StepRows
    expected: Floats
    _columns: Codes
    _cell: Codes
    _first_day: int
    _n_days: int
    allowance: float = 1.0
    _kept: dict[Conditions, Daily] = field(default_factory=dict)

    def of(self, conditions: Conditions) -> Daily:
        """Return the counts of the rows that meet all conditions; of all rows if there are none."""
        if conditions not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[conditions] = self._count(conditions)
        return self._kept[conditions]

    @property
    def stratum(self) -> Codes:
        """The stratum of the expected rate of each row, shape (n,)."""
        return self._cell % STRATA

    @property
    def whole(self) -> Daily:
        """The counts of all rows."""
        return self.of(())

    def _count(self, conditions: Conditions) -> Daily:
        sums = counted(
            self._columns,
            np.array(conditions, dtype=np.int32).reshape(-1, 2),
            self._cell,
            self.rows.n,
            self.rows.bad,
            self.expected,
            self._n_days * STRATA,
        )
        shape = (self._n_days, STRATA)
        return Daily(self._first_day, *(sums[:, kind].reshape(shape) for kind in range(4)))


def tally_of(rows: StepRows, expected: Floats) -> Tally:
    """Return the tally of a step; ``expected``: the rate of each row, shape (n,)."""
    if not len(rows):
        return Tally(rows, expected, rows.codes.T, np.empty(0, dtype=np.int32), 0, 0)
    first, last = int(rows.day.min()), int(rows.day.max())
    edges = quantiles_of(expected, rows.n, np.arange(1, STRATA) / STRATA)
    stratum = np.searchsorted(edges, expected)
    cell = ((rows.day - first) * STRATA + stratum).astype(np.int32)
    columns = np.ascontiguousarray(rows.codes.T)
    return Tally(rows, expected, columns, cell, first, last - first + 1)


def quantiles_of(values: Floats, n: Floats, shares: Floats) -> Floats:
    """Return quantiles of values that stand for so many each, as `numpy.quantile` of all would."""
    if n.max() == 1.0:
        return np.asarray(np.quantile(values, shares))
    order = np.argsort(values, kind="stable")
    up_to, ascending = np.cumsum(n[order]), values[order]
    place = shares * (up_to[-1] - 1.0)
    ends = (np.floor(place), np.minimum(np.floor(place) + 1.0, up_to[-1] - 1.0))
    low, high = (ascending[np.searchsorted(up_to, end, side="right")] for end in ends)
    return np.asarray(low + (place - np.floor(place)) * (high - low))


def with_allowance(tally: Tally, allowance: float) -> Tally:
    """Return the same tally with so many times the usual misfit allowance."""
    return replace(tally, allowance=allowance)


def members(rows: StepRows, conditions: Conditions) -> Flags:
    """Return which rows meet all conditions, shape (n,)."""
    met = np.ones(len(rows), dtype=np.bool_)
    for attribute, code in conditions:
        met &= rows.codes[:, attribute] == code
    return met
