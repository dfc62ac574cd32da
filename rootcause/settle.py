"""Settling a lead: the expected rate must not have learnt the fault that it is to reveal.

The lead's later rows are left out, the step is scanned again, twice; then every condition must be
needed, and the excess must also hold under the model that left nothing out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rootcause.conditions import (
    Lead,
    in_fewest_values,
    lead_of,
    leads_of,
    seen_only_with,
    simplest,
    strongest_parent,
    without_unneeded,
)
from rootcause.effect import effect_of
from rootcause.expected import expected_rate
from rootcause.exposure import Flags
from rootcause.onset import born_on
from rootcause.scan import Scanned, conjunctions_of, scan
from rootcause.significance import dispersion
from rootcause.source import Source
from rootcause.step_rows import StepRows
from rootcause.tally import Conditions, Tally, members, tally_of, with_allowance

_REFITS = 2
_GRUDGING = 1.6
_DAYS_IN_DOUBT = 7
_MOST_LEFT_OUT = 0.6


@dataclass(frozen=True)
class Look:
    """One step, seen once: its rows with what was expected, what stood out, how days scatter."""

    tally: Tally
    scanned: Scanned
    scatter: float

    @property
    def rows(self) -> StepRows:
        """The rows of the step."""
        return self.tally.rows


@dataclass(frozen=True)
class Settled:
    """A lead, and its step with an expected rate that did not learn from its rows.

    ``deflated``: its log-likelihood ratio after all deflation, under the less willing of the two
    models, with and without its rows: leaving rows out flatters a slice picked for its excess. Not
    so at a birth: no model learns the new value, with its rows or without them. And never more than
    the interval of the effect bears out: a few rare outcomes look surer than they are.
    """

    lead: Lead
    look: Look
    tally: Tally
    deflated: float


def look_at(source: Source, step: int, *, seed: int) -> Look:
    """Return a first look at one step, without the exposures already explained."""
    rows = source.rows_at(step)
    if not len(rows):
        return _unseen(rows, (0, 0, 0))
    expected = expected_rate(rows, seed=seed)
    return Look(tally_of(rows, expected), scan(rows, expected), dispersion(rows, expected))


def counted_at(source: Source, step: int) -> Look:
    """Return a look that shows nothing, but counts as many conjunctions as `look_at` would see."""
    rows = source.rows_at(step)
    return _unseen(rows.none, conjunctions_of(rows))


def _unseen(rows: StepRows, slices: tuple[int, ...]) -> Look:
    return Look(tally_of(rows, np.empty(0)), Scanned((), slices, 1, np.empty((0, 2))), 1.0)


def settle(look: Look, lead: Lead, *, seed: int) -> Settled | None:
    """Return what the lead's step holds once its later rows are left out; None if nothing."""
    rows, tally, slices = look.rows, look.tally, look.scanned.slices
    known = np.zeros(0, dtype=np.bool_)
    for _ in range(_REFITS):
        left_out = _learnt_from_no_more(tally, lead.conditions, since=lead.onset.day)
        parent = strongest_parent(tally, lead.conditions, slices)
        if _is_still_known(tally, parent, lead.onset.day):
            left_out |= _learnt_from_no_more(tally, parent, since=lead.onset.day)
        if np.array_equal(left_out, known):
            break
        known = left_out
        tally = tally_of(rows, expected_rate(rows, seed=seed, left_out=left_out))
        leads = leads_of(tally, scan(rows, tally.expected))
        if not leads:
            return None
        lead = simplest(tally, leads, slices)
    conditions = in_fewest_values(rows, without_unneeded(tally, lead))
    final = lead_of(tally, conditions, slices)
    if final is None:
        return None
    left_out = _learnt_from_no_more(tally, conditions, since=final.onset.day)
    if not np.array_equal(left_out, known):
        tally = tally_of(rows, expected_rate(rows, seed=seed, left_out=left_out))
    return _with_evidence(look, final, tally)


def as_it_stands(look: Look, lead: Lead, *, seed: int) -> Settled | None:
    """Return the lead with its own conditions, once its later rows are left out; None if nothing.

    What `settle` makes of a lead may be wider, and too diluted to hold where the lead itself does.
    """
    rows, slices = look.rows, look.scanned.slices
    left_out = _learnt_from_no_more(look.tally, lead.conditions, since=lead.onset.day)
    tally = tally_of(rows, expected_rate(rows, seed=seed, left_out=left_out))
    final = lead_of(tally, in_fewest_values(rows, lead.conditions), slices)
    return None if final is None else _with_evidence(look, final, tally)


def as_it_was_seen(
    settled: Settled, *, whole: Mapping[int, Look], attributes: Collection[int]
) -> Settled:
    """Return a lead with the conditions of some attributes with which alone it was seen.

    ``whole``: each step before anything was explained away.
    """
    lead, look = settled.lead, settled.look
    conditions = seen_only_with(look.rows, whole[lead.step].rows, lead, attributes)
    narrow = lead_of(settled.tally, conditions, look.scanned.slices)
    if conditions == lead.conditions or narrow is None:
        return settled
    return _with_evidence(look, narrow, settled.tally) or settled


def most_it_may_be(look: Look, lead: Lead) -> float:
    """Return the most evidence that settling may make of a lead, in nats."""
    return (1.0 if lead.onset.at_birth else _GRUDGING) * lead.onset.deflated / look.scatter


def under(settled: Settled, allowance: float) -> Settled | None:
    """Return the same lead, judged with so many times the usual misfit allowance."""
    look = replace(settled.look, tally=with_allowance(settled.look.tally, allowance))
    return _with_evidence(look, settled.lead, with_allowance(settled.tally, allowance))


def _is_still_known(tally: Tally, parent: Conditions, since: int) -> bool:
    """Whether enough of the parent's rows come before to tell how its customers always fared."""
    inside = tally.of(parent)
    return inside.since(since - _DAYS_IN_DOUBT).n <= _MOST_LEFT_OUT * inside.n


def _learnt_from_no_more(tally: Tally, conditions: Conditions, *, since: int) -> Flags:
    """Return the rows of a candidate that the expected rate must not have learnt from.

    From a week before its onset on, which may be dated too late; of a release since its birth.
    """
    born = born_on(tally, conditions)
    first = since - _DAYS_IN_DOUBT if born is None else born
    rows = tally.rows
    return members(rows, conditions) & (rows.day >= first)


def _with_evidence(look: Look, lead: Lead, tally: Tally) -> Settled | None:
    slices = look.scanned.slices
    final = lead_of(tally, lead.conditions, slices)
    grudging = lead_of(look.tally, lead.conditions, slices)
    if final is None or grudging is None:
        return None
    deflated = min(final.onset.deflated, _GRUDGING * grudging.onset.deflated)
    if final.onset.at_birth:
        deflated = final.onset.deflated
    since, scatter = final.onset.day, look.scatter
    effect = effect_of(tally, lead.conditions, since=since, scatter=scatter)
    return Settled(final, look, tally, min(deflated / scatter, effect.nats))
