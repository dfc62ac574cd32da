"""The sentinel: warn of a new release by its early symptoms, before any outcome is known.

Outcomes of a value that is younger than their horizon are not in yet. What is in are symptoms:
failed events, the same thing done again, contacts within hours, silence. Each young value is
watched at every step for every symptom, against its siblings at the same time; its parent (the OS)
against the other parents, and everybody against before. The widest that moved is warned of.

Evidence is anytime-valid (`rootcause.anytime`): one may look every hour. A month's budget of false
alarms is shared out among the values born in it, then over steps (by how often they are reached),
symptoms and levels.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.log import EventLog
from rootcause.early import EarlyWarning
from rootcause.exposure import STEP, Exposures, Flags, exposures_of
from rootcause.findings import Finding
from rootcause.sentinel_symptoms import (
    EarlySymptom,
    error_events,
    silence_after,
    symptoms_within_hours,
)
from rootcause.sentinel_trails import Level, Watched, comparisons, watched_for
from rootcause.sentinel_values import YoungValue, young_values
from rootcause.sentinel_warning import Alarm, warning_of

Progress = Callable[[str, float], None]

ALARMS_A_MONTH = 1.0

_DEFAULT_HORIZON = timedelta(days=30)
_UNTIL_A_SEARCH_CAN_TELL = timedelta(days=14)
_FEWEST_BEFORE = 100
_SHARE_OF_LEVEL: dict[Level, float] = {"value": 0.5, "parent": 0.25, "all": 0.25}


def early_warnings(  # noqa: PLR0913 - what a search needs, and how often it may err
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    outcome: Outcome,
    *,
    findings: Sequence[Finding] = (),
    alarms_a_month: float = ALARMS_A_MONTH,
    progress: Progress | None = None,
) -> tuple[EarlyWarning, ...]:
    """Return warnings of technical values too young for their outcomes to be known.

    Young is whatever was first seen less than the outcome's horizon and two weeks before the log
    ends: so long a search for causes may not yet tell. A value that a finding names is left out.

    Parameters
    ----------
    alarms_a_month : how many false alarms are accepted, on average, in thirty days
    progress : called with a label and the share done, 0 to 1

    Returns
    -------
    tuple of EarlyWarning, the surest first; empty where nothing is young or nothing stands out
    """
    tell = progress or (lambda _label, _share: None)
    exposures = exposures_of(log, journeys, definition, outcome)
    window = watch_length(definition, outcome)
    values = [] if not len(exposures) else young_values(exposures, definition)
    ends = log.ended
    young = [value for value in values if value.born > ends - window]
    raised = alarms(
        log,
        exposures,
        definition,
        young,
        window=window,
        alarms_a_month=alarms_a_month,
        progress=tell,
    )
    new = [one for one in widest(raised) if not _is_covered(one.conditions(exposures), findings)]
    return tuple(warning_of(exposures, group) for group in _by_customers(new, exposures))


def watch_length(definition: Definition, outcome: Outcome) -> int:
    """Return for how long a value is young, in microseconds: the horizon and two weeks."""
    rule = definition.rules[outcome]
    horizon = rule.within or rule.inactive_for or _DEFAULT_HORIZON
    return round((horizon + _UNTIL_A_SEARCH_CAN_TELL).total_seconds() * 1_000_000)


def alarms(  # noqa: PLR0913 - as above, and whom to watch
    log: EventLog,
    exposures: Exposures,
    definition: Definition,
    values: Sequence[YoungValue],
    *,
    window: int,
    alarms_a_month: float = ALARMS_A_MONTH,
    progress: Progress | None = None,
) -> list[Alarm]:
    """Return every alarm that was raised while the values were young, also those long past."""
    tell = progress or (lambda _label, _share: None)
    ends, raised = log.ended, []
    shared = list(symptoms_within_hours(log, exposures, definition)) if values else []
    passable = _steps_to_watch(log, exposures, definition) if values else []
    for place, value in enumerate(values):
        tell("watching what is new", place / len(values))
        silence = silence_after(log, exposures, learnt_until=value.born)
        symptoms = [*shared, silence]
        for step, share in _shares_of_steps(exposures, passable, value).items():
            budget = alarms_a_month * value.share * share / len(symptoms)
            for symptom in symptoms:
                watched = watched_for(
                    value, exposures, symptom, step=step, ends=ends, window=window
                )
                raised += list(_raised(value, step, symptom, watched, budget))
    tell("watched what is new", 1.0)
    return raised


def widest(raised: Sequence[Alarm]) -> list[Alarm]:
    """Return the alarms without those whose parent, or everybody, shows the same at that step."""
    everybody = {_about(alarm) for alarm in raised if alarm.level == "all"}
    parents = {(_about(one), one.value.parent) for one in raised if one.level == "parent"}

    def is_explained(alarm: Alarm) -> bool:
        by_parent = alarm.level == "value" and (_about(alarm), alarm.value.parent) in parents
        return alarm.level != "all" and (by_parent or _about(alarm) in everybody)

    return [alarm for alarm in raised if not is_explained(alarm)]


def _raised(
    value: YoungValue, step: int, symptom: EarlySymptom, watched: Watched, budget: float
) -> Iterator[Alarm]:
    if not (watched.own & watched.after).any():
        return
    for compared in comparisons(watched, has_parent=value.parent is not None):
        log_bar = -float(np.log(budget * _SHARE_OF_LEVEL[compared.level]))
        block = compared.trail.crossed(log_bar)
        if block is not None:
            yield Alarm(value, step, symptom, watched, compared, log_bar, block)


def _steps_to_watch(log: EventLog, exposures: Exposures, definition: Definition) -> list[int]:
    """Return the steps that are not themselves a failure: those are reached through one."""
    error = error_events(log, definition)[exposures.row]
    return [step for step in range(len(exposures.steps)) if not error[exposures.step == step].any()]


def _shares_of_steps(
    exposures: Exposures, steps: Sequence[int], value: YoungValue
) -> dict[int, float]:
    """Return each step's part of the budget: as often as it was reached before the value came."""
    reached = np.bincount(
        exposures.step[exposures.time < value.born], minlength=len(exposures.steps)
    )
    known = {step: float(reached[step]) for step in steps if reached[step] >= _FEWEST_BEFORE}
    total = sum(known.values())
    return {step: count / total for step, count in known.items()}


def _is_covered(conditions: Mapping[str, str], findings: Iterable[Finding]) -> bool:
    """Whether a finding names what is warned of, and contradicts none of the conditions."""
    warned = {name: value for name, value in conditions.items() if name != STEP}
    narrowest = set(list(warned.items())[-1:])
    return any(
        narrowest
        and narrowest <= finding.conditions.items()
        and all(finding.conditions.get(name, value) == value for name, value in warned.items())
        for finding in findings
    )


def _about(alarm: Alarm) -> tuple[int, str]:
    return alarm.step, alarm.symptom.name


def _by_customers(raised: Sequence[Alarm], exposures: Exposures) -> list[list[Alarm]]:
    """Gather the alarms about exactly the same exposures, each group with the surest first."""
    groups: list[tuple[Flags, list[Alarm]]] = []
    for alarm in sorted(raised, key=lambda alarm: -alarm.log_e):
        who = alarm.who(exposures)
        same = next((group for about, group in groups if np.array_equal(about, who)), None)
        if same is None:
            groups.append((who, [alarm]))
        else:
            same.append(alarm)
    return [group for _, group in groups]
