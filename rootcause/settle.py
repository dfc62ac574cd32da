"""Settling a lead: the expected rate must not have learnt the fault that it is to reveal.

The lead's later rows are left out, the step is scanned again, twice; then every condition must be
needed, and the excess must also hold under the model that left nothing out.
"""

from dataclasses import dataclass

import numpy as np

from rootcause.conditions import (
    Lead,
    in_fewest_values,
    lead_of,
    leads_of,
    simplest,
    strongest_parent,
    without_unneeded,
)
from rootcause.effect import effect_of
from rootcause.expected import StepRows, expected_rate, rows_of_step
from rootcause.exposure import Exposures, Flags, Floats
from rootcause.scan import Conditions, Scanned, members, scan
from rootcause.significance import dispersion

_REFITS = 2


@dataclass(frozen=True)
class Look:
    """One step, seen once: its rows, what was expected, what stood out, how much days scatter."""

    rows: StepRows
    expected: Floats
    scanned: Scanned
    scatter: float


@dataclass(frozen=True)
class Settled:
    """A lead with the expected rate that did not learn from its rows.

    ``deflated``: its log-likelihood ratio after all deflation, under the less willing of the two
    models, with and without its rows: leaving rows out flatters a slice picked for its excess. Not
    so at a birth: no model learns the new value, with its rows or without them. And never more than
    the interval of the effect bears out: a few rare outcomes look surer than they are.
    """

    lead: Lead
    look: Look
    expected: Floats
    deflated: float


def look_at(exposures: Exposures, step: int, *, explained: Flags, seed: int) -> Look:
    """Return a first look at one step, without the exposures already explained."""
    rows = rows_of_step(exposures, step, explained=explained, seed=seed)
    if not len(rows):
        return Look(rows, np.empty(0), Scanned((), (0, 0, 0), 1, np.empty(0)), 1.0)
    expected = expected_rate(rows, seed=seed)
    return Look(rows, expected, scan(rows, expected), dispersion(rows, expected))


def settle(look: Look, lead: Lead, *, seed: int) -> Settled | None:
    """Return what the lead's step holds once its later rows are left out; None if nothing."""
    rows, slices = look.rows, look.scanned.slices
    expected = look.expected
    for _ in range(_REFITS):
        parent = strongest_parent(rows, expected, lead.conditions, slices)
        expected = expected_rate(rows, seed=seed, left_out=_later(rows, parent, lead.onset.day))
        leads = leads_of(rows, expected, scan(rows, expected))
        if not leads:
            return None
        lead = simplest(rows, expected, leads, slices)
    conditions = in_fewest_values(rows, without_unneeded(rows, expected, lead))
    final = lead_of(rows, expected, conditions, slices)
    if final is None:
        return None
    left_out = _later(rows, conditions, final.onset.day)
    return _with_evidence(look, final, expected_rate(rows, seed=seed, left_out=left_out))


def _later(rows: StepRows, conditions: Conditions, since: int) -> Flags:
    return members(rows, conditions) & (rows.day >= since)


def _with_evidence(look: Look, lead: Lead, expected: Floats) -> Settled | None:
    slices = look.scanned.slices
    final = lead_of(look.rows, expected, lead.conditions, slices)
    grudging = lead_of(look.rows, look.expected, lead.conditions, slices)
    if final is None or grudging is None:
        return None
    deflated = min(final.onset.deflated, grudging.onset.deflated)
    if final.onset.at_birth:
        deflated = final.onset.deflated
    since, scatter = final.onset.day, look.scatter
    effect = effect_of(look.rows, expected, lead.conditions, since=since, scatter=scatter)
    return Settled(final, look, expected, min(deflated / scatter, 0.5 * effect.z**2))
