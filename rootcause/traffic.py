"""Traffic: all that the KPIs of a journey are measured of, a few numbers for each journey.

No event and no key is among it, so that of a log that is never held it is put together from shards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import NEVER
from rootcause.kpi_roads import ROADS, Road
from rootcause.kpi_seen import MICROS_A_DAY, Seen, whole_until

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """What customers of the journey answered to its survey: whose, when (microseconds), what."""

    customer: Ints
    at: Ints
    score: Floats


@dataclass(frozen=True)
class Traffic:
    """Journeys as KPIs ask of them, as of ``until``; instants in microseconds since the epoch.

    Attributes
    ----------
    began : when the log begins
    begun : how many journeys began on each day (UTC), from that of ``began`` on
    roads : by KPI; one that the definition does not ask for is not among them
    answers : None where the definition has no survey
    """

    definition: Definition
    began: int
    until: int
    begun: Ints
    roads: Mapping[str, Road]
    answers: Answers | None

    @property
    def whole_until(self) -> int:
        """The end of the last day that counts as whole."""
        return whole_until(self.until)

    def begun_in(self, window: tuple[int, int]) -> Ints:
        """Return how many journeys began on each day of a period that is known, (n_days,)."""
        ends = min(window[1], self.until + 1)
        first = self.began // MICROS_A_DAY
        days = np.arange(window[0] // MICROS_A_DAY, -(-ends // MICROS_A_DAY)) - first
        known = (days >= 0) & (days < len(self.begun))
        found = np.zeros(len(days), dtype=np.int64)
        found[known] = self.begun[days[known]]
        return found


def traffic_of(seen: Seen) -> Traffic:
    """Return the traffic of a log that is held."""
    return Traffic(
        definition=seen.definition,
        began=seen.log.began,
        until=seen.until,
        begun=begun_a_day(seen),
        roads=roads_of(seen),
        answers=answers_of(seen),
    )


def roads_of(seen: Seen) -> dict[str, Road]:
    """Return the roads that the definition asks for, by KPI."""
    return {name: road for name, of in ROADS.items() if (road := of(seen)) is not None}


def begun_a_day(seen: Seen) -> Ints:
    """Return how many journeys began on each day, from the first of the log on."""
    return np.bincount(seen.start // MICROS_A_DAY - seen.log.began // MICROS_A_DAY)


def answers_of(seen: Seen) -> Answers | None:
    """Return the answers on the survey's scale of customers who had set out on the journey."""
    survey = seen.definition.survey
    if survey is None:
        return None
    given = seen.events[survey.score].to_numpy(dtype=np.float64)
    told = survey.rule.holds(seen.events) & (given >= survey.lowest) & (given <= survey.highest)
    rows = np.flatnonzero(told)
    customer = seen.log.customers[rows]
    began = np.full(len(seen.log.offsets) - 1, NEVER, dtype=np.int64)
    np.minimum.at(began, seen.customer, seen.start)
    asked = seen.log.times[rows] >= began[customer]
    rows, customer = rows[asked], customer[asked]
    return Answers(customer, seen.log.times[rows], given[rows])
