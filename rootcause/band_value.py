"""How far a KPI is outside its band: what it is since the alarm, and what was to be expected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rootcause.band_cells import Cells
from rootcause.band_expected import Volume, expected_from, weekdays_of
from rootcause.band_watch import Raised
from rootcause.intervals import Z_95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Banded:
    """The KPI since a day, what was expected, and the band; ``days`` is the time it speaks of."""

    value: float
    expected: float
    low: float
    high: float
    asked: int
    days: float


def banded(cells: Cells, alarm: Raised, first: int) -> Banded:
    """Return the share of those who reach the alarm's step that are hit, since its onset.

    A life table over the stretches of time after the step: 1 - prod(1 - hits / asked).  A stretch
    that nobody has yet been through since the onset is taken as expected.  The band holds the
    chance of both, before and since.
    """
    weekdays = weekdays_of(alarm.learnt + first)
    expected = expected_from(
        cells.asked[:, :, alarm.learnt], cells.hit[:, :, alarm.learnt], weekdays
    )
    before, hit_before = (
        counts[alarm.step][:, alarm.learnt].sum(axis=1) for counts in (cells.asked, cells.hit)
    )
    # a stretch that nobody had been through before is left out of both
    usual = np.where(before > 0, (hit_before + 0.5) / (before + 1.0), 0.0)
    asked = cells.asked[alarm.step, :, alarm.onset :].sum(axis=1)
    hit = cells.hit[alarm.step, :, alarm.onset :].sum(axis=1)
    known = (asked > 0) & (before > 0)
    share = np.where(known, hit / np.maximum(asked, 1.0), usual)
    value, level = share_hit(share), share_hit(usual)
    # of the log of those not hit, by the delta method
    counted = 1.0 / np.maximum(asked, 1.0) + 1.0 / np.maximum(before, 1.0)
    spread = np.where(known, usual / (1.0 - usual) * counted, 0.0).sum()
    arm = Z_95 * (1.0 - level) * float(np.sqrt(spread * expected.scatter[alarm.step]))
    low, high = max(level - arm, 0.0), min(level + arm, 1.0)
    return Banded(value, level, low, high, int(asked[0]), cells.stretch_days[-1])


def banded_volume(begun: Floats, usual: Volume | None, onset: int, first: int) -> Banded:
    """Return the journeys begun per day since the onset."""
    since = begun[onset:]
    value = float(since.mean())
    if usual is None:
        return Banded(value, value, value, value, int(since.sum()), 1.0)
    weekdays = weekdays_of(np.arange(onset, len(begun)) + first)
    level = float(usual.begun[weekdays].mean())
    arm = Z_95 * float(np.sqrt(level * usual.scatter / len(since)))
    return Banded(value, level, max(level - arm, 0.0), level + arm, int(since.sum()), 1.0)


def share_hit(shares: Floats) -> float:
    """Return the share hit by the end of all stretches, from the share hit in each."""
    return float(1.0 - np.prod(1.0 - shares))
