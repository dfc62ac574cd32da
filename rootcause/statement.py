"""The statement: a settled cause in the words of `findings.json`, with its evidence.

The one place where a finding is put together: the effect, and all that speaks for and against it.
"""

from dataclasses import replace
from typing import Protocol

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import journey_ids
from journeys.log import EventLog
from rootcause.conditions import indistinguishable
from rootcause.contrast import Contrast
from rootcause.effect import effect_by_week, effect_of
from rootcause.excess import shap_on_excess
from rootcause.explaining import exposures_meeting
from rootcause.exposure import STEP, Exposures, Ints
from rootcause.findings import Finding, finding_id
from rootcause.instrumentation import instrumentation_of
from rootcause.mechanism import mechanism_of
from rootcause.paths import typical_paths
from rootcause.robust import disagreement, robust_effect
from rootcause.settle import Settled
from rootcause.stability import halves_of, siblings_of
from rootcause.symptoms import symptoms_of
from rootcause.ticket import ticket_of

_MOST_EVIDENCE = 20

Asked = tuple[EventLog, pd.DataFrame, Definition, Outcome]


class NamedAs(Protocol):
    """What names steps and values by their numbers."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps."""

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""


def finding_of(settled: Settled, q: float, exposures: Exposures, asked: Asked) -> Finding:
    """Return the finding of a settled cause; ``asked``: log, journeys, definition, outcome."""
    log, _, definition, outcome = asked
    contrast = contrast_of(settled, exposures)
    counts = exposed_to_it(settled, exposures)
    one = measured(settled, q, exposures, (definition.name, outcome), counts)
    one = doubted(one, contrast, definition, instrumentation_of(log, contrast))
    return told(one, exposures, first_harmed(settled, exposures), asked)


def measured(
    settled: Settled,
    q: float,
    named_as: NamedAs,
    about: tuple[str, Outcome],
    counts: tuple[int, int],
) -> Finding:
    """Return what was found, since when, by how much and how many.

    Parameters
    ----------
    named_as : exposures, or whatever else names what they are told apart by
    about : the journey and the outcome
    counts : how many met the conditions since the onset, and how many of them were at risk
    """
    lead, look = settled.lead, settled.look
    since, scatter = lead.onset.day, look.scatter
    effect = effect_of(settled.tally, lead.conditions, since=since, scatter=scatter)
    weeks = effect_by_week(settled.tally, lead.conditions, since=since, scatter=scatter)
    conditions = _named(settled, named_as)
    same = indistinguishable(look.rows, lead.conditions)
    found = Finding(
        id=finding_id(*about, conditions),
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
        also_indistinguishable=tuple(named_as.named(*pair) for pair in same),
        effect_by_week=tuple(week.as_dict() for week in weeks),
    )
    sizes = (effect.effect, effect.low, effect.high)
    return with_counts(found, sizes, *counts)


def exposed_to_it(settled: Settled, exposures: Exposures) -> tuple[int, int]:
    """Return how many met a settled cause since its onset, and how many of them were at risk."""
    met = exposures_meeting(exposures, settled.lead)
    return int(met.sum()), int((met & exposures.at_risk).sum())


def with_counts(
    one: Finding, sizes: tuple[float, float, float], exposed: int, at_risk: int
) -> Finding:
    """Return the finding with how many were exposed, and how many of those at risk came to harm.

    ``sizes``: the effect and its interval.
    """
    low, high = (round(max(end, 0.0) * at_risk) for end in sizes[1:])
    return replace(
        one,
        exposed_journeys=exposed,
        exposed_at_risk=at_risk,
        harmed_journeys=round(sizes[0] * at_risk),
        harmed_interval=(low, high),
    )


def doubted(
    one: Finding, contrast: Contrast, definition: Definition, instrumentation: str
) -> Finding:
    """Return the finding with what speaks for or against it: other estimates, rows and reasons."""
    robust = robust_effect(contrast)
    if robust is not None:
        between = (round(robust.low, 4), round(robust.high, 4))
        one = replace(one, effect_robust=round(robust.effect, 4), effect_robust_interval=between)
    return replace(
        one,
        effect_disagreement=disagreement((one.effect, *one.effect_interval), robust),
        siblings=siblings_of(contrast),
        stability=halves_of(contrast),
        excess_shap=shap_on_excess(contrast, definition, one.also_indistinguishable),
        instrumentation=instrumentation,
    )


def told(one: Finding, exposures: Exposures, harmed: Ints, asked: Asked) -> Finding:
    """Return the finding with its symptoms, its evidence and its ticket.

    ``harmed``: of `first_harmed`; ``exposures``: of the log that is asked, which may hold only the
    customers that this finding needs (`rootcause.needed`).
    """
    log, journeys, definition, outcome = asked
    ids = journey_ids(log, journeys.iloc[exposures.journey[harmed]], definition)
    symptoms = symptoms_of(log, journeys, definition, one, outcome=outcome, exposures=exposures)
    paths = typical_paths(log, journeys, definition, (outcome, exposures, harmed))
    found = replace(one, symptoms=tuple(symptoms), evidence=tuple(map(str, ids)))
    found = replace(found, mechanism=mechanism_of(found, outcome))
    return replace(found, ticket=ticket_of(found, definition.name, outcome, paths))


def contrast_of(settled: Settled, exposures: Exposures) -> Contrast:
    """Return the exposures of the step, with the rates that the settled cause was judged by."""
    conditions = _named(settled, exposures)
    here, expected = np.zeros(len(exposures), dtype=np.bool_), np.full(len(exposures), np.nan)
    rows = settled.look.rows
    here[rows.index], expected[rows.index] = True, settled.tally.expected[rows.row]
    return Contrast(
        exposures=exposures,
        conditions=conditions,
        since=settled.lead.onset.day,
        here=here,
        met=exposures.meets(conditions),
        expected=expected,
        scatter=settled.look.scatter,
        allowance=settled.tally.allowance,
    )


def _named(settled: Settled, named_as: NamedAs) -> dict[str, str]:
    named = {STEP: named_as.steps[settled.lead.step]}
    for pair in settled.lead.conditions:
        named |= named_as.named(*pair)
    return named


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def first_harmed(settled: Settled, exposures: Exposures) -> Ints:
    """Return the exposures that met the cause first and ended badly, at most twenty."""
    harmed = np.flatnonzero(exposures_meeting(exposures, settled.lead) & (exposures.bad == 1.0))
    return harmed[np.argsort(exposures.time[harmed], kind="stable")][:_MOST_EVIDENCE]
