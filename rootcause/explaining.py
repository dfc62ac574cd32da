"""What a cause explains: the exposures that leave the search once it has been found.

Those of customers who have met it, and those who from their attributes and the date are likely
(10 %) to meet it within the horizon. Who *really* met it later decides nothing: that would pick
rows by their future. Who is likely is decided by counts, so that it is the same of a log in parts.
"""

from dataclasses import dataclass, replace

import numpy as np

from rootcause.conditions import Lead
from rootcause.exposure import Exposures, Flags, Ints
from rootcause.scan import FEWEST_ROWS

_LIKELY = 0.1
_BEFORE_ONSET_DAYS = 45
MARGIN_DAYS = 7


@dataclass(frozen=True)
class Meetings:
    """Exposures before their customer met a lead: how many, and how many will meet it in time.

    By ``key``: day, step and which of its conditions they meet, ascending, each once.
    """

    key: Ints
    n: Ints
    will: Ints


@dataclass(frozen=True)
class Explanation:
    """A cause and the keys (`Meetings`) of those who are likely to meet it."""

    lead: Lead
    likely: Ints

    def explains(self, exposures: Exposures) -> Flags:
        """Return which exposures it explains, shape (n,); of a part of a log, those of the part."""
        has_met = _first_time(exposures, _met(exposures, self.lead)) <= exposures.time
        likely = np.isin(_key(exposures, self.lead), self.likely)
        return np.asarray(has_met | (likely & _recent(exposures, self.lead)))


def explained_by(exposures: Exposures, lead: Lead, *, within: int | None) -> Flags:
    """Return the exposures that a cause explains, at all steps, shape (n,).

    Parameters
    ----------
    within : horizon of the outcome in microseconds; None: the same journey
    """
    meetings = meetings_of(exposures, lead, within=within)
    return explanation_of(lead, meetings, len(exposures.steps)).explains(exposures)


def exposures_meeting(exposures: Exposures, lead: Lead) -> Flags:
    """Return the exposures that meet a lead's conditions at its step from its onset on."""
    met: Flags = (exposures.step == lead.step) & (exposures.day >= lead.onset.day)
    for attribute, code in lead.conditions:
        met &= exposures.codes[:, attribute] == code
    return met


def meetings_of(exposures: Exposures, lead: Lead, *, within: int | None) -> Meetings:
    """Count who may yet meet a lead; of a log in parts, put together by `added`."""
    met = _met(exposures, lead)
    has_met = _first_time(exposures, met) <= exposures.time
    asked = _recent(exposures, lead) & ~has_met
    will = _will_meet(exposures, met, within)[asked]
    key = _key(exposures, lead)[asked]
    return added(Meetings(key, np.ones(len(key), dtype=np.int64), will.astype(np.int64)))


def added(given: Meetings) -> Meetings:
    """Return counts of several parts as those of the whole: each key once."""
    key, at = np.unique(given.key, return_inverse=True)
    sums = [np.bincount(at, each, len(key)).astype(np.int64) for each in (given.n, given.will)]
    return Meetings(key, *sums)


def explanation_of(lead: Lead, meetings: Meetings, n_steps: int) -> Explanation:
    """Return what a lead explains: who is likely is decided by week and conditions met already."""
    patterns = 2 ** len(lead.conditions)
    pattern, rest = meetings.key % patterns, meetings.key // patterns
    step, day = rest % n_steps, rest // n_steps
    likely = np.zeros(len(step), dtype=np.bool_)
    for one in range(n_steps):
        here = np.flatnonzero(step == one)
        if meetings.will[here].sum() < FEWEST_ROWS / 4:
            continue
        group = (day[here] - day[here].min()) // 7 * patterns + pattern[here]
        n = np.bincount(group, meetings.n[here])
        share = np.bincount(group, meetings.will[here]) / np.maximum(n, 1)
        likely[here] = share[group] >= _LIKELY
    return Explanation(lead, meetings.key[likely])


def _met(exposures: Exposures, lead: Lead) -> Flags:
    """Return who met a lead, counting from a margin before its onset on."""
    begun = replace(lead, onset=replace(lead.onset, day=lead.onset.day - MARGIN_DAYS))
    return exposures_meeting(exposures, begun)


def _recent(exposures: Exposures, lead: Lead) -> Flags:
    return exposures.day >= lead.onset.day - _BEFORE_ONSET_DAYS


def _key(exposures: Exposures, lead: Lead) -> Ints:
    key = exposures.day * len(exposures.steps) + exposures.step
    for attribute, code in lead.conditions:
        key = 2 * key + (exposures.codes[:, attribute] == code)
    return key


def _first_time(exposures: Exposures, met: Flags) -> Ints:
    """Return per exposure when its customer first met the cause; the largest int64 for never."""
    n_customers = int(exposures.customer.max(initial=-1)) + 1
    first: Ints = np.full(n_customers, np.iinfo(np.int64).max)
    np.minimum.at(first, exposures.customer[met], exposures.time[met])
    return first[exposures.customer]


def _will_meet(exposures: Exposures, met: Flags, within: int | None) -> Flags:
    if within is None:
        journeys = np.unique(exposures.journey[met])
        return np.isin(exposures.journey, journeys)
    first = _first_time(exposures, met)
    return np.asarray((first > exposures.time) & (first - within <= exposures.time))
