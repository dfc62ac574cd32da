"""The signs of a look: KPI alarms and early warnings that stand, that began, that are over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from journeys.definition import Outcome
from rootcause.early import EarlyWarning
from rootcause.life import Case
from rootcause.register import Register
from rootcause.scene import Scene
from rootcause.sentinel import early_warnings, watch_length

Sign = dict[str, Any]
"""An alarm (`rootcause.band.Alarm.as_dict`), or an early warning with its ``journey``."""


@dataclass(frozen=True)
class Signs:
    """What stands at a look of one journey, and what of it began or is over since the last."""

    alarms: Sequence[Sign] = ()
    alarms_began: Sequence[Sign] = ()
    alarms_over: Sequence[Sign] = ()
    warnings: Sequence[Sign] = ()
    warnings_began: Sequence[Sign] = ()
    warnings_over: Sequence[Sign] = ()


def signs_at(
    until: pd.Timestamp,
    scene: Scene,
    register: Register,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
) -> Signs:
    """Return what stands at an instant (UTC), beside what stood at the last look.

    Parameters
    ----------
    scene : the log as it was known then
    cases : of the journey; what a finding names is not warned of
    outcomes : those that are watched
    """
    journey = scene.definition.name
    alarms = [alarm.as_dict() for alarm in scene.alarms(until)]
    warnings = [{"journey": journey, **one.as_dict()} for one in _warnings(scene, cases, outcomes)]
    stood = [sign for sign in register.alarms if sign["journey"] == journey]
    warned = [sign for sign in register.warnings if sign["journey"] == journey]
    return Signs(
        alarms, *news_in(stood, alarms, "kpi"), warnings, *news_in(warned, warnings, "conditions")
    )


def news_in(
    before: Collection[Sign], now: Collection[Sign], key: str
) -> tuple[list[Sign], list[Sign]]:
    """Return which signs are new and which no longer stand; the same ``key`` is the same sign."""
    began = [dict(sign) for sign in now if sign[key] not in [one[key] for one in before]]
    over = [dict(sign) for sign in before if sign[key] not in [one[key] for one in now]]
    return began, over


def _warnings(
    scene: Scene, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> tuple[EarlyWarning, ...]:
    """Return the early warnings, asked once, of the outcome that a search can tell of soonest.

    Symptoms do not differ by outcome; to ask of each would spend the budget of false alarms anew.
    """
    definition = scene.definition
    soonest = min(outcomes, key=lambda outcome: watch_length(definition, outcome))
    findings = [case.finding for case in cases if not case.is_done]
    return early_warnings(scene.log, scene.journeys, definition, soonest, findings=findings)
