"""Significance: what an excess is worth after everything that was looked at, and what could hide.

The likelihood ratio is first deflated: for a misfit of the expected rate that nobody is to blame
for (`rootcause.onset`), and for days that scatter more than coins do (here).
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from rootcause.conditions import Lead
from rootcause.exposure import Floats
from rootcause.scan import ONSETS_IN_EFFECT, SMALLEST_EFFECT, Scanned, blocks_of
from rootcause.step_rows import StepRows

FALSE_DISCOVERY_RATE = 0.05

_POWER = 0.8
_QUARTILES_OF_NORMAL = 1.349
_FEWEST_CELLS = 12


def dispersion(rows: StepRows, expected: Floats) -> float:
    """Return the variance of bad outcomes per value and block over that of coins, at least 1.

    Taken between the quartiles, so that a cause, which sits in few cells, does not excuse itself.
    """
    block, n_blocks, _ = blocks_of(rows.day)
    scores = [np.empty(0)]
    for attribute, size in enumerate(rows.sizes):
        cell = rows.codes[:, attribute] * n_blocks + block
        spread = np.bincount(cell, rows.n * expected * (1 - expected), size * n_blocks)
        residual = np.bincount(cell, rows.bad - rows.n * expected, size * n_blocks)
        enough = spread >= 3.0
        scores.append(residual[enough] / np.sqrt(spread[enough]))
    found = np.concatenate(scores)
    if len(found) < _FEWEST_CELLS:
        return 1.0
    lower, upper = np.quantile(found, [0.25, 0.75])
    return max(1.0, float((upper - lower) / _QUARTILES_OF_NORMAL) ** 2)


def looks_taken(scans: Sequence[Scanned]) -> tuple[int, ...]:
    """Return how many slices of all steps were looked at, by order from 1 on."""
    return tuple(map(sum, zip(*(scanned.slices for scanned in scans), strict=True)))


def q_value(lead: Lead, deflated: float, looks: Sequence[int], *, rank: int) -> float:
    """Return the false-discovery rate at which the rank-th finding (from 1 on) would stand.

    A Bonferroni bound with weights: a third to each order of conditions, half to births (a slice
    that did not exist before has one onset), half to every other onset. ``deflated``: the lead's
    log-likelihood ratio after all deflation; ``looks``: of `looks_taken`.
    """
    onsets = 2 if lead.onset.at_birth else 2 * ONSETS_IN_EFFECT
    weight = len(looks) * max(looks[len(lead.conditions) - 1], 1) * onsets
    return min(1.0, float(norm.sf(np.sqrt(2.0 * max(deflated, 0.0)))) * weight / rank)


def smallest_detectable(errors: Floats, looks: Sequence[int], scatter: float) -> float | None:
    """Return the effect that would have been found, had it begun late, for half of the exposures.

    ``errors``: standard errors of single values in the last third of the log; a value weighs by
    its exposures. With 80 % power, at the strictness of this search; never below the practical
    floor; None if there are none.
    """
    if not len(errors):
        return None
    weight = len(looks) * max(looks[0], 1) * 2 * ONSETS_IN_EFFECT
    strictness = norm.isf(FALSE_DISCOVERY_RATE / weight) + norm.ppf(_POWER)
    ascending = np.sort(errors)
    exposures = np.cumsum(1.0 / ascending**2)
    middle = ascending[np.searchsorted(exposures, exposures[-1] / 2)]
    found = float(strictness * np.sqrt(scatter) * middle)
    return min(1.0, max(SMALLEST_EFFECT, found))
