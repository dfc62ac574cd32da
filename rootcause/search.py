"""The search for causes: look at every step, settle the best lead, explain it away, look again."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.log import EventLog
from rootcause.attribution import explained_by, inherits, is_symptom
from rootcause.conditions import Lead, lead_of, leads_of
from rootcause.exposure import Exposures, Flags, exposures_of
from rootcause.findings import Findings, Searched
from rootcause.scan import SMALLEST_EFFECT
from rootcause.settle import Look, Settled, look_at, settle
from rootcause.significance import (
    FALSE_DISCOVERY_RATE,
    looks_taken,
    q_value,
    smallest_detectable,
)
from rootcause.statement import finding_of

Progress = Callable[[str, float], None]
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

_MOST_CAUSES = 5
_FEWEST_DAYS = 14
_WORTH_SETTLING = 0.3
_AS_LARGE = 0.8
_AS_SURE = 0.5
_RIVAL_SHARE = 0.25
_RIVAL_RATIO = 4.0


@dataclass(frozen=True)
class _Question:
    """What every pass of the search needs to know; ``within``: the outcome's horizon in µs."""

    exposures: Exposures
    within: int | None
    seed: int
    tell: Progress


def find_causes(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    outcome: Outcome,
    *,
    seed: int = 0,
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
    progress : called with a label and the share done, 0 to 1
    """
    tell = progress or (lambda _label, _share: None)
    tell("exposures", 0.0)
    exposures = exposures_of(log, journeys, definition, outcome)
    within = horizon_of(definition, outcome)
    causes, looks = causes_in(exposures, within=within, seed=seed, progress=tell)
    findings = tuple(
        finding_of(settled, q, exposures, (log, journeys, definition, outcome))
        for settled, q in causes
    )
    tell("causes found", 1.0)
    note = _why_much_could_hide(exposures, looks)
    return Findings(
        journey=definition.name,
        outcome=outcome,
        log_ends=log.ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        searched=Searched(
            steps=len(exposures.steps),
            attributes=len(exposures.attributes),
            conditions=sum(sum(look.scanned.slices) for look in looks),
            false_discovery_rate=FALSE_DISCOVERY_RATE,
        ),
        smallest_detectable_effect=None if note else _smallest(looks, looks),
        findings=findings,
        smallest_by_step=_smallest_by_step(exposures, looks),
        note=note,
    )


def causes_in(
    exposures: Exposures, *, within: int | None, seed: int = 0, progress: Progress | None = None
) -> tuple[list[tuple[Settled, float]], list[Look]]:
    """Return the causes among exposures with their q-values, strongest first, and the first looks.

    Parameters
    ----------
    within : of `horizon_of`
    progress : called with a label and the share done, 0 to 1
    """
    question = _Question(exposures, within, seed, progress or (lambda _label, _share: None))
    looks = _look_at_all(question)
    return list(_causes(question, looks)), looks


def horizon_of(definition: Definition, outcome: Outcome) -> int | None:
    """Return how many microseconds after an exposure its outcome may follow.

    None: as long as the journey lasts.
    """
    rule = definition.rules[outcome]
    length: timedelta | None = rule.within or rule.inactive_for
    if outcome == "success" or length is None:
        return None
    return round(length.total_seconds() * 1_000_000)


def _look_at_all(question: _Question) -> list[Look]:
    exposures, seed = question.exposures, question.seed
    explained = np.zeros(len(exposures), dtype=np.bool_)
    steps, looks = range(len(exposures.steps)), []

    def look(step: int) -> Look:
        return look_at(exposures, step, explained=explained, seed=seed)

    for step, seen in zip(steps, _side_by_side(look, steps), strict=True):
        question.tell(f"looked at {exposures.steps[step]}", 0.05 + 0.6 * (step + 1) / len(steps))
        looks.append(seen)
    return looks


def _side_by_side(work: Callable[[_Given], _Done], given: Iterable[_Given]) -> Iterator[_Done]:
    """Yield what the work makes of each, in their order, on as many threads as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(work, given)


def _causes(question: _Question, looks: list[Look]) -> Iterator[tuple[Settled, float]]:
    """Yield causes with their q-values, each after the ones before it have been explained away."""
    exposures, seed = question.exposures, question.seed
    taken = looks_taken([look.scanned for look in looks])
    explained = np.zeros(len(exposures), dtype=np.bool_)
    for rank in range(1, _MOST_CAUSES + 1):
        question.tell(f"looking for cause {rank}", 0.6 + 0.07 * rank)
        settled = _next_cause(question, looks, taken=taken, rank=rank)
        if settled is None:
            return
        yield settled, q_value(settled.lead, settled.deflated, taken, rank=rank)
        more = explained_by(exposures, settled.lead, within=question.within, seed=seed)
        explained |= more

        def look_again(look: Look, more: Flags = more, explained: Flags = explained) -> Look:
            if not more[look.rows.index].any():
                return look
            return look_at(exposures, look.rows.step, explained=explained, seed=seed)

        looks = list(_side_by_side(look_again, looks))


def _next_cause(
    question: _Question, looks: list[Look], *, taken: tuple[int, ...], rank: int
) -> Settled | None:
    """Return the strongest lead that holds after settling, at the step where it arises."""
    leads = [
        (lead, look)
        for look in looks
        for lead in leads_of(look.tally, look.scanned)
        if q_value(lead, lead.onset.deflated / look.scatter, taken, rank=rank) <= _WORTH_SETTLING
    ]
    tried: set[int] = set()
    for lead, _ in sorted(leads, key=lambda pair: (-pair[0].score, pair[0].step)):
        if lead.step in tried:
            continue
        rivals = _settled_rivals(looks, lead, seed=question.seed)
        tried |= {settled.lead.step for settled in rivals} | {lead.step}
        for settled in _origins(question, rivals):
            effect = settled.lead.onset.excess
            q = q_value(settled.lead, settled.deflated, taken, rank=rank)
            if q <= FALSE_DISCOVERY_RATE and effect >= SMALLEST_EFFECT:
                return settled
    return None


def _settled_rivals(looks: list[Look], lead: Lead, *, seed: int) -> list[Settled]:
    """Return the lead settled at every step that shows its excess, the sharpest first."""
    enough = max(_RIVAL_RATIO, _RIVAL_SHARE * lead.onset.ratio)

    def settled(look: Look) -> Settled | None:
        if not len(look.rows):
            return None
        here = lead_of(look.tally, lead.conditions, look.scanned.slices)
        if here is None or here.onset.ratio < enough:
            return None
        return settle(look, here, seed=seed)

    known = [one for one in _side_by_side(settled, looks) if one is not None]
    return sorted(known, key=lambda settled: -settled.lead.score)


def _origins(question: _Question, rivals: list[Settled]) -> Iterator[Settled]:
    """Yield the rivals whose excess neither is reached through, nor arises at, another's step."""
    exposures, seed = question.exposures, question.seed

    def has_its_own(rival: Settled) -> bool:
        others = [other for other in rivals if other is not rival]
        return not any(
            (_is_as_sharp(other, rival) and inherits(exposures, rival.lead, step, seed=seed))
            or is_symptom(exposures, rival.lead, other.look.rows, seed=seed)
            for other in others
            for step in [other.lead.step]
        )

    yield from filter(has_its_own, rivals)


def _is_as_sharp(one: Settled, other: Settled) -> bool:
    """Whether one could be where the other's excess arises: no less of it, and as sure."""
    larger = one.lead.onset.excess >= _AS_LARGE * other.lead.onset.excess
    return larger and one.deflated >= _AS_SURE * other.deflated


def _smallest(of: list[Look], among: list[Look]) -> float | None:
    errors = np.concatenate([np.empty(0), *(look.scanned.errors for look in of)])
    scatter = float(np.median([look.scatter for look in of])) if of else 1.0
    taken = looks_taken([look.scanned for look in among]) if among else (0,)
    found = smallest_detectable(errors, taken, scatter)
    return None if found is None else round(found, 4)


def _smallest_by_step(exposures: Exposures, looks: list[Look]) -> dict[str, float]:
    smallest = {exposures.steps[look.rows.step]: _smallest([look], looks) for look in looks}
    return {step: found for step, found in smallest.items() if found is not None}


def _why_much_could_hide(exposures: Exposures, looks: list[Look]) -> str:
    if not exposures.steps:
        return (
            "No step was reached by 50 journeys whose outcome is known: nothing could be searched. "
            "Give a longer log, or shorter horizons (within:) in the definition."
        )
    if not any(sum(look.scanned.slices) for look in looks):
        return (
            "No context or technical attribute has a value with 20 exposures: nothing could be "
            "searched. Name more under `attributes:` in the definition."
        )
    days = int(np.ptp(exposures.day)) + 1 if len(exposures) else 0
    if days < _FEWEST_DAYS:
        return (
            f"The exposures span {days} days; an onset is searched by the day and needs about "
            f"{_FEWEST_DAYS}, so even a large effect could hide. Give a longer log."
        )
    return ""
