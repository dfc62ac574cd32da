"""Attribution: an excess belongs to the step where it arises, not to those before or after it.

Steps before a broken one show its excess diluted, because the same journeys go on to it; steps
after it show it because those journeys have been there. And a step that is reached *because* of
the fault (a retry, an error page) is a symptom, though its excess may even look larger.
"""

from dataclasses import replace

import numpy as np

from models.trees import TreeSettings, cross_fitted_probability
from rootcause.conditions import Lead
from rootcause.expected import StepRows, customer_fold, expected_rate, rows_of_step
from rootcause.exposure import MICROS_A_DAY, Exposures, Flags, Floats, Ints
from rootcause.onset import usual_excess
from rootcause.scan import FEWEST_ROWS
from rootcause.tally import members, tally_of

_LIKELY = 0.1
_SYMPTOM_Z = 4.0
_SYMPTOM_SHARE = 0.25
_USUALLY_BEFORE = 0.6
_OFTEN_GOES_ON = 0.4
_OWN_SHARE = 0.4
_BEFORE_ONSET_DAYS = 45


def explained_by(exposures: Exposures, lead: Lead, *, within: int | None, seed: int) -> Flags:
    """Return the exposures that a cause explains, at all steps, shape (n,).

    Those of customers who have met it, and those who from their attributes and the date are likely
    (10 %) to meet it within the horizon. Who *really* met it later decides nothing: that would
    pick rows by their future.

    Parameters
    ----------
    within : horizon of the outcome in microseconds; None: the same journey
    """
    met = exposures_meeting(exposures, lead)
    has_met = _first_time(exposures, met) <= exposures.time
    will_meet = _will_meet(exposures, met, within) & ~has_met
    recent = exposures.day >= lead.onset.day - _BEFORE_ONSET_DAYS
    explained = has_met.copy()
    for step in range(len(exposures.steps)):
        here = np.flatnonzero((exposures.step == step) & recent & ~has_met)
        if will_meet[here].sum() < FEWEST_ROWS / 4:
            continue
        likely = _likelihood(exposures, here, will_meet[here], seed=seed)
        explained[here] |= likely >= _LIKELY
    return explained


def exposures_meeting(exposures: Exposures, lead: Lead) -> Flags:
    """Return the exposures that meet a lead's conditions at its step from its onset on."""
    met: Flags = (exposures.step == lead.step) & (exposures.day >= lead.onset.day)
    for attribute, code in lead.conditions:
        met &= exposures.codes[:, attribute] == code
    return met


def is_symptom(exposures: Exposures, lead: Lead, earlier: StepRows, *, seed: int) -> bool:
    """Whether the lead's step is reached more often because of the fault, from an earlier step."""
    inside = members(earlier, lead.conditions)
    later = inside & (earlier.day >= lead.onset.day)
    if later.sum() < FEWEST_ROWS or not _usually_before(exposures, lead, earlier.step):
        return False
    reach = replace(earlier, bad=_goes_on(exposures, earlier, lead.step).astype(np.float64))
    excess, error, usual = _excess(reach, lead, seed=seed)
    return excess > _SYMPTOM_Z * error and excess > _SYMPTOM_SHARE * max(usual, 0.02)


def inherits(exposures: Exposures, lead: Lead, later_step: int, *, seed: int) -> bool:
    """Whether the lead's excess arises only at a later step that its journeys go on to.

    Then those who came to the bad outcome *before* they could reach that step are no more than
    usual.
    """
    rows = rows_of_step(
        exposures, lead.step, explained=np.zeros(len(exposures), dtype=np.bool_), seed=seed
    )
    goes_on = _goes_on(exposures, rows, later_step)
    met = members(rows, lead.conditions) & (rows.day >= lead.onset.day)
    if not met.any() or goes_on[met].mean() < _OFTEN_GOES_ON:
        return False
    on_the_way = replace(rows, bad=rows.bad * ~goes_on)
    excess, _, _ = _excess(on_the_way, lead, seed=seed)
    return excess < _OWN_SHARE * lead.onset.excess


def _excess(rows: StepRows, lead: Lead, *, seed: int) -> tuple[float, float, float]:
    """Return the excess of the lead's rows, its standard error and the usual rate."""
    left_out = members(rows, lead.conditions) & (rows.day >= lead.onset.day)
    tally = tally_of(rows, expected_rate(rows, seed=seed, left_out=left_out))
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


def _likelihood(exposures: Exposures, here: Ints, will_meet: Flags, *, seed: int) -> Floats:
    """Return the probability of meeting the cause later, from attributes and time, out of fold."""
    days = exposures.time[here] / MICROS_A_DAY
    X = np.column_stack([exposures.codes[here], days - days.min()])
    return cross_fitted_probability(
        X.astype(np.float32),
        will_meet.astype(np.float64),
        customer_fold(exposures.customer[here], 2, seed),
        settings=TreeSettings(trees=50, leaves=15, learning_rate=0.1, min_leaf=20, seed=seed),
        categorical=range(exposures.codes.shape[1]),
    )


def _usually_before(exposures: Exposures, lead: Lead, earlier: int) -> bool:
    """Whether most journeys that meet the lead had reached the earlier step before."""
    met = exposures_meeting(exposures, lead)
    before = np.full(int(exposures.journey.max()) + 1, np.iinfo(np.int64).max)
    at = exposures.step == earlier
    before[exposures.journey[at]] = exposures.row[at]
    return bool((before[exposures.journey[met]] < exposures.row[met]).mean() > _USUALLY_BEFORE)


def _goes_on(exposures: Exposures, rows: StepRows, step: int) -> Flags:
    """Return which rows' journeys reach the step afterwards, while still at risk there."""
    reached = np.full(int(exposures.journey.max()) + 1, -1, dtype=np.int64)
    at = (exposures.step == step) & exposures.at_risk
    reached[exposures.journey[at]] = exposures.row[at]
    return reached[exposures.journey[rows.index]] > exposures.row[rows.index]
