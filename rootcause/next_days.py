"""The next days: how many have met a finding so far, and how many will if nothing is done."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog
from rootcause.axes import Field, day_number, day_ticks, even_ticks
from rootcause.exposure import exposed_to
from rootcause.findings import Finding
from rootcause.svg import Drawing
from rootcause.whatif import Saving
from rootcause.wording import SMALLEST_CELL, between, condition_words, count, day

_LEFT, _RIGHT = 48.0, 352.0


@dataclass(frozen=True)
class SoFar:
    """How many journeys had met the conditions by the end of each day since the onset."""

    days: tuple[float, ...]
    met: tuple[int, ...]
    ends: pd.Timestamp


def so_far(log: EventLog, journeys: pd.DataFrame, definition: Definition, one: Finding) -> SoFar:
    """Return the count by day, as many in the end as the finding's ``exposed_journeys``."""
    times = exposed_to(log, journeys, definition, one)["time"]
    first, last = pd.Timestamp(one.onset, tz="UTC"), log.ends.normalize()
    days = np.arange(day_number(first), day_number(last) + 1)
    on = np.floor(times.map(pd.Timestamp.timestamp).to_numpy(dtype=np.float64) / 86_400)
    met = np.searchsorted(np.sort(on), days, side="right")
    return SoFar(tuple(days.tolist()), tuple(met.tolist()), log.ends)


def next_days_picture(past: SoFar, saving: Saving, one: Finding) -> str:
    """Return the count so far and its forecast with the interval; empty where too few met it."""
    if not past.met or past.met[-1] < SMALLEST_CELL:
        return ""
    value, low, high = saving.next_exposed
    now, met = past.days[-1] + 1, float(past.met[-1])
    later = now + saving.next_days
    drawing = Drawing(248.0)
    field = Field(drawing, _LEFT, _RIGHT, 34.0, 212.0,
                  (past.days[0], later), (0.0, 1.06 * (met + high)))  # fmt: skip
    field.grid([(tick, f"{tick:,.0f}") for tick in even_ticks(0.0, field.y[1])])
    field.below(day_ticks(*(pd.Timestamp(at, unit="D") for at in (past.days[0], later))))
    field.drawing.text((2, 14), "journeys that have met it", "soft")
    field.band([(now, met, met), (later, met + low, met + high)], "bad band")
    ends = [(at + 1, float(many)) for at, many in zip(past.days, past.met, strict=True)]
    field.curve([(past.days[0], 0.0), *ends], "bad-line")
    field.curve([(now, met), (later, met + value)], "bad-line dashed")
    x, _ = field.at(now, 0.0)
    drawing.line([(x, field.top - 4), (x, field.bottom)], "mark")
    drawing.text((x - 4, field.top - 6), "log ends", "mark-text", "end")
    return drawing.svg(next_days_words(past, saving, one))


def next_days_words(past: SoFar, saving: Saving, one: Finding) -> str:
    """Say the forecast: how many more will meet it, and how many will be harmed."""
    until = day((past.ends + pd.Timedelta(days=saving.next_days)).date())
    met, harmed = saving.next_exposed, saving.next_avoidable
    return (
        f"{count(one.exposed_journeys)} journeys have met {condition_words(one.conditions)} so "
        f"far. If nothing is done, about {count(met[0])} more will until {until} "
        f"({between(met[1:])}), those who have not set out yet included, and about "
        f"{count(harmed[0])} of them ({between(harmed[1:])}) "
        "will end badly because of it."
    )


def by_finding(savings: Sequence[Saving]) -> dict[str, Saving]:
    """Return savings by the id of their finding."""
    return {saving.finding: saving for saving in savings}
