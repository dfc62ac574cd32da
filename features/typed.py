"""One customer's typed events to the row of their journey, in microseconds.

An `EventLog` is a table, and a table of thirty events costs milliseconds before a feature is
computed.  Here each value is one look-up; what is computed from then on is the same compiled code.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.encode import _EDGES as EDGES
from features.find_one import Columns, Ended, Lived, Walk, room_to_walk
from features.look_up import look_up
from features.one_row import TOTAL, live, write_row
from features.places import Places
from features.plan import Plan
from features.values import SEEN, KnownValues, Tables, known_values, translate
from journeys.find import NEVER, STATES
from journeys.log import ACTIVITY, TIME

__all__ = ["Ended", "Event", "Stood", "TypedEvents", "Written"]

Event = Mapping[str, object]
"""``time`` in microseconds UTC (int), and every field that the definition names: text for text,
float for numbers, None where nothing is known."""

_CODES = {state: code for code, state in enumerate(STATES)}
_OPEN = _CODES["open"]


class Written(NamedTuple):
    """Typed events as numbers: times, places of values and numbers, shape (…, n_events)."""

    times: NDArray[np.int64]
    places: Places
    numbers: NDArray[np.float64]


class Stood(NamedTuple):
    """Where a customer with typed events stands.

    ``row``: the features of the open journey, float32 (n_features,); None where none is open.
    ``told`` is how many values the vocabulary's columns hold, ``never_seen`` how many of them
    training never saw.
    """

    lived: Lived
    row: NDArray[np.float32] | None
    told: int
    never_seen: int


@dataclass(frozen=True)
class TypedEvents:
    """A plan made ready for the events of one customer at a time; keep it as long as the plan."""

    plan: Plan

    def row(
        self,
        events: Sequence[Event],
        *,
        begins: int = 0,
        cutoff: int | None = None,
        ended: Sequence[Ended] = (),
    ) -> NDArray[np.float32]:
        """Return the features of a customer's open journey, shape (n_features,).

        Parameters
        ----------
        events : all that is known of the customer up to the cutoff, ascending by time
        begins : which of them begins the open journey
        cutoff : microseconds UTC, not before the last event; without it, the last event's time
        ended : the customer's earlier journeys, ascending
        """
        times, *fields = zip(*map(self._picked, events), strict=True)
        written = self.written(times, dict(zip(self.fields, fields, strict=True)))
        journeys = np.array(
            [
                [*(one.first for one in ended), begins],
                [*(one.end for one in ended), NEVER],
                [*(_CODES[one.state] for one in ended), _OPEN],
            ]
        )
        asked = _asked(written, times[-1] if cutoff is None else cutoff)
        around, out = self._around(written), self._out()
        translate(written.places, *self._said, around)
        write_row(self._events(written), journeys, asked, self._of_row(), out)
        self._write_others(around, journeys[0], asked, out)
        row: NDArray[np.float32] = out[0]
        return row

    def written(self, times: Sequence[int], columns: Columns) -> Written:
        """Return events, given as columns of all `fields`, as numbers; parameters as in `row`."""
        numbers = [
            math.nan if one is None else one for name in self.plan.numbers for one in columns[name]
        ]
        return Written(
            np.array(times, dtype=np.int64),
            self.known.places(columns, len(times)),
            np.array(numbers, dtype=np.float64).reshape(-1, len(times)),
        )

    def stood(self, events: Written, until: int) -> Stood:
        """Return where a customer stands who is known until an instant.

        ``until``: microseconds UTC, not before the last event.
        """
        asked, around, out = _asked(events, until), self._around(events), self._out()
        holds, journeys, told = room_to_walk(len(events.times))
        known = (*self.known.steps, self._walk.lengths), self._said, self._of_row()
        room = holds, journeys, told, around
        live(self._events(events), asked, known, room, out)
        seen, never_seen = divmod(int(told[TOTAL]), SEEN)
        lived = self._walk.lived(told, journeys)
        if lived.begins is None:
            return Stood(lived, None, seen + never_seen, never_seen)
        self._write_others(around, journeys[0, : len(lived.ended) + 1], asked, out)
        return Stood(lived, out[0], seen + never_seen, never_seen)

    def _write_others(
        self,
        around: Tables,
        begins: NDArray[np.int64],
        asked: NDArray[np.int64],
        out: NDArray[np.float32],
    ) -> None:
        """Write the columns that look at other customers, as `features.others` does for a log."""
        plan, n_around = self.plan, self.known.n_around
        if plan.surroundings is None or plan.fold_width == len(plan.features):
            out[:, plan.fold_width :] = np.nan
            return
        events = around[: n_around - 1], around[n_around - 1], asked[:1], begins
        look_up(events, (asked[2:3], asked[3:]), plan.surroundings.known, plan.fold_width, out)

    def _events(self, events: Written) -> Any:
        codes = np.empty((len(self.known.columns.labels) + 1, len(events.times)), dtype=np.int16)
        return (*events, codes)

    def _around(self, events: Written) -> Tables:
        return np.empty((len(self.known.rows), len(events.times)), dtype=np.int32)

    def _out(self) -> NDArray[np.float32]:
        return np.empty((1, len(self.plan.features)), dtype=np.float32)

    def _of_row(self) -> Any:
        columns, back, (table, initial) = self._fixed
        return columns, back, (table, initial, np.empty_like(initial))

    @cached_property
    def _fixed(self) -> Any:
        plan, columns = self.plan, self.known.columns
        looks_back = columns.back, columns.pairs, columns.triples
        back = EDGES, looks_back, len(columns.labels[ACTIVITY])
        return (columns.steps, columns.codes), back, (plan.table, plan.initial)

    @cached_property
    def _said(self) -> Any:
        known = self.known
        return known.rows, known.begins, (known.tables, known.n_around)

    @cached_property
    def _walk(self) -> Walk:
        return Walk(self.plan.definition)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that `written` reads."""
        return (*self.known.values, *self.plan.numbers)

    @cached_property
    def known(self) -> KnownValues:
        """What the values of the plan's columns stand for."""
        return known_values(self.plan)

    @cached_property
    def _picked(self) -> Callable[[Event], tuple[Any, ...]]:
        return itemgetter(TIME, *self.fields)


def _asked(events: Written, cutoff: int) -> NDArray[np.int64]:
    n_events = len(events.times)
    return np.array([0, n_events, n_events - 1, cutoff])
