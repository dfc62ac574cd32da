"""The statement: a settled cause in the words of `findings.json`, with its evidence."""

from dataclasses import replace

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import journey_ids
from journeys.log import EventLog
from rootcause.attribution import exposures_meeting
from rootcause.conditions import indistinguishable
from rootcause.effect import effect_by_week, effect_of
from rootcause.exposure import STEP, Exposures, exposed_to
from rootcause.findings import Finding, finding_id
from rootcause.settle import Settled

_MOST_EVIDENCE = 20

Asked = tuple[EventLog, pd.DataFrame, Definition, Outcome]


def finding_of(settled: Settled, q: float, exposures: Exposures, asked: Asked) -> Finding:
    """Return the finding of a settled cause; ``asked``: log, journeys, definition, outcome."""
    log, journeys, definition, outcome = asked
    lead, look = settled.lead, settled.look
    since, scatter = lead.onset.day, look.scatter
    effect = effect_of(settled.tally, lead.conditions, since=since, scatter=scatter)
    weeks = effect_by_week(settled.tally, lead.conditions, since=since, scatter=scatter)
    conditions = _named(settled, exposures)
    same = indistinguishable(look.rows, lead.conditions)
    finding = Finding(
        id=finding_id(definition.name, outcome, conditions),
        conditions=conditions,
        onset=_date(lead.onset.day),
        onset_interval=(_date(lead.onset.earliest), _date(lead.onset.latest)),
        effect=round(effect.effect, 4),
        effect_interval=(round(effect.low, 4), round(effect.high, 4)),
        q_value=q,
        rate=round(effect.rate, 4),
        expected_rate=round(effect.expected_rate, 4),
        exposed_journeys=0,
        exposed_with_known_outcome=effect.known,
        harmed_journeys=0,
        also_indistinguishable=tuple(_pair(exposures, *pair) for pair in same),
        evidence=_evidence(settled, exposures, asked),
        effect_by_week=tuple(week.as_dict() for week in weeks),
    )
    exposed = len(exposed_to(log, journeys, definition, finding))
    harmed = round(finding.effect * exposed)
    return replace(finding, exposed_journeys=exposed, harmed_journeys=harmed)


def _named(settled: Settled, exposures: Exposures) -> dict[str, str]:
    named = {STEP: exposures.steps[settled.lead.step]}
    for pair in settled.lead.conditions:
        named |= _pair(exposures, *pair)
    return named


def _pair(exposures: Exposures, attribute: int, code: int) -> dict[str, str]:
    return {exposures.attributes[attribute]: exposures.names[attribute][code]}


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _evidence(settled: Settled, exposures: Exposures, asked: Asked) -> tuple[str, ...]:
    """Return pseudonyms of the first journeys that met the cause and ended badly."""
    log, journeys, definition, _ = asked
    harmed = np.flatnonzero(exposures_meeting(exposures, settled.lead) & (exposures.bad == 1.0))
    first = harmed[np.argsort(exposures.time[harmed], kind="stable")][:_MOST_EVIDENCE]
    return tuple(map(str, journey_ids(log, journeys.iloc[exposures.journey[first]], definition)))
