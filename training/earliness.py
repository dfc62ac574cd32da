"""Earliness: how long before the bad thing a warning comes, at a stated precision.

A journey is **warned** at its first sample whose probability of the bad outcome (not succeeding,
leaking, churning) reaches a threshold. A warning **comes true** if the bad thing happens after it
and within the outcome's horizon. Precision is the share of warnings that come true, so each journey
counts once; the hours of warning run from the warning to the bad thing (for success: to the end of
the journey that did not succeed, silence included). Only journeys all of whose samples are closed
count: near the end of a log early warnings are known sooner than late ones.

The threshold is the smallest that reaches the precision asked for.  It is chosen on the same part,
so ``precision_elsewhere`` says what a threshold chosen on half of the customers gave on the other
half.  The problem is that of early classification (Teinemaa et al. 2018; Mori et al. 2017).
"""

from dataclasses import dataclass

import numpy as np

from models.draws import customer_draws
from training.metrics import (
    REPEATS,
    Codes,
    Flags,
    Floats,
    Interval,
    TestPart,
    interval,
)

PRECISION = 0.5
_THRESHOLDS = 60
_SHOWN = 24
_FEWEST_WARNED = 10


@dataclass(frozen=True, eq=False)
class Course:
    """How the journeys of the samples went on; all of shape (n_samples,), sorted as the samples.

    ``journeys`` whose sample, in ascending runs; ``hours_ahead`` from the cutoff to the bad thing,
    NaN where it did not come within the horizon; ``whole`` whether all samples of the journey are
    closed.
    """

    journeys: Codes
    hours_ahead: Floats
    whole: Flags


@dataclass(frozen=True, eq=False)
class _Warnings:
    """Thresholds ascending (t,); warned, hours ahead (NaN: not true) per journey: (t, journeys)."""

    thresholds: Floats
    warned: Flags
    hours: Floats
    bad: Flags
    customers: Codes

    @property
    def true(self) -> Flags:
        return np.isfinite(self.hours)


def earliness(
    part: TestPart, course: Course, *, bad: float, precision: float = PRECISION, seed: int = 0
) -> dict[str, object]:
    """Return how early the bad outcome is told; plain data.

    Parameters
    ----------
    bad : the value of ``y`` that is the bad outcome: 0.0 for success, 1.0 for leakage and churn
    precision : share of the warnings that must come true

    Returns
    -------
    dict with ``journeys``, ``bad_journeys``, ``precision_asked``, ``threshold`` (of the probability
    of the bad outcome; None if no threshold reaches the precision with ten warnings), and where
    there is one ``precision``, ``precision_elsewhere``, ``warned_journeys``, ``warned_share`` (of
    the bad journeys), ``median_hours`` and ``curve``: the same at up to 24 thresholds
    """
    found = _warnings(part, course, bad)
    said: dict[str, object] = {
        "journeys": len(found.bad),
        "bad_journeys": int(found.bad.sum()),
        "precision_asked": precision,
        "threshold": None,
        "best_precision": None,
        "curve": [],
    }
    enough = np.flatnonzero(found.warned.sum(axis=1) >= _FEWEST_WARNED)
    if not found.bad.any() or not len(enough):
        return said
    weights = np.array(list(customer_draws(found.customers, draws=REPEATS, seed=seed)))
    weights = np.concatenate([np.ones((1, len(found.bad))), weights])
    shown = enough[np.unique(np.linspace(0, len(enough) - 1, _SHOWN).astype(np.int64))]
    said["best_precision"] = float(_precision(found, np.ones(len(found.bad)))[enough].max())
    said["curve"] = [_at(found, place, weights) for place in shown]
    place = _smallest(found, np.ones(len(found.bad)), precision)
    if place is None:
        return said
    elsewhere = {"precision_elsewhere": _precision_elsewhere(found, precision, seed)}
    return said | _at(found, place, weights) | elsewhere


def _warnings(part: TestPart, course: Course, bad: float) -> _Warnings:
    """Return which journeys each threshold warns, and how far ahead."""
    keep = course.whole
    p = (part.p if bad == 1.0 else 1.0 - part.p)[keep]
    hours, customers = course.hours_ahead[keep], part.customers[keep]
    names, first, journey = np.unique(course.journeys[keep], return_index=True, return_inverse=True)
    highest = np.zeros(len(names))
    np.maximum.at(highest, journey, p)
    is_bad = np.zeros(len(names), dtype=np.bool_)
    is_bad[journey[np.isfinite(hours)]] = True
    spread = np.linspace(0, 1, _THRESHOLDS) ** 0.5  # denser where few are warned
    thresholds = (
        np.unique(np.quantile(highest, spread, method="higher")) if len(names) else np.empty(0)
    )
    warned = np.zeros((len(thresholds), len(names)), dtype=np.bool_)
    ahead = np.full((len(thresholds), len(names)), np.nan)
    for place, threshold in enumerate(thresholds):
        rows = np.flatnonzero(p >= threshold)
        who, at = np.unique(journey[rows], return_index=True)
        warned[place, who] = True
        ahead[place, who] = hours[rows[at]]
    return _Warnings(thresholds, warned, ahead, is_bad, customers[first])


def _precision(found: _Warnings, weight: Floats) -> Floats:
    """Return the precision at each threshold, shape (t,); NaN where nobody is warned."""
    warned = found.warned @ weight
    return _share(found.true @ weight, warned)


def _smallest(found: _Warnings, weight: Floats, precision: float) -> int | None:
    """Return the place of the smallest threshold that reaches the precision with ten warnings."""
    enough = found.warned @ (weight > 0).astype(np.float64) >= _FEWEST_WARNED
    reached = np.flatnonzero(enough & (np.nan_to_num(_precision(found, weight)) >= precision))
    return int(reached[0]) if len(reached) else None


def _at(found: _Warnings, place: int, weights: Floats) -> dict[str, object]:
    """Return what a threshold gives; ``weights``: shape (1 + draws, journeys), ones first."""
    warned, true = weights @ found.warned[place], weights @ found.true[place]
    bad = weights @ found.bad
    return {
        "threshold": float(found.thresholds[place]),
        "warned_journeys": int(found.warned[place].sum()),
        "precision": interval(_share(true, warned)),
        "warned_share": interval(_share(true, bad)),
        "median_hours": _median(found.hours[place], weights),
    }


def _share(part: Floats, whole: Floats) -> Floats:
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _median(hours: Floats, weights: Floats) -> Interval:
    """Return the median of the hours that are known, with its interval over weighted draws."""
    order = np.flatnonzero(np.isfinite(hours))
    if not len(order):
        return {"value": None, "low": None, "high": None}
    order = order[np.argsort(hours[order], kind="stable")]
    mass = np.cumsum(weights[:, order], axis=1)
    place = (mass < mass[:, -1:] / 2).sum(axis=1)
    drawn = hours[order][np.minimum(place, len(order) - 1)]
    return interval(np.where(mass[:, -1] > 0, drawn, np.nan))


def _precision_elsewhere(found: _Warnings, precision: float, seed: int) -> float | None:
    """Return the precision of thresholds chosen on other customers; None if one half has none."""
    names, member = np.unique(found.customers, return_inverse=True)
    half = np.random.default_rng(seed).permutation(len(names))[member] % 2
    true, warned = 0.0, 0.0
    for side in (0, 1):
        here, there = ((half == one).astype(np.float64) for one in (side, 1 - side))
        place = _smallest(found, here, precision)
        if place is None:
            return None
        true += float(found.true[place] @ there)
        warned += float(found.warned[place] @ there)
    return true / warned if warned else None
