"""Weeks: the rate of the bad outcome over time, with and without a finding's conditions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from journeys.log import EventLog, instants
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags, Floats, Ints
from rootcause.intervals import rate_interval
from rootcause.wording import SMALLEST_CELL

_SHORT_LOG_DAYS = 42


def weeks_of(exposures: Exposures, conditions: Mapping[str, str]) -> pd.DataFrame:
    """Return rates by week (by day in a log of less than six weeks) at the step of a finding.

    Only exposures whose outcome is known count.

    Returns
    -------
    DataFrame, one row per period
        ``begins`` (UTC); ``exposed``, ``harmed``, ``rate``, ``low``, ``high`` of the exposures that
        meet the conditions; ``others``, ``others_rate``, … of those at the same step that do not.
        Rates are NaN where fewer than ten exposures were counted; empty without any exposure.
    """
    if not len(exposures):
        return pd.DataFrame()
    known = ~np.isnan(exposures.bad)
    at_step = exposures.meets({name: value for name, value in conditions.items() if name == STEP})
    met = exposures.meets(conditions)
    length = 7 if np.ptp(exposures.day) + 1 >= _SHORT_LOG_DAYS else 1
    # counted back from the end of the log, so that the newest period is a whole one
    period = (exposures.day - exposures.day.max() - 1) // length
    first, last = int(period.min()), int(period.max())
    begins = (np.arange(first, last + 1) * length + exposures.day.max() + 1) * MICROS_A_DAY
    found: dict[str, object] = {"begins": instants(begins)}
    for prefix, rows in (("", met & known), ("others_", at_step & ~met & known)):
        found |= _rates(prefix, exposures, period - first, rows, last - first + 1)
    return pd.DataFrame(found)


def first_seen(log: EventLog, conditions: Mapping[str, str]) -> pd.Timestamp | None:
    """Return when the youngest of a finding's values first occurred, if well inside the log."""
    begins = log.begins
    seen = [
        log.events["time"][(log.events[name] == value).to_numpy()].min()
        for name, value in conditions.items()
        if name in log.events.columns
    ]
    youngest = max((at for at in seen if not pd.isna(at)), default=begins)
    return youngest if youngest > begins + (log.ends - begins) * 0.05 else None


def _rates(
    prefix: str, exposures: Exposures, period: Ints, rows: Flags, size: int
) -> dict[str, Floats | Ints]:
    counted = np.bincount(period[rows], minlength=size)
    harmed = np.bincount(period[rows], exposures.bad[rows], minlength=size)
    rate, low, high = rate_interval(harmed, counted)
    hidden = counted < SMALLEST_CELL
    names = ("others", "others_harmed") if prefix else ("exposed", "harmed")
    found: dict[str, Floats | Ints] = {
        names[0]: counted.astype(np.int64),
        names[1]: harmed.astype(np.int64),
    }
    for name, values in (("rate", rate), ("low", low), ("high", high)):
        found[f"{prefix}{name}"] = np.where(hidden, np.nan, values)
    return found
