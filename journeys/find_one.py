"""The journeys of one customer, from typed events, in microseconds.

The same as `journeys.find` and `journeys.labels.at_risk_of` say of a log, walked event by event in
plain Python: a table of thirty events costs milliseconds before the first of them is looked at.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import or_, sub

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import NEVER
from journeys.log import ACTIVITY, CHANNEL
from journeys.rule import ByText

Columns = Mapping[str, Sequence[object]]
"""The value of each event by field: text or what is written as one (1 is ``1``), float for numbers,
None or NaN where nothing is known."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An earlier journey of the customer: its first row among the events, its end, its state."""

    first: int
    end: int  # microseconds UTC
    state: str  # one of `journeys.find.STATES`


@dataclass(frozen=True, slots=True)
class Lived:
    """What a customer has lived through by an instant.

    Attributes
    ----------
    ended : the journeys that are over, ascending
    begins : which event begins the open journey; None where none is open
    happened : the outcomes that are past in the open journey: the question no longer arises
    stage : the milestone that the open journey reached last; None before the first
    """

    ended: tuple[Ended, ...]
    begins: int | None = None
    happened: tuple[Outcome, ...] = ()
    stage: str | None = None


class OneCustomer:
    """The rules of a definition made ready for one customer at a time; keep it.

    ``fields`` are the columns that it reads, beside the times.
    """

    def __init__(self, definition: Definition) -> None:
        self._met, self._needs = _ready(definition)
        self.fields = tuple(self._met)
        self._start = self._needs["start"]
        self._edges = self._start | self._needs["success"] | self._needs["failure"]
        self._starts_anywhere = definition.start is not None
        self._ends = [(key, self._needs[key]) for key in ("failure", "success")]
        self._silence = _micros(definition.abandoned_after)
        self._within = _micros(definition.success.within if definition.success else None)
        self._inactive = _micros(definition.churn.inactive_for if definition.churn else None)
        self._milestones = frozenset(definition.milestones)
        self._outcomes = definition.outcomes

    def lived(self, times: Sequence[int], columns: Columns, until: int) -> Lived:
        """Return the journeys of a customer who is known until an instant.

        Parameters
        ----------
        times : microseconds since the epoch, ascending, at least one
        columns : the `fields` of the events
        until : microseconds since the epoch, not before the last event
        """
        bits = self._bits(columns)
        ended, first = self._walked(times, bits)
        if first is None:
            return Lived(tuple(ended))
        faded = self._faded(first, times, len(times))
        if faded.end <= until:
            return Lived((*ended, faded))
        past = {
            "leakage": self._any(bits[first:], "leakage"),
            "churn": self._any(bits, "churn") or times[-1] + self._inactive <= until,
        }
        happened = tuple(key for key in self._outcomes if past.get(key))
        return Lived(tuple(ended), first, happened, self._stage(columns[ACTIVITY], first))

    def _bits(self, columns: Columns) -> list[int]:
        """Return for each event one bit for every condition of every rule that it meets."""
        first, *others = (map(one.__getitem__, columns[name]) for name, one in self._met.items())
        bits = list(first)
        for more in others:
            bits = list(map(or_, bits, more))
        if not self._starts_anywhere:  # a case log: the first event begins the one journey
            bits[0] |= self._start
        return bits

    def _walked(self, times: Sequence[int], bits: Sequence[int]) -> tuple[list[Ended], int | None]:
        """Return the ended journeys, and where one begins that no event and no silence has ended.

        Only the rows that start or end something are visited, stretch by stretch between silences.
        """
        ended: list[Ended] = []
        marks = [row for row, met in enumerate(bits) if met & self._edges]
        first, mark, n = None, 0, len(times)
        for beyond in (*self._silences(times), n):
            while mark < len(marks) and marks[mark] < beyond:
                row, mark = marks[mark], mark + 1
                if first is not None and self._expired(first, times, row):
                    ended.append(self._faded(first, times, row))
                    first = None
                if first is None and bits[row] & self._start == self._start:
                    first = row
                state = self._ended_by(bits[row]) if first is not None else None
                if state is not None and first is not None:
                    ended.append(Ended(first, times[row], state))
                    first = None
            if first is not None and (beyond < n or self._expired(first, times, n - 1)):
                ended.append(self._faded(first, times, beyond))
                first = None
        return ended, first

    def _silences(self, times: Sequence[int]) -> list[int]:
        """Return the rows before which the customer was silent for too long."""
        gaps = map(sub, times[1:], times)
        return [row for row, gap in enumerate(gaps, start=1) if gap > self._silence]

    def _expired(self, first: int, times: Sequence[int], row: int) -> bool:
        return times[row] - times[first] > self._within

    def _ended_by(self, met: int) -> str | None:
        for state, needs in self._ends:
            if met & needs == needs:
                return state
        return None

    def _faded(self, first: int, times: Sequence[int], beyond: int) -> Ended:
        """Return a journey as silence or its horizon ends it, the earlier of the two.

        Its last event is the last within the horizon before the row ``beyond``.
        """
        expiry = times[first] + self._within
        last = bisect_right(times, expiry, first, beyond) - 1
        silent = times[last] + self._silence
        return Ended(first, min(silent, expiry), "abandoned" if silent <= expiry else "expired")

    def _any(self, bits: Sequence[int], rule: str) -> bool:
        needs = self._needs[rule]
        return needs in map(needs.__and__, bits)

    def _stage(self, activities: Sequence[object], first: int) -> str | None:
        for activity in reversed(activities[first:]):
            if activity in self._milestones:
                return str(activity)
        return None


def _ready(definition: Definition) -> tuple[dict[str, ByText], dict[str, int]]:
    """Return for each field what its values meet, and for each rule the bits that it needs.

    A bit that no value has stands for what never holds: a rule that is not there.
    """
    numeric = set(definition.attributes.numeric)
    fields = (ACTIVITY, CHANNEL, *definition.fields)
    met: dict[str, dict[object, int]] = {name: {} for name in fields}
    never = 1
    needs = dict.fromkeys(("success", "failure", "leakage", "churn"), never)
    needs["start"] = bit = 2 * never
    for key, rule in definition.rules.items():
        needs[key] = 0 if rule.where else never
        for field, values in rule.where.items():
            bit *= 2
            needs[key] |= bit
            for value in _read(values, number=field in numeric) if field in met else ():
                met[field][value] = met[field].get(value, 0) | bit
    used = {name: one for name, one in met.items() if one or name == ACTIVITY}
    return {name: ByText(one, missing=0, other=0) for name, one in used.items()}, needs


def _read(values: Sequence[str], *, number: bool) -> list[object]:
    """Return the values of a rule as a column of text, or of numbers, has them."""
    if not number:
        return list(values)
    return [float(one) for one in pd.to_numeric(pd.Series(values), errors="coerce").dropna()]


def _micros(length: timedelta | None) -> int:
    return NEVER if length is None else round(length.total_seconds() * 1_000_000)
