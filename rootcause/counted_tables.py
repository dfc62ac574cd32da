"""A table of counts as a source of the search: exposures that somebody else has counted.

Who the customers are and what else they did is not in it. So what a cause explains is who meets its
conditions, at every step. Who went on from one step to another may be counted, too; where it is
not, of several steps that show an excess the one that shows it surest is its origin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from journeys.errors import TooLittleDataError, listed
from rootcause.conditions import Lead
from rootcause.counted_leaves import refuse_missing_columns, refuse_what_is_no_count
from rootcause.explaining import MARGIN_DAYS
from rootcause.exposure import STEP, steps_with_enough
from rootcause.last_known import MISSING, Flags, Floats, Ints
from rootcause.step_rows import (
    MOST_FOLDS,
    Alike,
    Described,
    StepRows,
    counted_together,
    folds_of,
    mixed,
    rows_of,
    step_rows,
)

DAY, FOLD, TO = "day", "fold", "to "


@dataclass(frozen=True)
class Counts:
    """Counted exposures, a row each for some that are alike; every array has an entry per row.

    ``steps``, ``attributes``, ``names``: as in `exposure.Exposures`; ``step``, ``codes``, of shape
    (n, n_attributes), and ``day`` (since the epoch) are numbers of these; ``fold`` of 0 to 3;
    ``to``: by later step how many go on to it, and how many of them end badly.
    """

    steps: tuple[str, ...]
    attributes: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    step: Ints
    codes: Ints
    day: Ints
    fold: Ints
    n: Floats
    bad: Floats
    to: Mapping[str, tuple[Floats, Floats]]

    def meeting(self, lead: Lead, *, since: int) -> Flags:
        """Return which rows of any step meet a lead's conditions from a day on."""
        met: Flags = self.day >= since
        for attribute, code in lead.conditions:
            met &= self.codes[:, attribute] == code
        return met


@dataclass(frozen=True)
class CountedTable:
    """Counts as a `rootcause.source.Source`; ``explained``: rows that causes explain already."""

    counts: Counts
    explained: Flags

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in the order of their numbers."""
        return self.counts.steps

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return self.counts.attributes

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""
        return {self.attributes[attribute]: self.counts.names[attribute][code]}

    def left_at(self, step: int) -> int:
        """Return how many exposures are left at a step."""
        return round(float(self.counts.n[self.here(step)].sum()))

    def rows_at(self, step: int) -> StepRows:
        """Return the rows of a step."""
        counts, n_attributes = self.counts, len(self.attributes)
        about = Described(tuple(map(len, counts.names)), tuple(range(n_attributes)), n_attributes)
        given = self.alike(self.here(step), counts.n, counts.bad)
        given = replace(given, fold=given.fold % folds_of(self.left_at(step)))
        rows, _, _ = counted_together(given, about)
        return step_rows(step, rows, about)

    def without(self, lead: Lead, *, within: int | None) -> "CountedTable":  # noqa: ARG002
        """Return the source less who meets a cause, at every step; no horizon is known."""
        met = self.counts.meeting(lead, since=lead.onset.day - MARGIN_DAYS)
        return CountedTable(self.counts, self.explained | met)

    def roads(self, leads: Sequence[Lead]) -> "TableRoads":  # noqa: ARG002 - all are counted
        """Return the roads between the steps of some leads."""
        return TableRoads(self)

    def alike(self, here: Flags, n: Floats, bad: Floats) -> Alike:
        """Return some rows of a step, each standing for so many."""
        none = np.empty((int(here.sum()), 0))
        return Alike(
            codes=list(self.counts.codes[here].T.astype(np.int32)),
            least=none,
            largest=none,
            day=self.counts.day[here],
            fold=self.counts.fold[here],
            n=n[here],
            bad=bad[here],
        )

    def here(self, step: int) -> Flags:
        """Return which rows are left at a step."""
        return np.asarray((self.counts.step == step) & ~self.explained)


@dataclass(frozen=True)
class TableRoads:
    """The roads of a table: who went on to another step, where it was counted, else nobody."""

    table: CountedTable

    def before(self, lead: Lead, earlier: int) -> float:
        """Return the share of those who meet a lead that came from an earlier step."""
        counts = self.table.counts
        met = counts.meeting(lead, since=lead.onset.day)
        n = counts.n[met & (counts.step == lead.step)].sum()
        came = self._to(lead.step)[0][met & (counts.step == earlier)].sum()
        return float(came / n) if n else 0.0

    def going_on(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures go on to a later step."""
        return self._of_rows(rows, self._to(later)[0])

    def bad_before(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures end badly and do not go on to a later step."""
        return self._of_rows(rows, self.table.counts.bad - self._to(later)[1])

    def _to(self, later: int) -> tuple[Floats, Floats]:
        none = np.zeros(len(self.table.counts.n))
        return self.table.counts.to.get(self.table.steps[later], (none, none))

    def _of_rows(self, rows: StepRows, counted: Floats) -> Floats:
        given = self.table.alike(self.table.here(rows.step), counted, counted)
        given = replace(given, fold=given.fold % folds_of(rows.total))
        return np.bincount(rows_of(given, rows), given.n, len(rows)).astype(np.float64)


def counts_in(rows: pd.DataFrame, attributes: Sequence[str]) -> Counts:
    """Return the counts of a table at the steps that enough exposures reach.

    Raises
    ------
    TooLittleDataError
        If a column is missing or does not hold what it should.
    """
    if not attributes:
        raise TooLittleDataError("No attributes are named: name the columns to search.")
    own = [name for name in attributes if name in (STEP, DAY, FOLD, "n", "bad")]
    if own:
        raise TooLittleDataError(
            f"{listed(own)} cannot be an attribute: that column says something else of each row. "
            "Rename it, or leave it out of the attributes."
        )
    refuse_missing_columns(rows, [STEP, DAY, "n", "bad", *attributes])
    refuse_what_is_no_count(rows)
    known = rows[rows["n"] > 0]
    activity, steps = pd.factorize(_text(known[STEP], STEP), sort=True)
    coded = [_coded(known[name]) for name in attributes]
    codes = np.column_stack([codes for codes, _ in coded]).astype(np.int64)
    n, day = known["n"].to_numpy(dtype=np.float64), _days(known[DAY])
    totals = np.bincount(activity, n, len(steps)).astype(np.int64)
    kept = steps_with_enough(list(steps), totals)
    number = np.full(len(steps), -1, dtype=np.int64)
    number[[list(steps).index(name) for name in kept]] = np.arange(len(kept))
    step = number[activity]
    fold = _folds(known, [step, day, *codes.T])
    bad, here = known["bad"].to_numpy(dtype=np.float64), step >= 0
    return Counts(
        steps=tuple(kept),
        attributes=tuple(attributes),
        names=tuple(names for _, names in coded),
        step=step[here],
        codes=codes[here],
        day=day[here],
        fold=fold[here],
        n=n[here],
        bad=bad[here],
        to={name: _going_on(known[here], name) for name in kept if f"{TO}{name}" in known},
    )


def _going_on(rows: pd.DataFrame, later: str) -> tuple[Floats, Floats]:
    """Return how many go on to a later step, and how many of them end badly."""
    names = (f"{TO}{later}", f"bad {TO}{later}")
    refuse_missing_columns(rows, names)
    n, bad = (rows[name].to_numpy(dtype=np.float64) for name in names)
    all_n, all_bad = (rows[name].to_numpy(dtype=np.float64) for name in ("n", "bad"))
    wrong = ~((bad >= 0) & (bad <= n) & (n <= all_n) & (bad <= all_bad))
    if wrong.any():
        raise TooLittleDataError(
            f"In {int(wrong.sum())} rows more go on to {later!r} than were there: {names[0]!r} "
            f"must be at most 'n', {names[1]!r} at most 'bad' and at most {names[0]!r}."
        )
    return n, bad


def _text(column: "pd.Series[str]", name: str) -> "pd.Series[str]":
    if column.isna().any():
        raise TooLittleDataError(
            f"The column {name!r} is empty in {int(column.isna().sum())} rows. Name the step that "
            "was reached in each, or leave such rows out."
        )
    return column.astype(str)


def _coded(column: "pd.Series[str]") -> tuple[Ints, tuple[str, ...]]:
    """Return a code per row and what the codes stand for; the last is `MISSING`."""
    codes, values = pd.factorize(column.astype(object).map(str, na_action="ignore"), sort=True)
    return np.where(codes >= 0, codes, len(values)), (*map(str, values), MISSING)


def _days(column: "pd.Series[str]") -> Ints:
    try:
        at = pd.to_datetime(column, utc=True)
    except (ValueError, TypeError) as fault:
        raise TooLittleDataError(
            f"The column {DAY!r} holds what is no date ({fault}). Write days as 2026-03-03."
        ) from fault
    if at.isna().any():
        raise TooLittleDataError(
            f"The column {DAY!r} is empty in {int(at.isna().sum())} rows. Give each row its day, "
            "or leave such rows out."
        )
    return at.dt.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)


def _folds(rows: pd.DataFrame, words: list[Ints]) -> Ints:
    """Return the fold of each row, by customer where the table says it, else drawn by a hash."""
    if FOLD not in rows:
        return (mixed(words) >> np.uint64(33)).astype(np.int64) % MOST_FOLDS
    fold = rows[FOLD]
    if not pd.api.types.is_integer_dtype(fold) or fold.min() < 0:
        raise TooLittleDataError(
            f"The column {FOLD!r} does not hold whole numbers from 0 on. Give a hash of the "
            "customer's key modulo 4, or leave the column out."
        )
    return fold.to_numpy().astype(np.int64) % MOST_FOLDS
