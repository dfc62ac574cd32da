"""The pursuit: look at every step, settle the best lead, explain it away, look again."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from rootcause.allowance import Allowance, allowance_of
from rootcause.attribution import inherits, is_symptom
from rootcause.conditions import Lead, lead_of, leads_of
from rootcause.exposure import Exposures
from rootcause.scan import SMALLEST_EFFECT
from rootcause.settle import Look, Settled, counted_at, look_at, settle, under
from rootcause.significance import FALSE_DISCOVERY_RATE, looks_taken, q_value
from rootcause.source import Held, Source

Progress = Callable[[str, float], None]
Cause = tuple[Settled, float]
"""A settled lead and its q-value."""

_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

_MOST_CAUSES = 5
_WORTH_SETTLING = 0.3
_AS_LARGE = 0.8
_AS_SURE = 0.5
_RIVAL_SHARE = 0.25
_RIVAL_RATIO = 4.0


@dataclass(frozen=True)
class Pursued:
    """The causes, strongest first, the first looks, and the looks at what no cause explains.

    ``allowance``: the misfit allowance that the causes had to surpass; ``left``: the source without
    what they explain.
    """

    causes: tuple[Cause, ...]
    first_looks: tuple[Look, ...]
    last_looks: tuple[Look, ...]
    allowance: Allowance
    left: Source


@dataclass(frozen=True)
class _Question:
    """What every pass of the search needs to know; ``within``: the outcome's horizon in µs."""

    source: Source
    within: int | None
    seed: int
    steps: Collection[str] | None
    tell: Progress


def causes_in(
    exposures: Exposures,
    *,
    within: int | None,
    seed: int = 0,
    steps: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Pursued:
    """Return the causes among exposures; parameters are those of `causes_at`."""
    source = Held.of(exposures, seed=seed)
    return causes_at(source, within=within, seed=seed, steps=steps, progress=progress)


def causes_at(
    source: Source,
    *,
    within: int | None,
    seed: int = 0,
    steps: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Pursued:
    """Return the causes among the exposures of a source.

    Parameters
    ----------
    within : of `rootcause.search.horizon_of`
    steps : look only at these; the conjunctions of all others count as if looked at
    progress : called with a label and the share done, 0 to 1
    """
    question = _Question(source, within, seed, steps, progress or (lambda _label, _share: None))
    looks = _look_at_all(question)
    causes, last_looks, left = _explained_away(question, looks)
    allowance = allowance_of(last_looks, seed=seed)
    surest = _surpassing(causes, allowance, looks_taken([look.scanned for look in looks]))
    return Pursued(tuple(surest), tuple(looks), tuple(last_looks), allowance, left)


def _look_at_all(question: _Question) -> list[Look]:
    source, seed = question.source, question.seed
    steps, looks = range(len(source.steps)), []

    def look(step: int) -> Look:
        asked = question.steps is None or source.steps[step] in question.steps
        return look_at(source, step, seed=seed) if asked else counted_at(source, step)

    for step, seen in zip(steps, _side_by_side(look, steps), strict=True):
        question.tell(f"looked at {source.steps[step]}", 0.05 + 0.6 * (step + 1) / len(steps))
        looks.append(seen)
    return looks


def _side_by_side(work: Callable[[_Given], _Done], given: Iterable[_Given]) -> Iterator[_Done]:
    """Yield what the work makes of each, in their order, on as many threads as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(work, given)


def _explained_away(
    question: _Question, looks: list[Look]
) -> tuple[list[Cause], list[Look], Source]:
    """Return causes, each found after the ones before it left, the last looks and what is left."""
    taken = looks_taken([look.scanned for look in looks])
    causes: list[Cause] = []

    def look_again(look: Look) -> Look:
        rows, source = look.rows, question.source
        if not len(rows) or source.left_at(rows.step) == rows.total:
            return look
        return look_at(source, rows.step, seed=question.seed)

    for rank in range(1, _MOST_CAUSES + 1):
        question.tell(f"looking for cause {rank}", 0.6 + 0.07 * rank)
        settled = _next_cause(question, looks, taken=taken, rank=rank)
        if settled is None:
            break
        causes.append((settled, q_value(settled.lead, settled.deflated, taken, rank=rank)))
        left = question.source.without(settled.lead, within=question.within)
        question = replace(question, source=left)
        looks = list(_side_by_side(look_again, looks))
    return causes, looks, question.source


def _surpassing(causes: list[Cause], allowance: Allowance, taken: tuple[int, ...]) -> list[Cause]:
    """Return the causes that also hold under the allowance which random onsets ask for."""
    if allowance.times == 1.0:
        return causes
    judged = [under(settled, allowance.times) for settled, _ in causes]
    known = [settled for settled in judged if settled is not None]
    told = [
        (one, q_value(one.lead, one.deflated, taken, rank=rank))
        for rank, one in enumerate(known, start=1)
    ]
    return [(one, q) for one, q in told if q <= FALSE_DISCOVERY_RATE]


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
    """Yield the rivals whose excess neither is reached through, nor arises at, another's step.

    A step that is only reached because of the fault is nobody's origin: first those leave.
    """
    if len(rivals) < 2:
        yield from rivals
        return
    roads = question.source.roads([rival.lead for rival in rivals])
    own = [
        rival
        for rival in rivals
        if not any(
            is_symptom(roads, rival.lead, other.look.tally)
            for other in rivals
            if other is not rival
        )
    ]
    for rival in own:
        if not any(
            _is_as_sharp(other, rival) and inherits(roads, rival.lead, rival.tally, other.lead.step)
            for other in own
            if other is not rival
        ):
            yield rival


def _is_as_sharp(one: Settled, other: Settled) -> bool:
    """Whether one could be where the other's excess arises: no less of it, and as sure."""
    larger = one.lead.onset.excess >= _AS_LARGE * other.lead.onset.excess
    return larger and one.deflated >= _AS_SURE * other.deflated
