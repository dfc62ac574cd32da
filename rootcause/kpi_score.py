"""The journey score: one number from 0 to 100, never without the parts that it is made of."""

from collections.abc import Mapping

import numpy as np

from journeys.definition import Definition
from rootcause.estimate import Estimate, between, unknown

POINTS = 100.0


def score_of(
    found: Mapping[str, Estimate], definition: Definition, *, horizon_days: float
) -> Estimate | None:
    """Return the weighted mean of the parts times 100; None where nothing can be scored.

    Each part lies between 0 and 1: completion as it is; 1 - leakage; 1 - median days to success /
    days of the horizon; where a mean answer lies on its scale (turned round for effort).  Unknown
    while any part is: a score of fewer parts would be another score.
    """
    weights = definition.weights
    if not weights:
        return None
    parts = {part: _part(part, found, definition, horizon_days) for part in weights}
    whole = found["volume"].whole
    if any(one is None or not one.known for one in parts.values()):
        return unknown(whole, whole)
    told = [(weight, one) for (part, weight) in weights.items() if (one := parts[part]) is not None]
    value = sum(weight * one.value for weight, one in told)
    customer = np.concatenate([one.customer for _, one in told])
    influence = np.concatenate([POINTS * weight * one.influence for weight, one in told])
    return between(POINTS * value, customer, influence, bounds=(0.0, POINTS), whole=whole)


def _part(
    part: str, found: Mapping[str, Estimate], definition: Definition, horizon_days: float
) -> Estimate | None:
    survey = definition.survey
    if part == "leakage":
        return _turned(found.get("leakage"), 1.0, -1.0)
    if part == "time":
        return _turned(found.get("elapsed_days"), 1.0, -1.0 / horizon_days)
    if part == "satisfaction" and survey is not None:
        scale = survey.highest - survey.lowest
        if survey.kind == "effort":
            return _turned(found.get("effort"), survey.highest / scale, -1.0 / scale)
        return _turned(found.get("satisfaction"), -survey.lowest / scale, 1.0 / scale)
    return found.get(part)


def _turned(one: Estimate | None, level: float, slope: float) -> Estimate | None:
    """Return level + slope x the number; its interval is not used again."""
    if one is None:
        return None
    value = level + slope * one.value
    return Estimate(value, value, value, one.part, one.whole, one.customer, slope * one.influence)
