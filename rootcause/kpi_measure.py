"""Measuring every KPI of a journey in one period."""

import numpy as np
from numpy.typing import NDArray

from journeys.find import NEVER
from rootcause.estimate import Estimate, between, mean, share, spread_of, unknown
from rootcause.intervals import Z_95
from rootcause.kpi_score import score_of
from rootcause.kpi_seen import MICROS_A_DAY
from rootcause.survival import Curve
from rootcause.traffic import Traffic
from rootcause.wording import SMALLEST_CELL

Ints = NDArray[np.int64]
Window = tuple[int, int]

_MEANS = ("channel_switches",)
_GOOD_WHEN_NOT = ("first_contact_resolution",)


def measured_in(traffic: Traffic, window: Window) -> dict[str, Estimate]:
    """Return every KPI of a period, by name; unknown where fewer than ten journeys were counted.

    ``window``: the period's first instant and the first one after it, in microseconds.
    """
    found, roads, definition = (
        {"volume": volume_in(traffic, window)},
        traffic.roads,
        traffic.definition,
    )
    for name, road in roads.items():
        curve = road.curve_in(window)
        found[name] = _by_horizon(name, curve, road.horizon)
        if name == "completion":
            found["elapsed_days"] = median_days(curve, road.horizon)
    if definition.survey is not None:
        found[definition.survey.kind] = said_in(traffic, window)
    horizon = roads["completion"].horizon if "completion" in roads else NEVER
    score = score_of(found, definition, horizon_days=horizon / MICROS_A_DAY)
    return found if score is None else found | {"score": score}


def _by_horizon(name: str, curve: Curve, horizon: int) -> Estimate:
    whole, marked = len(curve.spells), len(curve.marks.age)
    if whole < SMALLEST_CELL or not curve.tells_of(horizon):
        return unknown(marked, whole)
    value, influence = curve.value_by(horizon), curve.influence_by(horizon)
    customer = curve.spells.customer
    if name in _MEANS:
        return mean(value, customer, influence, part=marked, whole=whole)
    if name in _GOOD_WHEN_NOT:
        return share(1.0 - value, customer, -influence, part=whole - marked, whole=whole)
    return share(value, customer, influence, part=marked, whole=whole)


def median_days(curve: Curve, horizon: int) -> Estimate:
    """Return the median days to success among those that succeed by the horizon.

    Where the incidence reaches half of what it reaches by the horizon; the interval inverts that
    (Woodruff 1952; for survival Brookmeyer & Crowley 1982).
    """
    whole, marked = len(curve.spells), len(curve.marks.age)
    if marked < SMALLEST_CELL or not curve.tells_of(horizon):
        return unknown(marked, whole)
    within = curve.ages <= horizon
    ages, reached = curve.ages[within], np.cumsum(curve.steps[within])
    half = reached[-1] / 2
    at = int(ages[np.searchsorted(reached, half)])
    influence = curve.influence_by(at) - 0.5 * curve.influence_by(horizon)
    arm = Z_95 * spread_of(curve.spells.customer, influence)
    low, high = (
        int(ages[min(np.searchsorted(reached, bound), len(ages) - 1)])
        for bound in (half - arm, half + arm)
    )
    # how many days a step of the curve is worth here, as the interval itself says
    slope = (high - low) / MICROS_A_DAY / (2 * arm) if arm > 0 else 0.0
    value, least, most = (micros / MICROS_A_DAY for micros in (at, min(low, at), max(high, at)))
    return Estimate(value, least, most, marked, whole, curve.spells.customer, -influence * slope)


def volume_in(traffic: Traffic, window: Window) -> Estimate:
    """Return how many journeys began, with an interval that knows that days differ.

    The variance is Poisson's, times by how much the days scatter more than that around their
    weekday's mean (a quasi-likelihood; McCullagh & Nelder 1989).
    """
    a_day = traffic.begun_in(window)
    count = int(a_day.sum())
    arm = Z_95 * float(np.sqrt(max(count, 1) * scatter_of(a_day.astype(np.float64))))
    nobody = np.empty(0, dtype=np.int64)
    low, high = max(count - arm, 0.0), count + arm
    return Estimate(float(count), low, high, count, count, nobody, np.empty(0))


def scatter_of(a_day: NDArray[np.float64]) -> float:
    """Return the variance of daily counts around their weekday's mean, over Poisson's; at least 1.

    1 where there are less than two weeks of days.
    """
    weekday = np.arange(len(a_day)) % 7
    seen = np.bincount(weekday, minlength=7)
    free = len(a_day) - int((seen > 0).sum())
    if free < 7:
        return 1.0
    usual = (np.bincount(weekday, a_day, 7) / np.maximum(seen, 1))[weekday]
    chi2 = float(((a_day - usual) ** 2 / np.maximum(usual, 0.5)).sum())
    return max(1.0, chi2 / free)


def said_in(traffic: Traffic, window: Window) -> Estimate:
    """Return the mean of what customers of the journey answered in a period."""
    survey, answers = traffic.definition.survey, traffic.answers
    if survey is None or answers is None:
        return unknown(0, 0)
    here = (answers.at >= window[0]) & (answers.at < window[1])
    given, many = answers.score[here], int(here.sum())
    if many < SMALLEST_CELL:
        return unknown(many, many)
    value = float(given.mean())
    bounds = survey.lowest, survey.highest
    return between(value, answers.customer[here], (given - value) / many, bounds=bounds, whole=many)
