"""Samples: the (journey, cutoff) pairs at which we predict.

The **cutoff** is the instant at which we predict; every event up to and including it is seen.
Events of one instant are therefore one sample, taken at the last of them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import NEVER, end_times, ends_of
from journeys.log import EventLog, instants

Rows = NDArray[np.int64]


def samples_of(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> pd.DataFrame:
    """Return a sample at every event of every journey and at its ticks of silence.

    Returns
    -------
    DataFrame, shape (n_samples, 4), RangeIndex, sorted by journey and cutoff
        ``journey``: row in ``journeys``; ``cutoff``: UTC instant, before the journey's end;
        ``seen``: row in the log of the last event seen; ``tick``: whether the cutoff is a tick, an
        instant of silence (``definition.ticks`` after an event, if nothing happened before).
    """
    journey, row = _event_samples(log, journeys)
    at = log.times[row]
    pieces = [(journey, at, row, np.zeros(len(row), dtype=np.bool_))]
    quiet_until = np.minimum(_next_event(log)[row], end_times(journeys)[journey])
    for tick in definition.ticks:
        cutoff = at + round(tick.total_seconds() * 1_000_000)
        silent = (cutoff < quiet_until) & (cutoff <= log.ended)
        pieces.append((journey[silent], cutoff[silent], row[silent], silent[silent]))
    journey, at, row, tick_ = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    order = np.lexsort((at, journey))
    return _frame(journey[order], at[order], row[order], tick_[order])


def samples_at_end(
    log: EventLog, journeys: pd.DataFrame, *, ends: Rows | None = None
) -> pd.DataFrame:
    """Return one sample per open journey, at the end of the log; columns as in `samples_of`.

    With ``ends`` as in `find_journeys`, at the instant until which each customer is known.
    """
    journey = np.flatnonzero(journeys["state"] == "open").astype(np.int64)
    row = journeys["last"].to_numpy()[journey]
    known_until = ends_of(log) if ends is None else ends
    at = known_until[journeys["customer"].to_numpy()[journey]]
    return _frame(journey, at, row, at > log.times[row])


def _frame(journey: Rows, at: Rows, row: Rows, tick: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame({"journey": journey, "cutoff": instants(at), "seen": row, "tick": tick})


def _event_samples(log: EventLog, journeys: pd.DataFrame) -> tuple[Rows, Rows]:
    """Return (journey, row) of the last event of each instant before the journey's end."""
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    lengths = last - first + 1
    journey = np.repeat(np.arange(len(journeys), dtype=np.int64), lengths)
    within = np.arange(lengths.sum(), dtype=np.int64) - np.repeat(
        np.cumsum(lengths) - lengths, lengths
    )
    row = first[journey] + within
    before_end = log.times[row] < end_times(journeys)[journey]
    closes_instant = _next_event(log)[row] != log.times[row]
    keep = before_end & closes_instant
    return journey[keep], row[keep]


def _next_event(log: EventLog) -> Rows:
    """Return for each event the time of the same customer's next one; NEVER after the last."""
    following = np.append(log.times[1:], NEVER)
    following[log.offsets[1:] - 1] = NEVER
    return following
