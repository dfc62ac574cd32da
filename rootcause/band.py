"""The expected band of a KPI, and an alarm when it leaves it.

Each day is compared with what the days before it let expect (`rootcause.band_expected`), by a
sequential test with a stated budget of false alarms (`rootcause.band_watch`), at every step of the
journey (`rootcause.band_cells`); an alarm says where, since when, and whether it is the mix or the
rate (`rootcause.decomposition`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.known_event import known_days
from journeys.log import EventLog
from rootcause.band_cells import Cells, Steps, steps_of
from rootcause.band_counted import CELLED, Counted, counted_in
from rootcause.band_expected import Volume, expected_from, expected_volume, weekdays_of
from rootcause.band_value import Banded, banded, banded_volume
from rootcause.band_watch import Raised, Watcher, enough, watcher_of
from rootcause.band_words import alarm_words
from rootcause.decomposition import Decomposition, decomposition_of, step_at_fault
from rootcause.decomposition_volume import volume_split
from rootcause.kpi_seen import Seen, seen_by

Floats = NDArray[np.float64]

BUDGET_SHARES = {
    "leakage": 0.25,
    "completion": 0.25,
    "errors": 0.3,
    "abandonment": 0.1,
    "volume": 0.1,
}
UP_IS_WORSE = dict(zip(CELLED, (1.0, -1.0, 1.0, 1.0), strict=True))
_ODDS = np.log([1.3, 1.8, 3.0])
_RATES = np.log([1.4, 2.0])
_MONTH = 30.0


@dataclass(frozen=True)
class Alarm:
    """A KPI of a journey has left its expected band.

    Attributes
    ----------
    kpi : completion (moving on from the step), leakage, abandonment, errors (failed attempts, the
        earliest sign where the outcome takes weeks) or volume
    day : the first day outside the band (YYYY-MM-DD, UTC), as estimated
    noticed : the day at whose end the evidence was enough; never before ``day``
    value, expected, low, high : the KPI since ``day``, what was to be expected then, and the 95 %
        band of that; a share of the journeys that reach the step, of volume journeys per day
    words : one careful sentence
    budget_per_month : false alarms a month that were allowed, over all KPIs of the journey
    step : the step at fault; None where the KPI has none (volume)
    mix, rate : value - expected split into who comes and what happens to the like of them
    split : the same with intervals, by attribute and by step, against the days learnt from
    """

    journey: str
    kpi: str
    day: str
    noticed: str
    value: float
    expected: float
    low: float
    high: float
    words: str
    budget_per_month: float
    step: str | None
    mix: float
    rate: float
    split: Decomposition | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the alarm as plain data."""
        return vars(self) | {"split": None if self.split is None else self.split.as_dict()}


def alarms_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    *,
    until: pd.Timestamp | None = None,
    budget_per_month: float = 0.5,
) -> tuple[Alarm, ...]:
    """Return the alarms that stand at an instant, the one noticed last first.

    An alarm stands until the KPI has been back for a week, at most four weeks after it was noticed:
    then what it is now is the new normal.  The whole log is gone through day by day, each day
    judged by days before it, so that the same day always gives the same answer.

    Parameters
    ----------
    until : UTC instant up to which the log is complete; without it the end of the log. Its own day
        counts if it is 18:00 or later.
    budget_per_month : false alarms allowed in 30 days, all KPIs and steps together

    Raises
    ------
    TooLittleDataError
        If the log has no event until then.
    """
    seen = seen_by(log, journeys, definition, until)
    if not len(seen.start):
        return ()
    steps = steps_of(seen)
    return alarms_in(seen, steps, counted_in(seen, steps), budget=budget_per_month)


def alarms_in(
    seen: Seen, steps: Steps, counted: Counted, *, budget: float = 0.5
) -> tuple[Alarm, ...]:
    """Return the alarms that stand by what was counted, of everybody where ``seen`` is of some."""
    standing = [
        _alarm(seen, steps, kpi, alarm, counted=counted, budget=budget)
        for kpi, cells, watcher in watched_in(counted, seen.definition, budget)
        if (alarm := watcher.standing) is not None
    ]
    return tuple(sorted(standing, key=lambda alarm: (alarm.noticed, alarm.kpi), reverse=True))


def watched(seen: Seen, steps: Steps, budget: float) -> Iterator[tuple[str, Cells | None, Watcher]]:
    """Yield each KPI with its counts and the test of it as it stands after the last whole day."""
    yield from watched_in(counted_in(seen, steps), seen.definition, budget)


def watched_in(
    counted: Counted, definition: Definition, budget: float
) -> Iterator[tuple[str, Cells | None, Watcher]]:
    """Yield what `watched` does, from what was counted; a KPI by which nobody was hit is none."""
    first, last = counted.days
    for kpi, up_is_worse in UP_IS_WORSE.items():
        cells = counted.cells.get(kpi)
        if cells is not None and cells.hit.any():
            bar = _MONTH / (budget * BUDGET_SHARES[kpi])
            yield kpi, cells, _watch_cells(cells, first, up_is_worse, bar)
    bar = _MONTH / (budget * BUDGET_SHARES["volume"])
    known = known_days(definition.calendar, first, last - first)
    yield "volume", None, _watch_volume(counted.begun, first, bar, known)


def _watch_cells(cells: Cells, first: int, up_is_worse: float, bar: float) -> Watcher:
    days = cells.asked.shape[2]
    weekday = weekdays_of(np.arange(days) + first)
    log_odds = up_is_worse * np.concatenate([_ODDS, -_ODDS])
    watcher: Watcher | None = None
    blank = watcher_of(log_odds, np.ones(len(cells.steps)), bar=bar, days=days)
    for day in range(days):
        learnt = (watcher or blank).learns_from(day)
        if not enough(learnt):
            continue
        asked, hit = cells.asked[:, :, learnt], cells.hit[:, :, learnt]
        expected = expected_from(asked, hit, weekday[learnt])
        if watcher is None:  # once: how much each step can tell
            watcher = watcher_of(log_odds, expected.tells(asked), bar=bar, days=days)
        today = cells.asked[:, :, day], cells.hit[:, :, day]
        ratio = expected.log_ratio(*today, int(weekday[day]), log_odds)
        watcher.see(day, learnt, ratio)
    return watcher or blank


def _watch_volume(begun: Floats, first: int, bar: float, known: NDArray[np.bool_]) -> Watcher:
    log_rates = np.concatenate([-_RATES, _RATES])
    watcher = watcher_of(log_rates, np.ones(1), bar=bar, days=len(begun))
    watcher.learnable[known] = False
    for day in range(len(begun)):
        learnt = watcher.learns_from(day)
        if known[day]:  # neither judged nor learnt from, and no day on which a change begins
            watcher.see(day, learnt, np.full((1, len(log_rates)), -1e-9))
        elif (
            enough(learnt) and (expected := volume_expected(begun, learnt, first, day)) is not None
        ):
            ratio = expected.log_ratio(float(begun[day]), (day + first + 3) % 7, log_rates)
            watcher.see(day, learnt, ratio)
    return watcher


def volume_expected(
    begun: Floats, learnt: NDArray[np.int64], first: int, day: int
) -> Volume | None:
    """Return what volume is expected of a day, from the days given."""
    return expected_volume(begun[learnt], learnt, weekdays_of(learnt + first), day)


def _alarm(
    seen: Seen, steps: Steps, kpi: str, alarm: Raised, *, counted: Counted, budget: float
) -> Alarm:
    first, last = counted.days
    cells = counted.cells.get(kpi)
    if cells is None:
        found, split = _of_volume(seen, counted, alarm)
        step = None
    else:
        alarm, found = _at_fault(seen, steps, cells, alarm, days=counted.days)
        split = decomposition_of(seen, steps, kpi, alarm, days=(first, last))
        step = cells.steps[alarm.step]
    mix = split.mix[0]
    day, noticed = (str(np.datetime64(first + at, "D")) for at in (alarm.onset, alarm.noticed))
    return Alarm(
        journey=seen.definition.name,
        kpi=kpi,
        day=day,
        noticed=noticed,
        value=found.value,
        expected=found.expected,
        low=found.low,
        high=found.high,
        words=alarm_words(seen.definition, step, day, found, split),
        budget_per_month=budget,
        step=step,
        mix=mix,
        rate=found.value - found.expected - mix,
        split=split,
    )


def _of_volume(seen: Seen, counted: Counted, alarm: Raised) -> tuple[Banded, Decomposition]:
    days, begun = counted.days, counted.begun
    usual = volume_expected(begun, alarm.learnt, days[0], alarm.onset)
    found = banded_volume(begun, usual, alarm.onset, days[0])
    scatter = usual.scatter if usual is not None else 1.0
    change = found.value - found.expected
    split = volume_split(seen, alarm, begun=begun, days=days, change=change, scatter=scatter)
    return found, split


def _at_fault(
    seen: Seen, steps: Steps, cells: Cells, alarm: Raised, *, days: tuple[int, int]
) -> tuple[Raised, Banded]:
    """Return the alarm at the step at fault, if the KPI is outside its band there as well."""
    found = banded(cells, alarm, days[0])
    step = step_at_fault(seen, steps, cells.kpi, alarm, days=days)
    there = replace(alarm, step=step)
    closer = banded(cells, there, days[0])
    outside = closer.value > closer.high if alarm.log_odds > 0 else closer.value < closer.low
    return (there, closer) if outside else (alarm, found)
