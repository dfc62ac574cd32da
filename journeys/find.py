"""Finding journeys: one customer's pursuit of one goal, from its start to its end.

A journey starts at the first event of its start rule while none is open; without a start rule each
customer_id is one journey (a case log).  It ends at the first of

- **success** or **failure**: an event of that rule,
- **abandoned**: silence of the customer longer than ``abandoned_after``,
- **expired**: the horizon of success has passed, so success can no longer hold,

and is **open** while none of these is known by the end of the log.  A second start inside an open
journey belongs to it: one customer's journeys of one definition never overlap.
"""

import hashlib
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import EventLog, instants, microseconds

NEVER = np.iinfo(np.int64).max
STATES = ("success", "failure", "abandoned", "expired", "open")

Rows = NDArray[np.int64]


def find_journeys(
    log: EventLog, definition: Definition, *, ends: Rows | None = None
) -> pd.DataFrame:
    """Return the journeys of a log, one row each, sorted by customer and start.

    Parameters
    ----------
    ends : int64, shape (n_customers,)
        Until when each customer is known, in microseconds since the epoch, not before their last
        event; without it, everybody is known until the log ends.

    Returns
    -------
    DataFrame, shape (n_journeys, 7), RangeIndex
        ``customer``: code of ``log.events.customer_id``; ``first``, ``last``: rows of the log's
        first and last (inclusive) event of the journey; ``start``, ``last_time``, ``end``: UTC
        instants, ``end`` is NaT while the journey is open; ``state``: one of `STATES`.
    """
    ends_here = _ends(log, definition, "success") | _ends(log, definition, "failure")
    block_first, block_last = _blocks(log, ends_here, _micros(definition.abandoned_after))
    starts = _start_rows(log, definition)
    if definition.start is None:
        opening = np.isin(block_first, starts)
        block_first, block_last = block_first[opening], block_last[opening]
    within = _micros(definition.success.within if definition.success else None)
    first, last = _journeys_in(log.times, starts, (block_first, block_last), within)
    known_until = ends_of(log) if ends is None else ends
    return _described(log, definition, (first, last), known_until[log.customers[first]])


def ends_of(log: EventLog) -> Rows:
    """Return until when each customer is known: the end of the log, shape (n_customers,)."""
    return np.full(len(log.offsets) - 1, log.ended)


def journey_ids(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> NDArray[np.str_]:
    """Return a stable pseudonym per journey: the same customer and start give the same id.

    Shape (n_journeys,).  The raw customer key cannot be read off it, though someone who holds a
    list of keys could hash them as well.
    """
    keys = log.events["customer_id"].cat.categories.to_numpy()[journeys["customer"].to_numpy()]
    starts = log.times[journeys["first"].to_numpy()]
    named = [journey_id(definition.name, key, at) for key, at in zip(keys, starts, strict=True)]
    return np.array(named, dtype=np.str_)


def journey_id(journey: str, customer: str, start: int) -> str:
    """Return the id of the journey that a customer began at an instant (microseconds, UTC)."""
    name = f"{journey}|{customer}|{start}"
    return f"j_{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}"


def end_times(journeys: pd.DataFrame) -> Rows:
    """Return each journey's end in microseconds since the epoch; NEVER while it is open."""
    return np.where(journeys["end"].isna(), NEVER, microseconds(journeys["end"]))


def last_row_until(times: Rows, first: Rows, last: Rows, until: Rows) -> Rows:
    """Return for each range of rows [first, last] the last row with time <= until.

    Times ascend inside a range and ``times[first] <= until``; a bisection of all ranges at once.
    """
    low, high = first.copy(), last.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        early = times[middle] <= until
        low = np.where(early, middle, low)
        high = np.where(early, high, middle - 1)
    return low


def _micros(length: timedelta | None) -> int | None:
    return None if length is None else round(length.total_seconds() * 1_000_000)


def _ends(log: EventLog, definition: Definition, key: str) -> NDArray[np.bool_]:
    rule = definition.rules.get(key)
    return np.zeros(len(log), dtype=np.bool_) if rule is None else rule.holds(log.events)


def _start_rows(log: EventLog, definition: Definition) -> Rows:
    if definition.start is None:
        return log.offsets[:-1]
    return np.flatnonzero(definition.start.holds(log.events)).astype(np.int64)


def _blocks(log: EventLog, ends_here: NDArray[np.bool_], silence: int | None) -> tuple[Rows, Rows]:
    """Return first and last rows of the stretches without an end, a long silence or a stranger."""
    opens = np.ones(len(log), dtype=np.bool_)
    opens[1:] = (np.diff(log.customers) != 0) | ends_here[:-1]
    if silence is not None:
        opens[1:] |= np.diff(log.times) > silence
    first = np.flatnonzero(opens).astype(np.int64)
    return first, np.append(first[1:], len(log)) - 1


def _journeys_in(
    times: Rows, starts: Rows, blocks: tuple[Rows, Rows], within: int | None
) -> tuple[Rows, Rows]:
    """Return first and last rows of the journeys; an expired one makes room for the next start."""
    cursor, block_last = blocks
    found_first, found_last = [], []
    while len(cursor):
        place = np.searchsorted(starts, cursor)
        first = np.append(starts, NEVER)[place]
        begins = first <= block_last
        first, block_last = first[begins], block_last[begins]
        last = block_last
        if within is not None:
            last = last_row_until(times, first, block_last, times[first] + within)
        found_first.append(first)
        found_last.append(last)
        more = last < block_last
        cursor, block_last = last[more] + 1, block_last[more]
    first = np.concatenate([*found_first, np.empty(0, dtype=np.int64)])
    last = np.concatenate([*found_last, np.empty(0, dtype=np.int64)])
    order = np.argsort(first, kind="stable")
    return first[order], last[order]


def _described(
    log: EventLog, definition: Definition, rows: tuple[Rows, Rows], known_until: Rows
) -> pd.DataFrame:
    times, (first, last) = log.times, rows
    within = _micros(definition.success.within if definition.success else None)
    silence = _micros(definition.abandoned_after)
    expiry = times[first] + within if within is not None else np.full(len(first), NEVER)
    silent = times[last] + silence if silence is not None else np.full(len(first), NEVER)
    end = np.minimum(expiry, silent)
    state = np.where(silent <= expiry, STATES.index("abandoned"), STATES.index("expired"))
    for key in ("success", "failure"):
        held = _ends(log, definition, key)[last]
        state = np.where(held, STATES.index(key), state)
        end = np.where(held, times[last], end)
    still_open = end > known_until
    state = np.where(still_open, STATES.index("open"), state)
    end = np.where(still_open, np.iinfo(np.int64).min, end)
    return pd.DataFrame(
        {
            "customer": log.customers[first],
            "first": first,
            "last": last,
            "start": instants(times[first]),
            "last_time": instants(times[last]),
            "end": instants(end),
            "state": pd.Categorical.from_codes(state.astype(np.int8), categories=pd.Index(STATES)),
        }
    )
