"""The journeys of one customer, from typed events, in microseconds.

The same as `journeys.find` and `journeys.labels.at_risk_of` say of a log, walked event by event by
compiled code: a table of thirty events costs milliseconds before the first of them is looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.encode import _look_up as look_up_codes
from features.journey_rules import N_COLUMNS, Steps, asked_by, rule_steps
from features.places import places_by_name, places_of
from journeys.definition import Definition, Outcome
from journeys.find import NEVER, STATES
from journeys.rule import ByText

Columns = Mapping[str, Sequence[object]]
"""The value of each event by field: text or what is written as one (1 is ``1``), float for numbers,
None or NaN where nothing is known."""
Ints = NDArray[np.int64]
Holds = NDArray[np.int16]

SUCCESS, FAILURE, ABANDONED, EXPIRED, OPEN = range(len(STATES))
_START, _SUCCESS, _FAILURE, _LEAKAGE, _CHURN, _MILESTONE = range(N_COLUMNS)
N_TOLD = 5
_ENDED, _FIRST, _LEAKED, _CHURNED, _STAGE = range(N_TOLD)
_SILENCE, _WITHIN, _INACTIVE, _CASE_LOG = range(4)


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


class Walk:
    """A definition made ready for `walk`: the lengths that it is given, and what it tells.

    ``lengths`` are how long is too long in microseconds, `NEVER` for no end: silence, a journey,
    silence that is churn; then whether it is a case log.
    """

    def __init__(self, definition: Definition) -> None:
        lengths = (
            _micros(definition.abandoned_after),
            _micros(definition.success.within if definition.success else None),
            _micros(definition.churn.inactive_for if definition.churn else None),
            int(definition.start is None),
        )
        self.lengths = np.array(lengths, dtype=np.int64)
        self._outcomes, self._milestones = definition.outcomes, definition.milestones

    def lived(self, told: Ints, journeys: Ints) -> Lived:
        """Return in words what `walk` has told."""
        n_ended, first, leaked, churned, stage = told[:N_TOLD].tolist()
        ended: tuple[Ended, ...] = ()
        if n_ended:
            walked = journeys[:, :n_ended].T.tolist()
            ended = tuple(Ended(at, end, STATES[state]) for at, end, state in walked)
        if first < 0:
            return Lived(ended)
        happened: tuple[Outcome, ...] = ()
        if leaked or churned:
            past = {"leakage": leaked, "churn": churned}
            happened = tuple(key for key in self._outcomes if past.get(key))
        return Lived(ended, first, happened, self._milestones[stage] if stage >= 0 else None)


class OneCustomer:
    """The rules of a definition made ready for one customer at a time; keep it.

    ``fields`` are the columns that it reads, beside the times.
    """

    def __init__(self, definition: Definition) -> None:
        self._walk, self._definition = Walk(definition), definition

    def lived(self, times: Sequence[int], columns: Columns, until: int) -> Lived:
        """Return the journeys of a customer who is known until an instant.

        Parameters
        ----------
        times : microseconds since the epoch, ascending, at least one
        columns : the `fields` of the events
        until : microseconds since the epoch, not before the last event
        """
        places = places_of(self._values, columns, len(times))
        holds, journeys, told = room_to_walk(len(times))
        look_up_codes(places, *self._steps, holds)
        walk(np.array(times, dtype=np.int64), holds, self._walk.lengths, until, (journeys, told))
        return self._walk.lived(told, journeys)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that `lived` reads."""
        return tuple(self._values)

    @cached_property
    def _values(self) -> dict[str, ByText]:
        numbers = self._definition.attributes.numeric
        return places_by_name(asked_by(self._definition), numbers=numbers)

    @cached_property
    def _steps(self) -> Steps:
        return rule_steps(self._definition, self._values)


def room_to_walk(n_events: int) -> tuple[Holds, Ints, Ints]:
    """Return room for what holds of each event, for the journeys found and for what is told."""
    holds = np.empty((N_COLUMNS + 1, n_events), dtype=np.int16)
    journeys = np.empty((3, n_events + 1), dtype=np.int64)
    return holds, journeys, np.empty(N_TOLD + 1, dtype=np.int64)


@compiled
def walk(times: Ints, holds: Holds, lengths: Ints, until: int, found: tuple[Ints, Ints]) -> None:
    """Write the journeys of a customer who is known until an instant, and what is so by then.

    Parameters
    ----------
    times : ascending, at least one
    holds : for every rule of a journey and every event -1 where it does not hold; the milestones
    found : first row, end time and state of each journey, the open one last, and how many have
        ended, where the open one begins (or -1), whether a contact and a churn are past in it, and
        which milestone it reached last (or -1)
    """
    journeys, told = found
    if lengths[_CASE_LOG]:  # the first event begins the one journey
        holds[_START, 0] = 0
    n_ended, first = _walked(times, holds, lengths, journeys)
    if first >= 0:
        _end_silently(times, (first, len(times)), lengths, journeys[:, n_ended])
        if journeys[1, n_ended] <= until:
            n_ended, first = n_ended + 1, -1
        else:
            journeys[1, n_ended], journeys[2, n_ended] = NEVER, OPEN
    told[_ENDED], told[_FIRST] = n_ended, first
    told[_LEAKED], told[_CHURNED], told[_STAGE] = 0, 0, -1
    told[_CHURNED] = until - times[len(times) - 1] >= lengths[_INACTIVE]
    for row in range(len(times)):
        told[_CHURNED] |= holds[_CHURN, row] >= 0
        if 0 <= first <= row:
            told[_LEAKED] |= holds[_LEAKAGE, row] >= 0
            if holds[_MILESTONE, row] >= 0:
                told[_STAGE] = holds[_MILESTONE, row]


@compiled
def _walked(times: Ints, holds: Holds, lengths: Ints, journeys: Ints) -> tuple[int, int]:
    """Write the journeys that an event shows to have ended; return how many, and the open one."""
    n_ended, first = 0, -1
    for row in range(len(times)):
        if first >= 0 and _is_over(times, first, row, lengths):
            _end_silently(times, (first, row), lengths, journeys[:, n_ended])
            n_ended, first = n_ended + 1, -1
        if first < 0 and holds[_START, row] >= 0:
            first = row
        failed = holds[_FAILURE, row] >= 0
        if first >= 0 and (failed or holds[_SUCCESS, row] >= 0):
            journeys[0, n_ended], journeys[1, n_ended] = first, times[row]
            journeys[2, n_ended] = FAILURE if failed else SUCCESS
            n_ended, first = n_ended + 1, -1
    return n_ended, first


@compiled
def _is_over(times: Ints, first: int, row: int, lengths: Ints) -> bool:
    """Return whether silence or the horizon has ended a journey before the event of a row."""
    silent = times[row] - times[row - 1] > lengths[_SILENCE]
    return bool(silent or times[row] - times[first] > lengths[_WITHIN])


@compiled
def _end_silently(times: Ints, rows: tuple[int, int], lengths: Ints, out: Ints) -> None:
    """Write a journey as silence or its horizon ends it, the earlier of the two.

    Its last event is the last within the horizon before the row after it.
    """
    first, beyond = rows
    last = beyond - 1
    while times[last] - times[first] > lengths[_WITHIN]:
        last -= 1
    expiry = _later(times[first], lengths[_WITHIN])
    silent = _later(times[last], lengths[_SILENCE])
    out[0], out[1] = first, min(silent, expiry)
    out[2] = ABANDONED if silent <= expiry else EXPIRED


@compiled
def _later(time: int, length: int) -> int:
    return NEVER if length == NEVER else time + length


def _micros(length: timedelta | None) -> int:
    return NEVER if length is None else round(length.total_seconds() * 1_000_000)
