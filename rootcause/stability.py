"""Stability: whether a finding holds on each half of the customers, and its siblings are clean.

No new search: the same conditions and onset, measured again. Both were chosen on all customers, so
the halves flatter a little; a finding that a handful of customers make still falls apart here.
"""

from dataclasses import dataclass, replace

import numpy as np

from rootcause.contrast import Contrast, level_believed
from rootcause.exposure import Flags
from rootcause.intervals import Z_95
from rootcause.step_rows import customer_fold

_FEWEST = 20
_ANOTHER_SEED = 20_261


@dataclass(frozen=True)
class _Excess:
    """The excess of some rows with its standard error, over ``known`` journeys since the onset."""

    value: float
    error: float
    known: int

    def shown(self) -> dict[str, object]:
        """Return it with its 95 % interval."""
        return {
            "effect": round(self.value, 4),
            "low": round(max(-1.0, self.value - Z_95 * self.error), 4),
            "high": round(min(1.0, self.value + Z_95 * self.error), 4),
            "known": self.known,
        }


def halves_of(contrast: Contrast, *, seed: int = 0) -> dict[str, object]:
    """Return the effect on each half of the customers, and in how many it holds.

    Returns
    -------
    dict
        ``holds_in``: how many of the two halves have an effect whose 95 % interval lies above 0;
        ``words``; ``halves``: ``{"effect", "low", "high", "known"}`` of each half that has at least
        20 exposed journeys with a known outcome.
    """
    half = customer_fold(contrast.exposures.lot, 2, seed + _ANOTHER_SEED)
    parts = [replace(contrast, here=contrast.here & (half == number)) for number in range(2)]
    excesses = [_excess(part, part.here & part.met) for part in parts]
    found = [one for one in excesses if one.known >= _FEWEST]
    holds = sum(one.value > Z_95 * one.error for one in found)
    return {
        "holds_in": holds,
        "words": _words(holds, len(found)),
        "halves": [one.shown() for one in found],
    }


def siblings_of(contrast: Contrast) -> tuple[dict[str, object], ...]:
    """Return what each condition excludes: those who meet all the others, and how they fare.

    Returns
    -------
    tuple of ``{"other_than", "effect", "low", "high", "known", "clean"}``
        ``other_than``: the condition that they do not meet; ``clean``: the excess since the onset
        is below half of the finding's or within its error. Those of fewer than 20 journeys are left
        out.
    """
    own = _excess(contrast, contrast.met & contrast.here).value
    found = []
    for name, value in contrast.named.items():
        excess = _excess(contrast, contrast.siblings(name) & contrast.here)
        if excess.known >= _FEWEST:
            clean = excess.value < max(own / 2, Z_95 * excess.error)
            found.append({"other_than": {name: value}, **excess.shown(), "clean": bool(clean)})
    return tuple(found)


def _excess(contrast: Contrast, rows: Flags) -> _Excess:
    """Return the excess of some rows since the onset, over their past and over all others."""
    others = contrast.here & ~contrast.met & ~rows
    after, chance = _mean(contrast, rows & contrast.later)
    before, variance = _mean(contrast, rows & ~contrast.later)
    now, now_variance = _mean(contrast, others & contrast.later)
    then, then_variance = _mean(contrast, others & ~contrast.later)
    believed, left = level_believed(contrast, rows & ~contrast.later, others, variance)
    drift = now - then if np.isfinite(then_variance) and np.isfinite(now_variance) else 0.0
    error = chance + left + min(now_variance, 1.0) + min(then_variance, 1.0)
    return _Excess(
        after - believed * before - drift,
        float(np.sqrt(contrast.scatter * error)),
        int((rows & contrast.later).sum()),
    )


def _mean(contrast: Contrast, rows: Flags) -> tuple[float, float]:
    """Return the mean residual of some rows and its variance, inf where there are none."""
    n = int(rows.sum())
    if not n:
        return 0.0, np.inf
    p = contrast.expected[rows]
    rate = (contrast.exposures.bad[rows].sum() + 1.0) / (n + 2.0)
    spread = max(float((p * (1.0 - p)).mean()), float(rate * (1.0 - rate)))
    return float(contrast.residual[rows].mean()), spread / n


def _words(holds: int, asked: int) -> str:
    if asked < 2:
        return "too few customers to ask each half"
    return {
        2: "holds in both halves of the customers",
        1: "holds in one half of the customers, is not clear in the other",
        0: "is not clear in either half of the customers alone",
    }[holds]
