"""Where today's search looks: everywhere now and then, else where something is known to be wrong.

A search at every step takes minutes on a large log, at one step seconds. So every step is searched
on the first day, once a week, and on the day a KPI alarm begins; on the other days only the steps
of alarms and early warnings that stand, and of cases nobody has fixed yet. What such a short search
names and no case knows is looked at everywhere, on the same day, before a case is opened: only so
is it named at the step where it arises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journeys.definition import Outcome
from rootcause.exposure import STEP
from rootcause.life import SOUGHT, Case
from rootcause.watch_signs import Signs

EVERYTHING_EVERY_DAYS = 7

_KPIS: dict[str, tuple[Outcome, ...]] = {
    "completion": ("success",),
    "abandonment": ("success",),
    "leakage": ("leakage",),
    "volume": (),
}


@dataclass(frozen=True)
class Plan:
    """What to search: ``steps`` (None: every one; empty: none), and why, in words."""

    steps: tuple[str, ...] | None
    why: str


def plan_of(
    outcome: Outcome,
    cases: Sequence[Case],
    signs: Signs,
    *,
    days_since_everything: int | None,
    every: int = EVERYTHING_EVERY_DAYS,
) -> Plan:
    """Return where to search for one outcome.

    Parameters
    ----------
    cases : about this outcome
    days_since_everything : since the last search at every step, None if there was none
    every : after how many days every step is searched
    """
    if days_since_everything is None:
        return Plan(None, "every step: the first look")
    if days_since_everything >= every:
        return Plan(None, f"every step: {days_since_everything} days since the last time")
    new = [alarm for alarm in signs.alarms_began if concerns(alarm, outcome)]
    if new:
        return Plan(None, f"every step: the alarm of {new[0]['kpi']} has begun")
    where = {
        "open cases": [one.finding.conditions[STEP] for one in cases if one.state in SOUGHT],
        "alarms": [one["step"] for one in signs.alarms if concerns(one, outcome) and one["step"]],
        "early warnings": [one["conditions"][STEP] for one in signs.warnings],
    }
    steps = sorted({step for here in where.values() for step in here})
    if not steps:
        return Plan((), "nothing: nothing is known to be wrong")
    told = " and ".join(what for what, here in where.items() if here)
    return Plan(tuple(steps), f"where {told} are: {', '.join(steps)}")


def concerns(alarm: Mapping[str, Any], outcome: Outcome) -> bool:
    """Whether the KPI of an alarm speaks about an outcome; one that is not known speaks of all."""
    return outcome in _KPIS.get(str(alarm["kpi"]), (outcome,))
