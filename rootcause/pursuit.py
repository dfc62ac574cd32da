"""The pursuit: look at every step, settle the best lead, explain it away, look again."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TypeVar

from rootcause.allowance import Allowance, allowance_of
from rootcause.attribution import inherits, is_symptom
from rootcause.conditions import Lead, lead_of, leads_of
from rootcause.exposure import Exposures
from rootcause.scan import SMALLEST_EFFECT
from rootcause.settle import (
    Look,
    Settled,
    as_it_stands,
    as_it_was_seen,
    counted_at,
    look_at,
    most_it_may_be,
    settle,
    under,
)
from rootcause.significance import FALSE_DISCOVERY_RATE, looks_taken, q_value
from rootcause.source import Held, Source

Progress = Callable[[str, float], None]
Cause = tuple[Settled, float]
"""A settled lead and its q-value."""

_Seen = tuple[Lead, Look]
_QOf = Callable[[Lead, float], float]
_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

_MOST_CAUSES = 5
_WORTH_SETTLING = 0.3
_MOST_LONG_SHOTS = 4
_SURER_WITHOUT = 10.0
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
    whole = {look.rows.step: look for look in looks}

    def look_again(look: Look) -> Look:
        rows, source = look.rows, question.source
        if not len(rows) or source.left_at(rows.step) == rows.total:
            return look
        return look_at(source, rows.step, seed=question.seed)

    for rank in range(1, _MOST_CAUSES + 1):
        question.tell(f"looking for cause {rank}", 0.6 + 0.07 * rank)
        explaining = {attribute for cause, _ in causes for attribute, _ in cause.lead.conditions}
        claim = partial(as_it_was_seen, whole=whole, attributes=explaining)
        settled = _next_cause(question, looks, claim, taken=taken, rank=rank)
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
    question: _Question,
    looks: list[Look],
    claim: Callable[[Settled], Settled],
    *,
    taken: tuple[int, ...],
    rank: int,
) -> Settled | None:
    """Return the strongest lead that holds after settling, at the step where it arises.

    It must hold as found, and as claimed: what is claimed with a further condition has fewer rows.
    """

    def q_of(lead: Lead, nats: float) -> float:
        return q_value(lead, nats, taken, rank=rank)

    leads = [(lead, look) for look in looks for lead in leads_of(look.tally, look.scanned)]
    leads.sort(key=lambda pair: (-pair[0].score, pair[0].step))
    tried: set[int] = set()
    shots = _long_shots(leads, tried, q_of, seed=question.seed)
    for (lead, look), at_most in chain(_sure_enough(leads, q_of), shots):
        if lead.step in tried:
            continue
        rivals = _settled_rivals(looks, lead, seed=question.seed)
        tried |= {settled.lead.step for settled in rivals} | {lead.step}
        stands = partial(_holds, q_of=q_of, at_most=at_most)
        found = _origin_that_holds(question, (lead, look), rivals, stands)
        claimed = claim(found) if found is not None else None
        if claimed is not None and stands(claimed):
            return claimed
    return None


def _holds(settled: Settled, *, q_of: _QOf, at_most: float) -> bool:
    sure = q_of(settled.lead, settled.deflated) <= at_most
    return sure and settled.lead.onset.excess >= SMALLEST_EFFECT


def _sure_enough(leads: list[_Seen], q_of: _QOf) -> Iterator[tuple[_Seen, float]]:
    """Yield the leads that a first look makes worth settling, and at which rate each must hold."""
    for lead, look in leads:
        if q_of(lead, lead.onset.deflated / look.scatter) <= _WORTH_SETTLING:
            yield (lead, look), FALSE_DISCOVERY_RATE


def _long_shots(
    leads: list[_Seen], tried: set[int], q_of: _QOf, *, seed: int
) -> Iterator[tuple[_Seen, float]]:
    """Yield leads whose excess the expected rate has learnt: sure enough without their own rows.

    Only the best lead of a step not tried yet is asked, at the few steps where it scores most. As
    leaving rows out flatters, each must hold at a tenth of the rate.
    """
    asked: set[int] = set(tried)
    for lead, look in leads:
        if lead.step in asked or len(asked - tried) >= _MOST_LONG_SHOTS:
            continue
        if q_of(lead, most_it_may_be(look, lead)) > FALSE_DISCOVERY_RATE:
            continue
        asked.add(lead.step)
        alone = as_it_stands(look, lead, seed=seed)
        if alone is not None and q_of(alone.lead, alone.deflated) <= _WORTH_SETTLING:
            yield (lead, look), FALSE_DISCOVERY_RATE / _SURER_WITHOUT


def _origin_that_holds(
    question: _Question, seen: _Seen, rivals: list[Settled], holds: Callable[[Settled], bool]
) -> Settled | None:
    """Return the first of the rivals that holds at its origin, or else the lead as it stands."""
    found = next(filter(holds, _origins(question, rivals)), None)
    lead, look = seen
    alone = as_it_stands(look, lead, seed=question.seed) if found is None else None
    if alone is None or not holds(alone):
        return found
    elsewhere = [rival for rival in rivals if rival.lead.step != lead.step]
    return alone if any(one is alone for one in _origins(question, [*elsewhere, alone])) else None


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
