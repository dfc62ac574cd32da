"""The portfolio: every journey with its KPIs, the one that costs most first.

What each number means, of whom, by which method, and what it will not tell: docs/portfolio.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog
from rootcause.estimate import Estimate, change_of, unknown
from rootcause.kpi import JourneyKpis, Kpi, Loss
from rootcause.kpi_measure import Window, measured_in
from rootcause.kpi_seen import MICROS_A_DAY, seen_by, whole_until
from rootcause.kpi_words import told_of
from rootcause.traffic import Traffic, traffic_of

MOST_WEEKS = 26
ORDER = (
    *("score", "volume", "completion", "elapsed_days", "abandonment", "leakage", "containment"),
    *("repeats", "first_contact_resolution", "channel_switches", "satisfaction", "effort"),
)

_WEEK = 7 * MICROS_A_DAY
_FIRST_MONDAY = 4 * MICROS_A_DAY  # 1970-01-05


@dataclass(frozen=True)
class Portfolio:
    """Journeys ranked by recoverable loss (its lower bound), then by volume."""

    journeys: tuple[JourneyKpis, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the portfolio as plain data."""
        return {"journeys": [journey.as_dict() for journey in self.journeys]}


def kpis_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    *,
    until: pd.Timestamp | None = None,
    days: int = 28,
) -> JourneyKpis:
    """Return every KPI of a journey in the last ``days`` days, in those before, and by week.

    Parameters
    ----------
    until : UTC instant up to which the log is complete; nothing later is looked at. Without it: the
        end of the log. The period's last day is the day of that instant.

    Returns
    -------
    JourneyKpis, without a loss.  A KPI that the definition does not ask for is not among them; one
    that cannot be said (fewer than ten journeys, a period that begins before the log does, nobody
    watched for long enough) has None for its numbers.  Weeks begin on Mondays and are whole.

    Raises
    ------
    TooLittleDataError
        If the log has no event until then.
    """
    return kpis_in(traffic_of(seen_by(log, journeys, definition, until)), days=days)


def kpis_in(traffic: Traffic, *, days: int = 28) -> JourneyKpis:
    """Return every KPI of a journey, as `kpis_of` does, from its traffic."""
    now_and_before, weeks = periods_of(traffic.began, traffic.until, days=days)
    now, before = (_told_in(traffic, span) for span in now_and_before)
    by_week = {_day(span[0]): measured_in(traffic, span) for span in weeks}
    return JourneyKpis(
        journey=traffic.definition.name,
        period=_days(now_and_before[0]),
        before=_days(now_and_before[1]),
        kpis=tuple(
            _kpi(name, (now, before), by_week, traffic=traffic) for name in ORDER if name in now
        ),
    )


def periods_of(began: int, until: int, *, days: int) -> tuple[tuple[Window, Window], list[Window]]:
    """Return this period and the one before, and the last whole weeks, oldest first.

    Weeks are those from Monday to Sunday that the log has seen from their first day on.
    """
    ends, length = _midnight_after(until), days * MICROS_A_DAY
    last = (whole_until(until) - _FIRST_MONDAY) // _WEEK * _WEEK + _FIRST_MONDAY
    begins = last - _WEEK * np.arange(MOST_WEEKS, 0, -1)
    weeks = [(int(at), int(at) + _WEEK) for at in begins if at >= _midnight(began)]
    return ((ends - length, ends), (ends - 2 * length, ends - length)), weeks


def portfolio_of(measured: Sequence[tuple[JourneyKpis, Loss | None]]) -> Portfolio:
    """Return the journeys with their losses, ranked: what surely can be won back comes first."""
    journeys = [replace(kpis, loss=loss) for kpis, loss in measured]
    return Portfolio(tuple(sorted(journeys, key=_rank)))


def _told_in(traffic: Traffic, span: Window) -> dict[str, Estimate]:
    """Return the KPIs of a period; of one that begins before the log nothing is known."""
    return measured_in(traffic, span) if span[0] >= _midnight(traffic.began) else {}


def _kpi(
    name: str,
    both: tuple[dict[str, Estimate], dict[str, Estimate]],
    weeks: dict[str, dict[str, Estimate]],
    *,
    traffic: Traffic,
) -> Kpi:
    road = traffic.roads.get("completion" if name == "elapsed_days" else name)
    told = told_of(name, traffic.definition, road.horizon if road is not None else None)
    now, before = both[0][name], both[1].get(name, unknown(0, 0))
    known = now.known and before.known
    return Kpi(
        name=name,
        words=told.words,
        unit=told.unit,
        better=told.better,
        denominator=told.denominator,
        now=now.measured,
        before=before.measured,
        change=change_of(now, before) if known else None,
        trend=tuple(_in_week(week, found[name]) for week, found in weeks.items() if name in found),
    )


def _in_week(week: str, one: Estimate) -> dict[str, object]:
    told = one.measured
    return {
        "week": week,
        "value": told.value,
        "low": told.low,
        "high": told.high,
        "n": told.whole,
    }


def _midnight(micros: int) -> int:
    return micros // MICROS_A_DAY * MICROS_A_DAY


def _midnight_after(micros: int) -> int:
    """Return the end of the day; midnight itself is the end of the day before."""
    return -(-micros // MICROS_A_DAY) * MICROS_A_DAY


def _day(micros: int) -> str:
    return str(np.datetime64(micros // MICROS_A_DAY, "D"))


def _days(span: tuple[int, int]) -> tuple[str, str]:
    return _day(span[0]), _day(span[1] - 1)


def _rank(journey: JourneyKpis) -> tuple[float, float, str]:
    loss = 0.0 if journey.loss is None else max(journey.loss.low, 0.0)
    volume = journey.kpi("volume")
    return -loss, -(volume.now.value or 0.0) if volume else 0.0, journey.journey
