"""At risk: whose step is still ahead, and how likely they meet a finding's conditions there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.labels import at_risk_of
from journeys.log import ACTIVITY, EventLog, instants, microseconds
from journeys.samples import samples_at_end
from rootcause.exposed_then import Exposed, exposed_then
from rootcause.exposure import STEP, Ints
from rootcause.findings import Finding
from rootcause.position import Positions, positions_of
from rootcause.reach import Check, Reach, chance_to_reach, past_of, standing_of, still_ahead
from rootcause.wording import percent, plain

LEAST_CHANCE = 0.05


@dataclass(frozen=True, eq=False)
class AtRisk:
    """The journeys at risk, a row each, and how past forecasts of the reach turned out."""

    people: pd.DataFrame
    check: Check | None


def at_risk_from(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    days: float,
) -> AtRisk:
    """Return the journeys in flight that may come to meet a finding's conditions within some days.

    The step is still ahead, the outcome is still asked, and the chance to meet the conditions is at
    least `LEAST_CHANCE`.

    Returns
    -------
    AtRisk, whose ``people`` have a row per journey: ``row`` (in journeys), ``since`` (UTC, the
        later of onset and start), ``reach``, ``exposed`` and ``effect``, each with ``_low`` and
        ``_high``, and ``reason``
    """
    step = finding.conditions[STEP]
    samples = samples_at_end(log, journeys)
    asked = at_risk_of(log, journeys, samples, definition)[outcome]
    samples = samples[still_ahead(log, journeys, samples, step) & asked].reset_index(drop=True)
    here = positions_of(log, journeys, definition, samples)
    past = past_of(log, journeys, definition, step, days=days)
    standing = standing_of(log, journeys, definition, samples, step)
    reach = chance_to_reach(past, standing, days=days)
    seen = samples["seen"].to_numpy()
    then = exposed_then(log, journeys, finding.conditions, seen, days=days)
    low, high = (max(end, 0.0) for end in finding.effect_interval)
    people = pd.DataFrame(
        {
            "row": samples["journey"],
            "since": _since(journeys, samples, finding),
            **_three("reach", reach),
            **_three("exposed", then),
            "effect": max(finding.effect, 0.0),
            "effect_low": low,
            "effect_high": high,
            "reason": _reasons(log, here, (reach, then), step, days),
        }
    )
    enough = reach.rate * then.rate >= LEAST_CHANCE
    return AtRisk(people[enough].reset_index(drop=True), reach.check)


def _three(name: str, chance: Reach | Exposed) -> dict[str, object]:
    return {name: chance.rate, f"{name}_low": chance.low, f"{name}_high": chance.high}


def _since(journeys: pd.DataFrame, samples: pd.DataFrame, finding: Finding) -> pd.DatetimeIndex:
    began: Ints = microseconds(journeys["start"])[samples["journey"].to_numpy()]
    onset = int(np.datetime64(finding.onset, "us").astype(np.int64))
    return instants(np.maximum(began, onset))


def _reasons(
    log: EventLog, here: Positions, chances: tuple[Reach, Exposed], step: str, days: float
) -> list[str]:
    reach, then = chances
    names = [plain(str(name)) for name in log.events[ACTIVITY].cat.categories]
    return [
        f"{names[activity]}, {silence:.0f} h ago; {percent(rate)} come to {plain(step)} within "
        f"{days:g} days, {percent(share)} of these {'still' if meets else 'by then'} meet it"
        for activity, silence, rate, share, meets in zip(
            here.activity, here.silence, reach.rate, then.rate, then.meets, strict=True
        )
    ]
