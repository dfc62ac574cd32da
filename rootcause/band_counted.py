"""What the band judges by: counts by step and day, which add up over the shards of a log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.everyone import micros
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import Shards
from rootcause.band_cells import Cells, Steps, cells_of, steps_named
from rootcause.kpi_seen import MICROS_A_DAY, Seen

Floats = NDArray[np.float64]

CELLED = ("leakage", "completion", "errors", "abandonment")
_BEGUN = len(CELLED)


@dataclass(frozen=True)
class Counted:
    """Counts of a log for its band.

    Attributes
    ----------
    days : the first day of the log, and the day after its last whole one, since the epoch
    begun : how many journeys began on each day, (n_days,)
    cells : by KPI; one that the definition does not ask for is not among them
    """

    days: tuple[int, int]
    begun: Floats
    cells: Mapping[str, Cells]


def counted_in(seen: Seen, steps: Steps) -> Counted:
    """Return the counts of a log that is held."""
    first, last = days_of(seen)
    day = seen.start // MICROS_A_DAY - first
    begun = np.bincount(day[day < last - first], minlength=last - first).astype(np.float64)
    cells = {kpi: cells_of(seen, steps, kpi, (first, last)) for kpi in CELLED}
    return Counted((first, last), begun, {kpi: one for kpi, one in cells.items() if one})


def counted_over(shards: Shards, seen: Seen, steps: Steps) -> Counted:
    """Return the counts of a log in shards at the steps of some of its customers; one pass."""
    pattern = counted_in(seen, steps)
    task = partial(_counts_of, definition=shards.definition, until=seen.until, names=steps.names)
    table = shards.map(task, join=_joined)
    of, place, asked, hit = (table[name].to_numpy() for name in ("of", "place", "asked", "hit"))

    def summed(which: int, values: Floats, size: int) -> Floats:
        here = of == which
        return np.bincount(place[here], values[here], size).astype(np.float64)

    cells = {}
    for kpi, one in pattern.cells.items():
        which, shape = CELLED.index(kpi), one.asked.shape
        counts = (summed(which, values, one.asked.size).reshape(shape) for values in (asked, hit))
        cells[kpi] = Cells(kpi, one.steps, one.stretch_days, *counts)
    return Counted(pattern.days, summed(_BEGUN, asked, len(pattern.begun)), cells)


def days_of(seen: Seen) -> tuple[int, int]:
    """Return the first day of the log and the day after its last whole one, since the epoch."""
    return seen.log.began // MICROS_A_DAY, seen.whole_until // MICROS_A_DAY


def seen_at(log: EventLog, definition: Definition, until: pd.Timestamp | int) -> Seen:
    """Return what is seen at an instant (UTC) of a log, or of a shard, that was cut there."""
    at = until if isinstance(until, int) else micros(until)
    ends = np.full(len(log.offsets) - 1, at)
    return Seen(log, find_journeys(log, definition, ends=ends), definition, at)


def _counts_of(
    shard: EventLog, *, definition: Definition, until: int, names: Sequence[str]
) -> pa.Table:
    seen = seen_at(shard, definition, until)
    counted = counted_in(seen, steps_named(seen, names))
    parts = [(_BEGUN, counted.begun, np.zeros(len(counted.begun)))]
    parts += [
        (CELLED.index(kpi), one.asked.ravel(), one.hit.ravel())
        for kpi, one in counted.cells.items()
    ]
    rows = []
    for which, asked, hit in parts:
        at = np.flatnonzero(asked)
        rows.append((np.full(len(at), which), at, asked[at], hit[at]))
    of, place, asked, hit = (np.concatenate(each) for each in zip(*rows, strict=True))
    return pa.table({"of": of, "place": place, "asked": asked, "hit": hit})


def _joined(counts: pa.Table) -> pa.Table:
    sums = counts.group_by(["of", "place"]).aggregate([("asked", "sum"), ("hit", "sum")])
    return sums.rename_columns({"asked_sum": "asked", "hit_sum": "hit"})
