"""Attribution: an excess belongs to the step where it arises, not to those before or after it.

Steps before a broken one show its excess diluted, because the same journeys go on to it; steps
after it show it because those journeys have been there. And a step that is reached *because* of
the fault (a retry, an error page) is a symptom, though its excess may even look larger.
"""

from dataclasses import replace

import numpy as np

from rootcause.conditions import Lead
from rootcause.exposure import Exposures, Flags, Floats, Ints
from rootcause.scan import FEWEST_ROWS
from rootcause.tally import STRATA, Tally, members, tally_of
from rootcause.usual import usual_excess

_LIKELY = 0.1
_SYMPTOM_Z = 4.0
_SYMPTOM_SHARE = 0.25
_USUALLY_BEFORE = 0.6
_OFTEN_GOES_ON = 0.4
_OWN_SHARE = 0.4
_BEFORE_ONSET_DAYS = 45
_MARGIN_DAYS = 7


def explained_by(exposures: Exposures, lead: Lead, *, within: int | None) -> Flags:
    """Return the exposures that a cause explains, at all steps, shape (n,).

    Those of customers who have met it, and those who from their attributes and the date are likely
    (10 %) to meet it within the horizon. Who *really* met it later decides nothing: that would
    pick rows by their future.

    Parameters
    ----------
    within : horizon of the outcome in microseconds; None: the same journey
    """
    begun = replace(lead, onset=replace(lead.onset, day=lead.onset.day - _MARGIN_DAYS))
    met = exposures_meeting(exposures, begun)
    has_met = _first_time(exposures, met) <= exposures.time
    will_meet = _will_meet(exposures, met, within) & ~has_met
    recent = exposures.day >= lead.onset.day - _BEFORE_ONSET_DAYS
    explained = has_met.copy()
    for step in range(len(exposures.steps)):
        here = np.flatnonzero((exposures.step == step) & recent & ~has_met)
        if will_meet[here].sum() < FEWEST_ROWS / 4:
            continue
        likely = _likelihood(exposures, lead, here, will_meet[here])
        explained[here] |= likely >= _LIKELY
    return explained


def exposures_meeting(exposures: Exposures, lead: Lead) -> Flags:
    """Return the exposures that meet a lead's conditions at its step from its onset on."""
    met: Flags = (exposures.step == lead.step) & (exposures.day >= lead.onset.day)
    for attribute, code in lead.conditions:
        met &= exposures.codes[:, attribute] == code
    return met


def is_symptom(exposures: Exposures, lead: Lead, earlier: Tally) -> bool:
    """Whether the lead's step is reached more often because of the fault, from an earlier step."""
    rows = earlier.rows
    if earlier.of(lead.conditions).since(lead.onset.day).n < FEWEST_ROWS:
        return False
    if not _usually_before(exposures, lead, rows.step):
        return False
    goes_on = rows.of_exposures(_goes_on(exposures, rows.step, lead.step))
    excess, error, usual = _excess(earlier, lead, goes_on)
    return excess > _SYMPTOM_Z * error and excess > _SYMPTOM_SHARE * max(usual, 0.02)


def inherits(exposures: Exposures, lead: Lead, here: Tally, later_step: int) -> bool:
    """Whether the lead's excess arises only at a later step that its journeys go on to.

    Then those who came to the bad outcome *before* they could reach that step are no more than
    usual. ``here``: the lead's own step.
    """
    rows = here.rows
    goes_on = _goes_on(exposures, rows.step, later_step)
    met = members(rows, lead.conditions) & (rows.day >= lead.onset.day)
    go_on = rows.of_exposures(goes_on)[met].sum()
    if not met.any() or go_on < _OFTEN_GOES_ON * rows.n[met].sum():
        return False
    excess, _, _ = _excess(here, lead, rows.of_exposures((exposures.bad == 1.0) & ~goes_on))
    return excess < _OWN_SHARE * lead.onset.excess


def _excess(tally: Tally, lead: Lead, happens: Floats) -> tuple[float, float, float]:
    """Return the excess of what happens to the lead's rows, its standard error and the usual rate.

    ``happens``: to how many exposures of each row.

    Expected is what happens to the others of the same stratum of the expected rate.
    """
    rows = replace(tally.rows, bad=happens)
    others = ~(members(rows, lead.conditions) & (rows.day >= lead.onset.day))
    sums = np.bincount(tally.stratum[others], rows.bad[others], STRATA)
    shares = sums / np.maximum(np.bincount(tally.stratum[others], rows.n[others], STRATA), 1.0)
    tally = tally_of(rows, shares[tally.stratum])
    inside = tally.of(lead.conditions)
    later = inside.since(lead.onset.day)
    news = usual_excess(tally, inside, since=np.array([lead.onset.day]))
    usual = float(later.expected.sum() / later.n + news.level[0])
    error = float(np.sqrt(later.spread.sum() / later.n**2 + news.error[0] ** 2))
    return float(later.bad.sum() / later.n) - usual, error, usual


def _first_time(exposures: Exposures, met: Flags) -> Ints:
    """Return per exposure when its customer first met the cause; the largest int64 for never."""
    n_customers = int(exposures.customer.max()) + 1
    first: Ints = np.full(n_customers, np.iinfo(np.int64).max)
    np.minimum.at(first, exposures.customer[met], exposures.time[met])
    return first[exposures.customer]


def _will_meet(exposures: Exposures, met: Flags, within: int | None) -> Flags:
    if within is None:
        journeys = np.unique(exposures.journey[met])
        return np.isin(exposures.journey, journeys)
    first = _first_time(exposures, met)
    return np.asarray((first > exposures.time) & (first - within <= exposures.time))


def _likelihood(exposures: Exposures, lead: Lead, here: Ints, will_meet: Flags) -> Floats:
    """Return the probability of meeting the cause later, by week and conditions met already."""
    pattern = np.zeros(len(here), dtype=np.int64)
    for attribute, code in lead.conditions:
        pattern = 2 * pattern + (exposures.codes[here, attribute] == code)
    week = (exposures.day[here] - exposures.day[here].min()) // 7
    group = week * 2 ** len(lead.conditions) + pattern
    share = np.bincount(group, will_meet) / np.maximum(np.bincount(group), 1)
    return np.asarray(share[group])


def _usually_before(exposures: Exposures, lead: Lead, earlier: int) -> bool:
    """Whether most journeys that meet the lead had reached the earlier step before."""
    met = exposures_meeting(exposures, lead)
    before = np.full(int(exposures.journey.max()) + 1, np.iinfo(np.int64).max)
    at = exposures.step == earlier
    before[exposures.journey[at]] = exposures.row[at]
    return bool((before[exposures.journey[met]] < exposures.row[met]).mean() > _USUALLY_BEFORE)


def _goes_on(exposures: Exposures, here: int, step: int) -> Flags:
    """Return which exposures at a step have journeys that reach another one afterwards.

    While still at risk there; False at all other steps.
    """
    reached = np.full(int(exposures.journey.max()) + 1, -1, dtype=np.int64)
    at = (exposures.step == step) & exposures.at_risk
    reached[exposures.journey[at]] = exposures.row[at]
    after = reached[exposures.journey] > exposures.row
    return np.asarray((exposures.step == here) & after)
