"""One customer's typed events to the row of their journey, in microseconds.

An `EventLog` is a table, and a table of thirty events costs milliseconds before a feature is
computed.  Here each value is one look-up; what is computed from then on is the same compiled code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.columns import ANY_OTHER, MISSING
from features.encode import EncodedEvents, looked_up
from features.kernel import fold
from features.others import coded_events, write_others
from features.plan import Plan
from journeys.find import NEVER, STATES
from journeys.log import TIME

Event = Mapping[str, object]
"""``time`` in microseconds UTC (int), and every field that the definition names: text for text,
float for numbers, None where nothing is known."""

_OPEN = STATES.index("open")


@dataclass(frozen=True)
class Ended:
    """An earlier journey of the customer: its first row among the events, its end, its state."""

    first: int
    end: int  # microseconds UTC
    state: str  # one of `journeys.find.STATES`


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
        encoded, plan = self.encoded(events), self.plan
        at = encoded.times[-1] if cutoff is None else cutoff
        firsts = np.array([*(one.first for one in ended), begins])
        ends = np.array([*(one.end for one in ended), NEVER])
        states = np.array([*(STATES.index(one.state) for one in ended), _OPEN])
        out = np.empty((1, len(plan.features)), dtype=np.float32)
        asked = np.array([len(events) - 1]), np.array([at])
        fold(
            (plan.table, plan.initial, np.empty_like(plan.initial)),
            (encoded.times, encoded.codes, encoded.numbers, encoded.offsets),
            (firsts, ends, states),
            asked,
            out,
        )
        write_others(plan, coded_events(events, plan), (encoded.offsets[:1], firsts), asked, out)
        row: NDArray[np.float32] = out[0]
        return row

    def encoded(self, events: Sequence[Event]) -> EncodedEvents:
        """Return the events in the codes of the plan, as `features.encode` returns a log's."""
        times_, *fields = zip(*map(self._picked, events), strict=True)
        times, texts = np.array(times_, dtype=np.int64), len(self._places)
        places: list[int] = []
        for place, column in zip(self._places.values(), fields[:texts], strict=True):
            places += map(place.__getitem__, column)
        numbers = np.array(fields[texts:], dtype=np.float64).reshape(-1, len(events))
        offsets = np.array([0, len(events)])
        matrix = np.array(places, dtype=np.int16).reshape(texts, -1)
        return EncodedEvents(
            times, looked_up(matrix, times, offsets, self.plan.codes), numbers, offsets
        )

    @cached_property
    def _picked(self) -> Callable[[Event], tuple[Any, ...]]:
        names = [TIME, *self._places, *self.plan.numbers]
        return itemgetter(*names)

    @cached_property
    def _places(self) -> dict[str, "_Places"]:
        numbers = set(self.plan.numbers)
        found = {}
        for name, known in self.plan.codes.known.items():
            read = float if name in numbers else str
            found[name] = _Places({None: MISSING} | {read(one): at for one, at in known.items()})
        return found


class _Places(dict[object, int]):
    """The place of each value that matters, of None, and of all others."""

    def __missing__(self, value: object) -> int:
        """Return the place of a value that none of the rules asks for."""
        return MISSING if value != value else ANY_OTHER  # noqa: PLR0124 - NaN is not itself
