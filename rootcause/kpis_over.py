"""KPIs over shards: those of a log that is never held."""

from dataclasses import replace

from features.everyone import micros
from journeys.shards import Shards
from rootcause.kpi import JourneyKpis
from rootcause.portfolio import kpis_in, periods_of
from rootcause.traffic_over import MOST_JOURNEYS, PARTS, counted_over, traffic_over


def kpis_over(shards: Shards, *, days: int = 28, most: int = MOST_JOURNEYS) -> JourneyKpis:
    """Return every KPI of the journeys of a log in shards, as `rootcause.portfolio.kpis_of` does.

    Every value is the whole log's; intervals are its but for the order in which floats are added.

    Parameters
    ----------
    days : how long a period is
    most : of so many journeys the roads are brought together; of more, those of the customers of
        the lowest hashes that have no more. ``customers`` of the KPIs says so then; volume is
        counted among all, even then.
    """
    counted, whole = counted_over(shards), shards.whole
    parts = counted.parts_of(most)
    now_and_before, weeks = periods_of(micros(whole.begins), micros(whole.ends), days=days)
    since = min(window[0] for window in (*now_and_before, *weeks))
    kpis = kpis_in(traffic_over(shards, since=since, counted=counted, parts=parts), days=days)
    if parts >= PARTS:
        return kpis
    measured = {"measured": int(counted.customers[:parts].sum()), "of": whole.customers}
    return replace(kpis, customers=measured)
