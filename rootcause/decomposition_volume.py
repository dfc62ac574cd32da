"""Decomposition of a change of volume: of whom more begin, or fewer."""

import numpy as np
from numpy.typing import NDArray

from rootcause.band_expected import weekdays_of
from rootcause.band_watch import Raised
from rootcause.decomposition import Decomposition, Triple
from rootcause.intervals import Z_95
from rootcause.kpi_seen import MICROS_A_DAY, Seen
from rootcause.last_known import last_known_codes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST = 8
_FEWEST = 10


def volume_split(
    seen: Seen,
    alarm: Raised,
    *,
    begun: Floats,
    days: tuple[int, int],
    change: float,
    scatter: float,
) -> Decomposition:
    """Return a change of journeys begun per day, by the values of attributes that changed most.

    All of it is rate: nobody is at risk of beginning.  ``by_attribute`` has ``attribute``,
    ``value`` and ``change`` (triple, journeys per day against the same weekdays before), the
    clearest first; of context (else technical) values with at least ten journeys, none where
    ``seen`` is of some customers only.  ``begun``, ``scatter``: daily counts of everybody, and by
    how much they scatter.
    """
    day = seen.start // MICROS_A_DAY - days[0]
    size = days[1] - days[0]
    row = seen.journeys["first"].to_numpy()
    found = []
    attributes = seen.definition.attributes
    is_everybody = int((day < size).sum()) == int(begun.sum())
    for name in (attributes.context or attributes.technical) if is_everybody else ():
        codes, values = last_known_codes(seen.log, name)
        for code, value in enumerate(values):
            mine = day[(codes[row] == code) & (day < size)]
            if len(mine) >= _FEWEST:
                own = np.bincount(mine, minlength=size).astype(np.float64)
                triple = _change(own, alarm, days[0], scatter)
                sure = abs(triple[0]) / max(triple[2] - triple[0], 1e-9)
                found.append((sure, {"attribute": name, "value": value, "change": triple}))
    found.sort(key=lambda one: -one[0])
    told: tuple[dict[str, object], ...] = tuple(dict(one) for _, one in found[:_MOST])
    _, low, high = _change(begun, alarm, days[0], scatter)
    arm = (high - low) / 2
    total = change, change - arm, change + arm
    return Decomposition("volume", "", total, (0.0, 0.0, 0.0), total, told, ())


def _change(begun: Floats, alarm: Raised, first: int, scatter: float) -> Triple:
    """Return the journeys per day since the onset, less those of the same weekdays before."""
    weekday = weekdays_of(np.arange(len(begun)) + first)
    now = np.arange(alarm.onset, len(begun))
    seen = np.bincount(weekday[alarm.learnt], minlength=7)
    usual = np.bincount(weekday[alarm.learnt], begun[alarm.learnt], 7) / np.maximum(seen, 1)
    expected = float(usual[weekday[now]].mean())
    value = float(begun[now].mean())
    spread = scatter * (max(value, expected) / len(now) + expected / max(len(alarm.learnt), 1))
    arm = Z_95 * float(np.sqrt(spread))
    return value - expected, value - expected - arm, value - expected + arm
