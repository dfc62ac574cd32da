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

from features.encode import looked_up
from features.kernel import fold
from features.look_up import look_up
from features.plan import Plan
from features.values import SEEN, KnownValues, Places, Tables, known_values
from journeys.find import NEVER, STATES
from journeys.find_one import Columns, Ended
from journeys.log import TIME

__all__ = ["Ended", "Event", "TypedEvents", "Written"]

Event = Mapping[str, object]
"""``time`` in microseconds UTC (int), and every field that the definition names: text for text,
float for numbers, None where nothing is known."""

_CODES = {state: code for code, state in enumerate(STATES)}
_OPEN = _CODES["open"]


class Written(NamedTuple):
    """Typed events as numbers: what `TypedEvents` has looked up, shape (…, n_events).

    ``told`` is how many values the vocabulary's columns hold, ``never_seen`` how many of them
    training never saw.
    """

    times: NDArray[np.int64]
    places: Places
    around: Tables
    numbers: NDArray[np.float64]
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
        at = times[-1] if cutoff is None else cutoff
        return self.row_of(written, begins=begins, cutoff=at, ended=ended)

    def written(self, times: Sequence[int], columns: Columns) -> Written:
        """Return events, given as columns of all `fields`, as numbers; parameters as in `row`."""
        places = self.known.places(columns, len(times))
        around, total = self.known.said(places)
        seen, never_seen = divmod(total, SEEN)
        numbers = [
            math.nan if one is None else one for name in self.plan.numbers for one in columns[name]
        ]
        return Written(
            np.array(times, dtype=np.int64),
            places,
            around,
            np.array(numbers, dtype=np.float64).reshape(-1, len(times)),
            seen + never_seen,
            never_seen,
        )

    def row_of(
        self, events: Written, *, begins: int, cutoff: int, ended: Sequence[Ended] = ()
    ) -> NDArray[np.float32]:
        """Return the features of the open journey of a customer with these events, as `row`."""
        plan, n_events = self.plan, len(events.times)
        asked = np.array([0, n_events, n_events - 1, cutoff])
        offsets, sample = asked[:2], (asked[2:3], asked[3:])
        journeys = np.array(
            [
                [*(one.first for one in ended), begins],
                [*(one.end for one in ended), NEVER],
                [*(_CODES[one.state] for one in ended), _OPEN],
            ]
        )
        out = np.empty((1, len(plan.features)), dtype=np.float32)
        codes = looked_up(events.places, events.times, offsets, self.known.columns)
        fold(
            (plan.table, plan.initial, np.empty_like(plan.initial)),
            (events.times, codes, events.numbers, offsets),
            (journeys[0], journeys[1], journeys[2]),
            sample,
            out,
        )
        self._write_others(events, (offsets[:1], journeys[0]), sample, out)
        row: NDArray[np.float32] = out[0]
        return row

    def _write_others(
        self,
        events: Written,
        begins: tuple[NDArray[np.int64], NDArray[np.int64]],
        sample: tuple[NDArray[np.int64], NDArray[np.int64]],
        out: NDArray[np.float32],
    ) -> None:
        """Write the columns that look at other customers, as `features.others` does for a log."""
        plan, n_around = self.plan, self.known.n_around
        if plan.surroundings is None or plan.fold_width == len(plan.features):
            out[:, plan.fold_width :] = np.nan
            return
        coded = events.around[: n_around - 1], events.around[n_around - 1]
        look_up((*coded, *begins), sample, plan.surroundings.known, plan.fold_width, out)

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
