"""Where today's search looks: everywhere now and then, else where something is known to be wrong.

A search at every step takes minutes on a large log, at one step seconds. So every step is searched
on the first day, once a week, and on the day a KPI alarm begins; on the other days only the steps
of alarms that stand and of cases nobody has fixed yet. What such a short search names and no case
knows is looked at everywhere, on the same day, before a case is opened: only so is it named at the
step where it arises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journeys.definition import Outcome
from rootcause.exposure import STEP
from rootcause.life import SOUGHT, Case

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
    alarms: Sequence[Mapping[str, Any]],
    *,
    began: Sequence[Mapping[str, Any]],
    days_since_everything: int | None,
) -> Plan:
    """Return where to search for one outcome.

    Parameters
    ----------
    cases : about this outcome
    alarms, began : KPI alarms of the journey that stand, and those of them that are new
    days_since_everything : since the last search at every step, None if there was none
    """
    if days_since_everything is None:
        return Plan(None, "every step: the first look")
    if days_since_everything >= EVERYTHING_EVERY_DAYS:
        return Plan(None, f"every step: {days_since_everything} days since the last time")
    new = [alarm for alarm in began if concerns(alarm, outcome)]
    if new:
        return Plan(None, f"every step: the alarm of {new[0]['kpi']} has begun")
    of_alarms = [alarm["step"] for alarm in alarms if concerns(alarm, outcome)]
    of_cases = [case.finding.conditions[STEP] for case in cases if case.state in SOUGHT]
    steps = sorted({step for step in (*of_alarms, *of_cases) if step})
    if not steps:
        return Plan((), "nothing: no alarm stands and no case is open")
    told = " and ".join(
        what for what, where in (("open cases", of_cases), ("alarms", of_alarms)) if any(where)
    )
    return Plan(tuple(steps), f"where {told} are: {', '.join(steps)}")


def concerns(alarm: Mapping[str, Any], outcome: Outcome) -> bool:
    """Whether the KPI of an alarm speaks about an outcome; one that is not known speaks of all."""
    return outcome in _KPIS.get(str(alarm["kpi"]), (outcome,))
