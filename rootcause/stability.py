"""Stability: whether a finding holds on each half of the customers, and its siblings are clean.

No new search: the same conditions and onset, measured again. Both were chosen on all customers, so
the halves flatter a little; a finding that a handful of customers make still falls apart here.
"""

from dataclasses import fields, replace

import numpy as np

from rootcause.contrast import Contrast, level_believed
from rootcause.effect import Effect, effect_of
from rootcause.expected import StepRows, customer_fold
from rootcause.exposure import Flags
from rootcause.intervals import Z_95
from rootcause.settle import Settled

_HOLDS_Z = 1.96
_FEWEST = 20
_ANOTHER_SEED = 20_261


def halves_of(settled: Settled, contrast: Contrast, *, seed: int = 0) -> dict[str, object]:
    """Return the effect on each half of the customers, and in how many it holds.

    Returns
    -------
    dict
        ``holds_in``: how many of the two halves have an effect of 1.96 standard errors or more;
        ``words``; ``halves``: ``{"effect", "low", "high", "z", "known"}`` of each that has at
        least 20 exposed journeys with a known outcome.
    """
    rows, lead = settled.look.rows, settled.lead
    customer = contrast.exposures.customer[rows.index]
    half = customer_fold(customer, 2, seed + _ANOTHER_SEED)
    exposed = contrast.met[rows.index] & contrast.later[rows.index]
    found = [
        effect_of(
            part_of(rows, half == number),
            settled.expected[half == number],
            lead.conditions,
            since=lead.onset.day,
            scatter=settled.look.scatter,
        )
        for number in range(2)
        if (exposed & (half == number)).sum() >= _FEWEST
    ]
    holds = sum(one.z >= _HOLDS_Z for one in found)
    return {"holds_in": holds, "words": _words(holds, found), "halves": [_shown(e) for e in found]}


def siblings_of(contrast: Contrast) -> tuple[dict[str, object], ...]:
    """Return what each condition excludes: those who meet all the others, and how they fare.

    Returns
    -------
    tuple of ``{"other_than", "effect", "low", "high", "known", "clean"}``
        ``other_than``: the condition that they do not meet; ``clean``: the excess since the onset
        is below half of the finding's or within its error. Those of fewer than 20 journeys are left
        out.
    """
    found = []
    for name, value in contrast.named.items():
        rows = contrast.siblings(name) & contrast.here
        known = int((rows & contrast.later).sum())
        if known < _FEWEST:
            continue
        effect, error = _excess(contrast, rows)
        own, _ = _excess(contrast, contrast.met & contrast.here)
        found.append(
            {
                "other_than": {name: value},
                "effect": round(effect, 4),
                "low": round(max(-1.0, effect - Z_95 * error), 4),
                "high": round(min(1.0, effect + Z_95 * error), 4),
                "known": known,
                "clean": bool(effect < max(own / 2, Z_95 * error)),
            }
        )
    return tuple(found)


def part_of(rows: StepRows, chosen: Flags) -> StepRows:
    """Return some of the rows of a step."""
    arrays = {
        field.name: getattr(rows, field.name)[chosen]
        for field in fields(rows)
        if isinstance(getattr(rows, field.name), np.ndarray)
    }
    return replace(rows, **arrays)


def _excess(contrast: Contrast, rows: Flags) -> tuple[float, float]:
    """Return the excess of some rows since the onset, over their past and over all others."""
    others = contrast.here & ~contrast.met & ~rows
    after, chance = _mean(contrast, rows & contrast.later)
    before, variance = _mean(contrast, rows & ~contrast.later)
    now, now_variance = _mean(contrast, others & contrast.later)
    then, then_variance = _mean(contrast, others & ~contrast.later)
    believed, left = level_believed(contrast, rows & ~contrast.later, others, variance)
    drift = now - then if np.isfinite(then_variance) and np.isfinite(now_variance) else 0.0
    error = chance + left + min(now_variance, 1.0) + min(then_variance, 1.0)
    return after - believed * before - drift, float(np.sqrt(contrast.scatter * error))


def _mean(contrast: Contrast, rows: Flags) -> tuple[float, float]:
    """Return the mean residual of some rows and its variance, inf where there are none."""
    n = int(rows.sum())
    if not n:
        return 0.0, np.inf
    p = contrast.expected[rows]
    return float(contrast.residual[rows].mean()), float((p * (1.0 - p)).mean()) / n


def _words(holds: int, found: list[Effect]) -> str:
    if len(found) < 2:
        return "too few customers to ask each half"
    return {
        2: "holds in both halves of the customers",
        1: "holds in one half of the customers, is not clear in the other",
        0: "is not clear in either half of the customers alone",
    }[holds]


def _shown(effect: Effect) -> dict[str, object]:
    return {
        "effect": round(effect.effect, 4),
        "low": round(effect.low, 4),
        "high": round(effect.high, 4),
        "z": round(effect.z, 2),
        "known": effect.known,
    }
