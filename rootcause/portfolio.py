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
from rootcause.kpi_measure import measured_in
from rootcause.kpi_roads import ROADS, Road
from rootcause.kpi_seen import MICROS_A_DAY, Seen, seen_by
from rootcause.kpi_words import told_of

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
    seen = seen_by(log, journeys, definition, until)
    roads = {name: road for name, of in ROADS.items() if (road := of(seen)) is not None}
    ends = _midnight_after(seen.until)
    spans = [(ends - days * MICROS_A_DAY, ends)]
    spans.append((spans[0][0] - days * MICROS_A_DAY, spans[0][0]))
    now, before = (_told_in(seen, roads, span) for span in spans)
    weeks = {_day(span[0]): _told_in(seen, roads, span) for span in _weeks(seen)}
    return JourneyKpis(
        journey=definition.name,
        period=_days(spans[0]),
        before=_days(spans[1]),
        kpis=tuple(
            _kpi(name, (now, before), weeks, seen=seen, roads=roads)
            for name in ORDER
            if name in now
        ),
    )


def portfolio_of(measured: Sequence[tuple[JourneyKpis, Loss | None]]) -> Portfolio:
    """Return the journeys with their losses, ranked: what surely can be won back comes first."""
    journeys = [replace(kpis, loss=loss) for kpis, loss in measured]
    return Portfolio(tuple(sorted(journeys, key=_rank)))


def _told_in(seen: Seen, roads: dict[str, Road], span: tuple[int, int]) -> dict[str, Estimate]:
    """Return the KPIs of a period; of one that begins before the log nothing is known."""
    if span[0] < _midnight(seen.log.began):
        return {}
    return measured_in(seen, roads, span)


def _kpi(
    name: str,
    both: tuple[dict[str, Estimate], dict[str, Estimate]],
    weeks: dict[str, dict[str, Estimate]],
    *,
    seen: Seen,
    roads: dict[str, Road],
) -> Kpi:
    road = roads.get("completion" if name == "elapsed_days" else name)
    told = told_of(name, seen.definition, road.horizon if road is not None else None)
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


def _weeks(seen: Seen) -> list[tuple[int, int]]:
    """Return the last whole weeks, Monday to Sunday, oldest first."""
    last = (seen.whole_until - _FIRST_MONDAY) // _WEEK * _WEEK + _FIRST_MONDAY
    begins = last - _WEEK * np.arange(MOST_WEEKS, 0, -1)
    first = _midnight(seen.log.began)
    return [(int(at), int(at) + _WEEK) for at in begins if at >= first]


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
