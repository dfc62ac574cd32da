"""What `benchmarks.fixes` asks of a world: the code that the commands run, on the log as it was."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.fix_worlds import DEFINITION, HORIZON, OUTCOME, START, FixPlan, FixWorld, fix_world
from benchmarks.fix_worlds import date as day_of_world
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.dated_change import ChangeEffect, effect_of_change
from rootcause.effect import effect_of
from rootcause.expected import expected_rate
from rootcause.exposure import STEP, Exposures, exposures_of
from rootcause.findings import Finding
from rootcause.periods import day_of
from rootcause.search import find_causes
from rootcause.significance import dispersion
from rootcause.step_rows import rows_of_step
from rootcause.tally import members, tally_of
from rootcause.verify import Verdict, was_it_fixed
from rootcause.whatif import saving_of

_DAYS_IN_DOUBT = 7


@dataclass(frozen=True)
class Seen:
    """One what-if beside the week that followed.

    ``avoidable``, ``exposed``, ``so_far``: whether what was true lies in the interval; ``error``:
    relative, of what was avoidable; ``width``: of its interval, relative to its value.
    """

    avoidable: bool
    exposed: bool
    so_far: bool
    error: float
    width: float


def verdict_at(world: FixWorld, until: float) -> Verdict:
    """Return the verdict on a world's fix, as of a day."""
    log, journeys = known_until(world, until)
    return was_it_fixed(
        log,
        journeys,
        DEFINITION,
        finding_of(world.plan, 0.87 * world.plan.harm, (0.0, 1.0)),
        outcome=OUTCOME,
        fixed_at=day_of_world(world.plan.fixed),
    )


def known_until(world: FixWorld, until: float) -> tuple[EventLog, pd.DataFrame]:
    """Return the log and its journeys as they were known on a day."""
    log = event_log(world.until(until), DEFINITION)
    return log, find_journeys(log, DEFINITION)


def measured(world: FixWorld, until: float) -> Finding:
    """Return the finding with the effect that the search measures, its conditions being given."""
    log, journeys = known_until(world, until)
    exposures = exposures_of(log, journeys, DEFINITION, OUTCOME)
    rows = rows_of_step(
        exposures,
        exposures.steps.index(world.plan.conditions[STEP]),
        explained=np.zeros(len(exposures), dtype=np.bool_),
        seed=0,
    )
    conditions = _coded(exposures, world.plan.conditions)
    since = day_of(_onset(world.plan))
    scatter = dispersion(rows, expected_rate(rows, seed=0))
    left_out = members(rows, conditions) & (rows.day >= since - _DAYS_IN_DOUBT)
    expected = expected_rate(rows, seed=0, left_out=left_out)
    found = effect_of(tally_of(rows, expected), conditions, since=since, scatter=scatter)
    return finding_of(world.plan, found.effect, (found.low, found.high))


def found_by_search(world: FixWorld, until: float) -> Finding | None:
    """Return the finding of a whole search with exactly the true conditions, None without one."""
    log, journeys = known_until(world, until)
    for one in find_causes(log, journeys, DEFINITION, OUTCOME).findings:
        if one.conditions == world.plan.conditions:
            return one
    return None


def seen(world: FixWorld, until: float, finding: object) -> Seen | None:
    """Return a what-if beside the seven days that followed; None without a finding."""
    if not isinstance(finding, Finding):
        return None
    log, journeys = known_until(world, until)
    saving = saving_of(log, journeys, DEFINITION, finding, outcome=OUTCOME)
    ends = (log.ends - START) / pd.Timedelta(days=1)
    coming = world.meets & (world.uploaded > ends) & (world.uploaded <= ends + 7.0)
    gone = world.meets & (world.uploaded <= ends)
    harmed = int((coming & world.harmed).sum())
    value, low, high = saving.next_avoidable
    return Seen(
        avoidable=low <= harmed <= high,
        exposed=saving.next_exposed[1] <= coming.sum() <= saving.next_exposed[2],
        so_far=saving.so_far[1] <= (gone & world.harmed).sum() <= saving.so_far[2],
        error=value / max(harmed, 1) - 1.0,
        width=(high - low) / value,
    )


def changed(seed: int, plan: FixPlan) -> ChangeEffect:
    """Return what a change did that did nothing: a world without a fault, and a date in it."""
    world = fix_world(FixPlan(**{**vars(plan), "harm": 0.0, "seed": seed}))
    log, journeys = known_until(world, plan.days)
    return effect_of_change(
        log,
        journeys,
        DEFINITION,
        outcome=OUTCOME,
        conditions=plan.conditions,
        changed_at=day_of_world(plan.fixed),
        smallest=0.05,
    )


def true_effects(world: FixWorld) -> tuple[float, float]:
    """Return the mean additional probability before the fix, and after it where it is known."""
    last = world.plan.days - HORIZON
    before = world.meets & (world.uploaded < world.plan.fixed)
    after = world.meets & (world.uploaded >= world.plan.fixed) & (world.uploaded < last)
    return float(world.effect[before].mean()), float(world.effect[after].mean())


def _coded(exposures: Exposures, conditions: dict[str, str]) -> tuple[tuple[int, int], ...]:
    places = {name: exposures.attributes.index(name) for name in conditions if name != STEP}
    return tuple(
        (place, exposures.names[place].index(conditions[name])) for name, place in places.items()
    )


def _onset(plan: FixPlan) -> str:
    return str(day_of_world(plan.onset).date())


def finding_of(plan: FixPlan, effect: float, between: tuple[float, float]) -> Finding:
    """Return a finding that names the fault, with an effect."""
    onset = _onset(plan)
    return Finding(
        id="f_000000000000",
        conditions=plan.conditions,
        onset=onset,
        onset_interval=(onset, onset),
        effect=effect,
        effect_interval=between,
        q_value=0.0,
        rate=min(0.13 + effect, 1.0),
        expected_rate=0.13,
        exposed_journeys=0,
        harmed_journeys=0,
    )
