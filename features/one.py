"""One journey: its row from typed events, without a data frame; for one request at a time."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from features.columns import ANY_OTHER, MISSING
from features.encode import looked_up
from features.kernel import fold
from features.plan import Plan
from journeys.find import NEVER, STATES

_OPEN = STATES.index("open")


@dataclass(frozen=True)
class TypedEvents:
    """All that is known of one customer, oldest event first, one list a column.

    Attributes
    ----------
    times : microseconds since the epoch, UTC
    texts : by column of the log (``activity``, ``channel``, attributes, fields of rules), None for
        a missing value; a column that is not there is missing throughout
    numbers : by numeric attribute, NaN for a missing value
    first : the place of the open journey's first event
    earlier : place of the first event, end in microseconds and state (of `journeys.STATES`) of each
        of the customer's earlier journeys, oldest first
    """

    times: Sequence[int]
    texts: Mapping[str, Sequence[str | None]]
    numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    first: int = 0
    earlier: Sequence[tuple[int, int, str]] = ()


def row_of(events: TypedEvents, plan: Plan, *, cutoff: int | None = None) -> NDArray[np.float32]:
    """Return the features at the cutoff (at the last event unless given), shape (n_features,).

    The row is bit for bit that of `features.table`, but for what was known of others: that is NaN.
    """
    times = np.array(events.times, dtype=np.int64)
    offsets = np.array([0, len(times)], dtype=np.int64)
    codes = looked_up(_places(events, plan), times, offsets, plan.codes)
    numbers = np.full((len(plan.numbers), len(times)), np.nan)
    for place, name in enumerate(plan.numbers):
        if name in events.numbers:
            numbers[place] = events.numbers[name]
    journeys = [(first, end, STATES.index(state)) for first, end, state in events.earlier]
    begun = np.array([*journeys, (events.first, NEVER, _OPEN)], dtype=np.int64).T.copy()
    asked = np.array([len(times) - 1, times[-1] if cutoff is None else cutoff], dtype=np.int64)
    row = np.full(len(plan.features), np.nan, dtype=np.float32)
    fold(
        (plan.table, plan.initial, np.empty_like(plan.initial)),
        (times, codes, numbers, offsets),
        (begun[0], begun[1], begun[2]),
        (asked[:1], asked[1:]),
        row.reshape(1, -1),
    )
    return row


def _places(events: TypedEvents, plan: Plan) -> NDArray[np.int16]:
    places = array("h")
    for text, known in plan.codes.known.items():
        values = events.texts.get(text)
        if values is None:
            places.extend(repeat(MISSING, len(events.times)))
        else:
            places.extend(map(known.get, values, repeat(ANY_OTHER)))
    return np.frombuffer(places, dtype=np.int16).reshape(-1, len(events.times))
