"""The search for causes, from an event log to findings, and what it says of its own limits."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.log import EventLog
from rootcause.allowance import Allowance
from rootcause.chronic import associations_in
from rootcause.exposure import exposures_of
from rootcause.findings import Finding, Findings, Searched
from rootcause.placebo import Placebo, placebo_of
from rootcause.pursuit import Progress, Pursued, causes_at
from rootcause.settle import Look
from rootcause.significance import FALSE_DISCOVERY_RATE, looks_taken, smallest_detectable
from rootcause.source import Held, Source
from rootcause.statement import finding_of

_FEWEST_DAYS = 14


@dataclass(frozen=True)
class How:
    """How a search is made: parameters of `find_causes`, and what makes its placebo runs.

    ``within``: of `horizon_of`.
    """

    seed: int
    within: int | None
    doubt: Callable[[], Placebo]
    steps: Collection[str] | None
    tell: Progress


def find_causes(  # noqa: PLR0913 - a log, what is asked of it, and how
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    outcome: Outcome,
    *,
    seed: int = 0,
    placebo: int = 0,
    steps: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Return the causes of a bad outcome (not succeeding, leaking, churning), strongest first.

    Every step is searched for conjunctions of up to three context and technical attributes after
    which the bad outcome follows more often from some day on than before and than elsewhere. Each
    finding stands at a false-discovery rate of 5 % over everything searched. The same log and seed
    give the same findings.

    Parameters
    ----------
    journeys : of `journeys.find.find_journeys`
    placebo : so many whole searches more, of the same log with its attributes dealt anew
        (`rootcause.placebo`), to see what would be found in noise
    steps : search only these (those that too few reach are passed over), in less time. The
        conjunctions of all steps are counted, so the rate stands as if all had been searched; but
        a fault that arises at a step left out is named where it shows, and the misfit allowance is
        learnt from these steps alone
    progress : called with a label and the share done, 0 to 1
    """
    tell = progress or (lambda _label, _share: None)
    tell("exposures", 0.0)
    exposures = exposures_of(log, journeys, definition, outcome)

    def stated(pursued: Pursued) -> tuple[Finding, ...]:
        asked = (log, journeys, definition, outcome)
        return tuple(finding_of(settled, q, exposures, asked) for settled, q in pursued.causes)

    within = horizon_of(definition, outcome)

    def doubt() -> Placebo:
        return placebo_of(exposures, within=within, runs=placebo, seed=seed, progress=tell)

    source = Held.of(exposures, seed=seed)
    how = How(seed=seed, within=within, doubt=doubt, steps=steps, tell=tell)
    found = found_among(source, definition.name, outcome, stated, how)
    return replace(found, log_ends=told_instant(log.ends))


def found_among(
    source: Source,
    journey: str,
    outcome: Outcome,
    stated: Callable[[Pursued], tuple[Finding, ...]],
    how: How,
) -> Findings:
    """Return the findings among the exposures of a source; ``stated``: what the causes carry."""
    tell, seed, steps = how.tell, how.seed, how.steps
    pursued = causes_at(source, within=how.within, seed=seed, steps=steps, progress=tell)
    looks, times = pursued.first_looks, pursued.allowance.times
    findings = stated(pursued)
    tell("looking for what has always been worse", 0.95)
    chronic = associations_in(
        source, pursued.last_looks, journey=journey, outcome=outcome, seed=seed
    )
    tell("causes found", 1.0)
    note = _why_much_could_hide(source, looks)
    return Findings(
        journey=journey,
        outcome=outcome,
        log_ends="",
        searched=Searched(
            steps=len(source.steps if steps is None else set(source.steps) & set(steps)),
            attributes=len(set(source.attributes)),
            conditions=sum(sum(look.scanned.slices) for look in looks),
            false_discovery_rate=FALSE_DISCOVERY_RATE,
        ),
        smallest_detectable_effect=None if note else _smallest(looks, looks, times),
        findings=findings,
        smallest_by_step=_smallest_by_step(source, looks, times),
        note=note,
        chronic=chronic,
        placebo=how.doubt().as_dict() | _allowed(pursued.allowance),
    )


def told_instant(at: pd.Timestamp) -> str:
    """Return an instant as findings.json writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def horizon_of(definition: Definition, outcome: Outcome) -> int | None:
    """Return how many microseconds after an exposure its outcome may follow.

    None: as long as the journey lasts.
    """
    rule = definition.rules[outcome]
    length: timedelta | None = rule.within or rule.inactive_for
    if outcome == "success" or length is None:
        return None
    return round(length.total_seconds() * 1_000_000)


def _allowed(allowance: Allowance) -> dict[str, float]:
    """Return what random onsets in the log's own past say, as it stands in findings.json."""
    return {
        "onsets": allowance.onsets,
        "surpassing": allowance.surpassing,
        "allowance": allowance.times,
    }


def _smallest(of: Sequence[Look], among: Sequence[Look], allowance: float) -> float | None:
    parts = np.concatenate([np.empty((0, 2)), *(look.scanned.errors for look in of)])
    errors = np.hypot(parts[:, 0], allowance * parts[:, 1])
    scatter = float(np.median([look.scatter for look in of])) if of else 1.0
    taken = looks_taken([look.scanned for look in among]) if among else (0,)
    found = smallest_detectable(errors, taken, scatter)
    return None if found is None else round(found, 4)


def _smallest_by_step(source: Source, looks: Sequence[Look], allowance: float) -> dict[str, float]:
    smallest = {source.steps[look.rows.step]: _smallest([look], looks, allowance) for look in looks}
    return {step: found for step, found in smallest.items() if found is not None}


def _why_much_could_hide(source: Source, looks: Sequence[Look]) -> str:
    if not source.steps:
        return (
            "No step was reached by 50 journeys whose outcome is known: nothing could be searched. "
            "Give a longer log, or shorter horizons (within:) in the definition."
        )
    if not any(sum(look.scanned.slices) for look in looks):
        return (
            "No context or technical attribute has a value with 20 exposures: nothing could be "
            "searched. Name more under `attributes:` in the definition."
        )
    day = np.concatenate([look.rows.day for look in looks])
    days = int(np.ptp(day)) + 1 if len(day) else 0
    if days < _FEWEST_DAYS:
        return (
            f"The exposures span {days} days; an onset is searched by the day and needs about "
            f"{_FEWEST_DAYS}, so even a large effect could hide. Give a longer log."
        )
    return ""
