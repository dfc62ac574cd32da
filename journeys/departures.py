"""Who sets out on a simulated journey, when, and with what: product, partner, amount."""

from dataclasses import dataclass

import numpy as np

from journeys.calendar import Calendar, seconds
from journeys.dice import SECONDS_A_DAY, Codes, Dice, Flags, Floats, choose, logistic
from journeys.scripts import MORTGAGE, Script
from journeys.world import IOS, Customers

PARTNERS = ("direct", "homefinder", "ratecompare", "brightloan")
SKEWED_FROM = "2026-02-20"  # from when `confounded` has brightloan bring the difficult ones

_PARTNER_SHARES = np.array([0.58, 0.18, 0.17, 0.07])
_RATECOMPARE, _BRIGHTLOAN = 2, 3
_SKEW = (-2.4, 3.0)  # logit of coming through brightloan then: level, slope with what is visible
_RESPONDS = np.array([0.20, 0.14, 0.06, 0.03, 0.01])  # to the mortgage campaign, by age band
_CAMPAIGN_SHARES = np.array([0.75, 0.05, 0.15, 0.03, 0.02])  # of the products then
_MOST_TIMES = 7
_NEVER = 1e12  # seconds


@dataclass(frozen=True)
class Journeys:
    """Those who set out on one script, one entry per journey in every array."""

    customer: Codes
    start: Floats  # seconds since the log starts
    product: Codes  # position in the script's products
    partner: Codes  # position in PARTNERS; -1 where the script has none
    amount: Floats  # NaN where the script has none
    complexity: Floats  # in standard deviations

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: Codes) -> "Journeys":
        """Return some of the journeys."""
        return Journeys(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def set_out(
    script: Script, customers: Customers, calendar: Calendar, *, seed: int, skewed: bool
) -> Journeys:
    """Return the journeys of a script, sorted by customer and start."""
    dice = Dice(seed, len(customers))
    times = np.sort(_starts(script, customers, calendar, dice), axis=1)
    # counted from the time before, whether or not that one was kept
    apart = np.diff(times, axis=1, prepend=-1e12) > script.apart_days * SECONDS_A_DAY
    who, slot = np.nonzero((times < _NEVER) & apart)
    start = times[who, slot]
    of_journeys = Dice(seed, len(who))
    responds = _responds(script, customers, dice)[who]
    product = _products(script, of_journeys, responds)
    amount = _amounts(script, customers, who, of_journeys)
    visible = 0.7 * np.array(script.difficulty)[product]
    if script.amount:
        visible += 0.6 * np.log(amount / script.amount)
    partner = np.full(len(who), -1)
    if script is MORTGAGE:
        partner = choose(of_journeys.uniform("partner"), _PARTNER_SHARES)
        partner[responds] = _RATECOMPARE
        if skewed:
            through = logistic(_SKEW[0] + _SKEW[1] * visible) * (start >= seconds(SKEWED_FROM))
            partner[of_journeys.uniform("skew") < through] = _BRIGHTLOAN
    noise = of_journeys.normal(f"{script.name} complexity")
    return Journeys(who, start, product, partner, amount, visible + 0.35 * noise)


def _starts(script: Script, customers: Customers, calendar: Calendar, dice: Dice) -> Floats:
    """Return the times at which each customer sets out, `_NEVER` where they do not."""
    size, name = len(customers), script.name
    takes = dice.uniform(f"{name} takes") < script.takers
    # a Poisson sampler would spend an unknown number of draws; its table spends one
    further = np.searchsorted(_poisson(script.more), dice.uniform(f"{name} more"), side="right")
    times = np.full((size, _MOST_TIMES), _NEVER)
    for slot in range(_MOST_TIMES):
        goes = takes & (slot <= further)
        if goes.any():
            times[goes, slot] = calendar.moments(dice, f"{name} {slot}")[goes]
    responds = _responds(script, customers, dice) & takes
    times[responds, 0] = calendar.moments(dice, f"{name} campaign", campaign=True)[responds]
    return times


def _responds(script: Script, customers: Customers, dice: Dice) -> Flags:
    if script is not MORTGAGE:
        return np.zeros(len(customers), dtype=np.bool_)
    return dice.uniform("responds to the campaign") < _RESPONDS[customers.age]


def _poisson(mean: float) -> Floats:
    counts = np.arange(_MOST_TIMES - 1)
    factorials = np.cumprod(np.maximum(counts, 1))
    return np.cumsum(np.exp(-mean) * mean**counts / factorials)


def _products(script: Script, dice: Dice, responds: Flags) -> Codes:
    weights = np.tile(np.array(script.shares), (len(responds), 1))
    if responds.any():
        weights[responds] = _CAMPAIGN_SHARES
    return choose(dice.uniform(f"{script.name} product"), weights)


def _amounts(script: Script, customers: Customers, who: Codes, dice: Dice) -> Floats:
    """Return amounts that grow with wealth, and with iOS beyond it: the planted confounding."""
    if not script.amount:
        return np.full(len(who), np.nan)
    spread = 0.35 * customers.wealth[who] + 0.15 * (customers.os[who] == IOS)
    spread += 0.45 * dice.normal(f"{script.name} amount")
    return np.asarray(np.round(script.amount * np.exp(spread), 2), dtype=np.float64)
