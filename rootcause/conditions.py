"""Conditions: as few as the excess needs, and no more certain than the rows can tell.

A more general slice wins unless it explains clearly less; a condition goes unless the rows that it
excludes are seen to stay as they were; values that cover the same rows are one condition.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rootcause.exposure import Flags
from rootcause.onset import Onset, find_onset, nats_for_one_change
from rootcause.scan import HIGHEST_ORDER, ONSETS_IN_EFFECT, Scanned
from rootcause.step_rows import StepRows
from rootcause.tally import Conditions, Tally, members

_MORE_GENERAL_WITHIN = 3.0
_NEEDED_BY = 1.0
_LOWEST_SCORE = 2.0
_NEAR_THE_SUREST = 0.6


@dataclass(frozen=True)
class Lead:
    """A dated slice of one step; ``score`` = log-likelihood ratio - log(slices of its order)."""

    step: int
    conditions: Conditions
    onset: Onset
    score: float


def leads_of(tally: Tally, scanned: Scanned) -> list[Lead]:
    """Return the scanned candidates, dated to the day and scored anew, best first."""
    found = []
    for candidate in scanned.candidates:
        if candidate.score < _LOWEST_SCORE:
            break
        lead = lead_of(tally, candidate.conditions, scanned.slices)
        if lead is not None:
            found.append(lead)
    surest = max((lead.onset.deflated for lead in found), default=0.0)
    found = [lead for lead in found if lead.onset.deflated >= _NEAR_THE_SUREST * surest]
    return sorted(found, key=lambda lead: (-lead.score, lead.conditions))


def lead_of(tally: Tally, conditions: Conditions, slices: Sequence[int]) -> Lead | None:
    """Return one conjunction, dated and scored; None if it shows no excess."""
    onset = find_onset(tally, conditions)
    if onset is None:
        return None
    # A release that is bad is bad from its first day: only one onset to look at.
    onsets = 1 if onset.at_birth else ONSETS_IN_EFFECT
    penalty = float(np.log(max(slices[len(conditions) - 1], 1) * onsets))
    return Lead(tally.rows.step, conditions, onset, onset.ratio - penalty)


def simplest(tally: Tally, leads: list[Lead], slices: Sequence[int]) -> Lead:
    """Return the best lead, or a more general one that explains nearly as much.

    Unless the rows that it adds tell against it; and where a lead within it changes alone, that.
    """
    best = leads[0]
    for order in range(1, len(best.conditions)):
        general = [
            lead_of(tally, conditions, slices)
            for conditions in combinations(best.conditions, order)
        ]
        near = [
            one
            for one in general
            if one
            and one.score >= best.score - _MORE_GENERAL_WITHIN
            and _alone(tally, best, one, slices) <= _MORE_GENERAL_WITHIN
        ]
        if near:
            best = max(near, key=lambda lead: lead.score)
            break
    return _narrowed(tally, best, leads, slices)


def _narrowed(tally: Tally, lead: Lead, leads: list[Lead], slices: Sequence[int]) -> Lead:
    """Return the lead within the given one that changes while all around it stays, or the given."""
    within = [one for one in leads if set(one.conditions) > set(lead.conditions)]
    told = [(_alone(tally, one, lead, slices), -place) for place, one in enumerate(within)]
    nats, place = max(told, default=(0.0, 0))
    if nats <= _MORE_GENERAL_WITHIN:
        return lead
    return _narrowed(tally, within[-place], leads, slices)


def _alone(tally: Tally, narrow: Lead, wide: Lead, slices: Sequence[int]) -> float:
    """Return what speaks for a change of the narrow alone, in nats, after its further conditions.

    Of a conjunction of more conditions there are more, so that the best of them fits by chance.
    """
    orders = (len(lead.conditions) - 1 for lead in (narrow, wide))
    of_narrow, of_wide = (max(slices[order], 1) for order in orders)
    nats = nats_for_one_change(tally, narrow.conditions, wide.conditions)
    return -nats - float(np.log(of_narrow / of_wide))


def strongest_parent(tally: Tally, conditions: Conditions, slices: Sequence[int]) -> Conditions:
    """Return the conditions without the one whose loss costs least."""
    parents = [
        lead_of(tally, parent, slices)
        for parent in combinations(conditions, len(conditions) - 1)
        if parent
    ]
    known = [parent for parent in parents if parent is not None]
    return max(known, key=lambda lead: lead.score).conditions if known else conditions


def without_unneeded(tally: Tally, lead: Lead) -> Conditions:
    """Return the conditions without those whose excluded rows change as the others do.

    What the rows have in common without being named takes part: of a release that exists on one OS
    only, the OS may be what is needed.
    """
    rows = tally.rows
    inside = members(rows, lead.conditions)
    implied = _constants(rows, inside, {attribute for attribute, _ in lead.conditions})
    conditions = tuple(sorted((*lead.conditions, *implied)))
    while len(conditions) > 1:
        others = [conditions[:place] + conditions[place + 1 :] for place in range(len(conditions))]
        nats = [nats_for_one_change(tally, conditions, wider) for wider in others]
        worst = int(np.argmax(nats))
        if nats[worst] < -_NEEDED_BY:
            break
        conditions = others[worst]
    return _without_implied(rows, conditions, kept_last=lead.conditions)


def in_fewest_values(rows: StepRows, conditions: Conditions) -> Conditions:
    """Return the conditions, each by the attribute with the fewest values that covers its rows."""
    for attribute, code in conditions:
        others = tuple(pair for pair in conditions if pair != (attribute, code))
        for same in _same_rows(rows, conditions, others):
            if _n_values(rows, same[0]) < _n_values(rows, attribute):
                return in_fewest_values(rows, tuple(sorted((*others, same))))
    return conditions


def indistinguishable(rows: StepRows, conditions: Conditions) -> list[tuple[int, int]]:
    """Return further (attribute, code) that hold for exactly the same rows as the conditions.

    Either instead of one of them, or beside all of them (a release that exists on one OS only).
    """
    inside = members(rows, conditions)
    named = {attribute for attribute, _ in conditions}
    found = set(_constants(rows, inside, named))
    return sorted(found)


def seen_only_with(
    rows: StepRows, whole: StepRows, lead: Lead, attributes: Collection[int]
) -> Conditions:
    """Return the conditions, and those of some attributes with which alone their excess was seen.

    ``whole``: the rows of the step before others were explained away. Of whom these took from among
    the rows that meet the conditions since the onset, nobody can say that they show it as well.
    """
    conditions, since = lead.conditions, lead.onset.day
    here, before = (of.codes[members(of, conditions) & (of.day >= since)] for of in (rows, whole))
    for attribute in sorted(set(attributes) - {attribute for attribute, _ in conditions}):
        left = np.unique(here[:, attribute])
        if len(left) == 1 and (before[:, attribute] != left[0]).any():
            conditions = (*conditions, (attribute, int(left[0])))
    return tuple(sorted(conditions)) if len(conditions) <= HIGHEST_ORDER else lead.conditions


def _without_implied(
    rows: StepRows, conditions: Conditions, *, kept_last: Conditions
) -> Conditions:
    """Return the conditions without those that exclude no row; the given ones stay if they can."""
    inside = members(rows, conditions)
    for pair in sorted(conditions, key=lambda pair: (pair in kept_last, pair)):
        others = tuple(other for other in conditions if other != pair)
        if others and np.array_equal(members(rows, others), inside):
            conditions = others
    return conditions


def _n_values(rows: StepRows, attribute: int) -> int:
    return int((np.bincount(rows.codes[:, attribute]) > 0).sum())


def _constants(rows: StepRows, inside: Flags, named: set[int]) -> list[tuple[int, int]]:
    """Return the (attribute, code) not named that all rows inside share."""
    first = int(np.argmax(inside))
    return [
        (attribute, int(rows.codes[first, attribute]))
        for attribute in range(rows.codes.shape[1])
        if attribute not in named
        and (rows.codes[inside, attribute] == rows.codes[first, attribute]).all()
    ]


def _same_rows(rows: StepRows, conditions: Conditions, others: Conditions) -> list[tuple[int, int]]:
    """Return the (attribute, code) that cover the same rows together with the other conditions."""
    inside = members(rows, conditions)
    named = {attribute for attribute, _ in conditions}
    return [
        pair
        for pair in _constants(rows, inside, named)
        if np.array_equal(members(rows, (*others, pair)), inside)
    ]
