"""Subgroups: whether the predictions are as good, and as true, for every kind of customer.

One row per value of a context attribute, as known at the sample. Cells of fewer than ten customers
are hidden. A subgroup is **flagged** where its observed less predicted differs from that of all
other samples beyond chance: a normal test with variances summed over customers (Liang and Zeger
1986), false discoveries over all subgroups of the outcome held at 5 % (Benjamini and Hochberg
1995). Sensitive attributes are never read, so nothing is said of them.
"""

from collections.abc import Mapping

import numpy as np

from rootcause.chance import false_discovery_rates, two_sided
from rootcause.intervals import rate_interval
from training.calibration_error import calibration_error
from training.metrics import Codes, Flags, Floats, Interval, TestPart, auc_draws, interval

Groups = Mapping[str, tuple[Codes, tuple[str, ...]]]
"""Attribute to the code of each sample (-1: missing) and the name of each code."""

FALSE_DISCOVERIES = 0.05
_FEWEST_CUSTOMERS = 10
_FEWEST_TO_TEST = 30
_MOST_VALUES = 12
_REPEATS = 50
_MISSING = "(missing)"


def subgroups(part: TestPart, groups: Groups, seed: int) -> list[dict[str, object]]:
    """Return a row per value of each attribute that at least ten customers have; plain data.

    Returns
    -------
    list of dict
        ``attribute``, ``value``, ``samples``, ``customers``, ``base_rate`` with its interval,
        ``predicted`` (mean), ``auc`` and ``calibration_error`` with intervals, ``off``: observed
        less predicted beyond that of all others, with its interval, ``q_value`` (None: fewer than
        thirty customers, not tested) and ``flagged``
    """
    rows, p_values = [], []
    for attribute, (codes, labels) in groups.items():
        for value, chosen in _values(part, codes, labels):
            rows.append({"attribute": attribute, "value": value} | _told(part, chosen, seed))
            p_values.append(_off(part, chosen)[1])
    q_values = false_discovery_rates(np.array(p_values))
    for row, q_value in zip(rows, q_values, strict=True):
        tested = bool(np.isfinite(q_value))
        row["q_value"] = float(q_value) if tested else None
        row["flagged"] = tested and bool(q_value < FALSE_DISCOVERIES)
    return rows


def _values(part: TestPart, codes: Codes, labels: tuple[str, ...]) -> list[tuple[str, Flags]]:
    """Return the values of an attribute with ten customers or more, the most frequent first."""
    found = []
    for code in np.unique(codes):
        chosen = codes == code
        if len(np.unique(part.customers[chosen])) >= _FEWEST_CUSTOMERS:
            found.append((int(chosen.sum()), labels[code] if code >= 0 else _MISSING, chosen))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [(value, chosen) for _, value, chosen in found[:_MOST_VALUES]]


def _told(part: TestPart, chosen: Flags, seed: int) -> dict[str, object]:
    here = part.take(chosen)
    customers = here.customer_count
    rate, low, high = (float(x) for x in rate_interval(here.y.mean() * customers, customers))
    both = 0 < here.y.sum() < len(here.y)
    unknown: Interval = {"value": None, "low": None, "high": None}
    return {
        "samples": len(here.y),
        "customers": customers,
        "base_rate": {"value": rate, "low": low, "high": high},
        "predicted": float(here.p.mean()),
        "auc": interval(auc_draws(here, seed, repeats=_REPEATS)) if both else unknown,
        "calibration_error": calibration_error(here, seed),
        "off": _off(part, chosen)[0],
    }


def _off(part: TestPart, chosen: Flags) -> tuple[Interval, float]:
    """Return how much further off a subgroup is than all others; p-value (NaN: untested)."""
    gap = part.y - part.p
    if chosen.all():
        return {"value": None, "low": None, "high": None}, float("nan")
    sides = [_mean_and_variance(gap[side], part.customers[side]) for side in (chosen, ~chosen)]
    off = sides[0][0] - sides[1][0]
    error = float(np.sqrt(sides[0][1] + sides[1][1]))
    fewest = min(len(np.unique(part.customers[side])) for side in (chosen, ~chosen))
    tested = fewest >= _FEWEST_TO_TEST and error > 0
    said: Interval = {"value": off, "low": off - 1.96 * error, "high": off + 1.96 * error}
    return said, two_sided(off / error) if tested else float("nan")


def _mean_and_variance(gap: Floats, customers: Codes) -> tuple[float, float]:
    """Return the mean and its variance, samples of one customer summed before they are squared."""
    _, member = np.unique(customers, return_inverse=True)
    mean, count = float(gap.mean()), int(member.max()) + 1
    theirs = np.bincount(member, gap - mean)
    return mean, float((theirs**2).sum()) / len(gap) ** 2 * count / max(count - 1, 1)
