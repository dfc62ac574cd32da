"""The gap: how much worse the exposed fare than comparable journeys of the same weeks.

Both sides are taken less what was expected of each, the others weighed to look like the exposed as
far as enough of them do (`rootcause.robust`) and, seven days by seven days, to their number: what
moves everybody, season or campaign, moves both sides and drops out. Errors are clustered by
customer, and widened by as much as days scatter more than customers do.
"""

from dataclasses import dataclass

import numpy as np

from rootcause.contrast import Contrast, usual_spread
from rootcause.expected import expected_rate
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags, Floats, Ints
from rootcause.robust import likeness
from rootcause.scan import MISFIT_LOGITS
from rootcause.step_rows import rows_of_step

FEWEST = 20

_FEWEST_TO_WEIGH = 60
_FEWEST_IN_A_BLOCK = 5.0
_DAYS_IN_DOUBT = 7
_BLOCK = 7 * MICROS_A_DAY


@dataclass(frozen=True)
class Gap:
    """Exposed less others in one period, as a difference of probabilities.

    Attributes
    ----------
    variance : over customers, before any widening for days
    exposed, compared : journeys on either side
    scatter, days : variance over days to that of single journeys, and over how many days
    blocks : (block, gap, variance, exposed) per seven days; a block is counted from the change
    """

    value: float
    variance: float
    exposed: int
    compared: int
    scatter: float
    days: int
    blocks: tuple[tuple[int, float, float, int], ...]


@dataclass(frozen=True)
class Ground:
    """The contrast at a step, the weights of those not exposed, and the seven days of each row."""

    contrast: Contrast
    weight: Floats
    block: Ints


def ground_of(
    exposures: Exposures,
    conditions: dict[str, str],
    *,
    exposed: Flags,
    beside: Flags,
    since: int,
    blocks_from: int,
) -> Ground:
    """Return what is compared: those exposed and those beside them, at the step, outcome known.

    Parameters
    ----------
    since : first day on which the exposed may differ, counted since the epoch; from a week before
        on the expected rate learns nothing from them
    blocks_from : instant from which seven days each are counted, in microseconds (UTC)
    """
    step = exposures.meets({STEP: conditions[STEP]}) & ~np.isnan(exposures.bad)
    here = step & (exposed | beside)
    contrast = Contrast(
        exposures=exposures,
        conditions=conditions,
        since=since,
        here=here,
        met=exposed,
        expected=_expected(exposures, here, exposed, since),
        scatter=1.0,
    )
    weight = np.where(here, 1.0, 0.0)
    for rows in (here & contrast.later, here & ~contrast.later):
        if min(int((rows & exposed).sum()), int((rows & ~exposed).sum())) >= _FEWEST_TO_WEIGH:
            weight[rows & ~exposed] = _as_far_as_known(
                contrast, likeness(contrast, rows)[~exposed[rows]]
            )
    return Ground(contrast, weight, (exposures.time - blocks_from) // _BLOCK)


def gap_in(ground: Ground, period: Flags) -> Gap | None:
    """Return the gap in a period; None where one side has too few.

    Exposed of seven days in which nobody is comparable are left out.
    """
    rows = np.flatnonzero(period & ground.contrast.here)
    met = ground.contrast.met[rows]
    weight = np.where(met, 0.0, ground.weight[rows])
    _, block = np.unique(ground.block[rows], return_inverse=True)
    size = int(block.max()) + 1 if len(rows) else 0
    total, square = (np.bincount(block, weight**power, size) for power in (1, 2))
    comparable = total**2 >= _FEWEST_IN_A_BLOCK * square
    kept = (comparable & (total > 0))[block]
    if min(int((kept & met).sum()), int((kept & ~met).sum())) < FEWEST:
        return None
    return _measured(ground, rows[kept], met[kept], weight[kept])


def _as_far_as_known(contrast: Contrast, weight: Floats) -> Floats:
    """Return weights between 1 for all and those given, the nearer to these the more they hold.

    Those who look like the exposed are better company, but few; all others are many, and off by no
    more than the expected rate may be. The mean of both, by their errors, is a mean of weights.
    """
    few = weight.sum() ** 2 / (weight**2).sum()
    believed = MISFIT_LOGITS**2 * usual_spread(contrast) * few
    share = believed / (believed + 1.0)
    return np.asarray(1.0 - share + share * weight / weight.mean())


def _measured(ground: Ground, rows: Ints, met: Flags, weight: Floats) -> Gap:
    contrast = ground.contrast
    names, block = np.unique(ground.block[rows], return_inverse=True)
    residual = contrast.residual[rows]
    of_block = np.bincount(block, met)
    total = np.bincount(block, weight)
    theirs = np.bincount(block, weight * residual) / total
    own = np.where(met, residual - theirs[block], 0.0)
    value = float(own.sum() / met.sum())
    scale = (of_block / total)[block] * weight
    influence = np.where(met, own - value, -scale * (residual - theirs[block])) / met.sum()
    day = contrast.exposures.day[rows]
    alone = float((influence**2).sum())
    parts = _parts(contrast, rows, met, block, scale)
    least = max(float(_chance(contrast, rows[met]) / met.sum() - (influence[met] ** 2).sum()), 0.0)
    of_customers = _clustered(influence, contrast.exposures.customer[rows])
    return Gap(
        value=value,
        variance=of_customers + least,
        exposed=int(met.sum()),
        compared=int((~met).sum()),
        scatter=_clustered(influence, day) / alone if alone > 0 else 1.0,
        days=len(np.unique(day)),
        blocks=tuple(
            (int(names[place]), gap, variance, int(of_block[place]))
            for place, (gap, variance) in enumerate(parts)
            if of_block[place] > 0
        ),
    )


def _parts(
    contrast: Contrast, rows: Ints, met: Flags, block: Ints, scale: Floats
) -> list[tuple[float, float]]:
    """Return the gap of each block and its variance; nothing of a block without exposed counts."""
    residual, found = contrast.residual[rows], []
    for place in range(int(block.max()) + 1):
        mine, theirs = (block == place) & met, (block == place) & ~met
        n = max(int(mine.sum()), 1)
        level = float(np.average(residual[theirs], weights=scale[theirs])) if mine.any() else 0.0
        gap = float(residual[mine].sum() / n) - level
        others = (scale[theirs] / n * (residual[theirs] - level)) ** 2
        found.append((gap, _chance(contrast, rows[mine]) / n + float(others.sum())))
    return found


def _chance(contrast: Contrast, rows: Ints) -> float:
    """Return the variance of one outcome, never that of a rate that happens to be 0 or 1."""
    if not len(rows):
        return 0.25
    p = contrast.expected[rows]
    rate = (contrast.exposures.bad[rows].sum() + 1.0) / (len(rows) + 2.0)
    return max(float((p * (1.0 - p)).mean()), float(rate * (1.0 - rate)))


def _clustered(influence: Floats, cluster: Ints) -> float:
    _, place = np.unique(cluster, return_inverse=True)
    return float((np.bincount(place, influence) ** 2).sum())


def _expected(exposures: Exposures, here: Flags, exposed: Flags, since: int) -> Floats:
    expected = np.full(len(exposures), np.nan)
    if not here.any():
        return expected
    step = int(exposures.step[here][0])
    rows = rows_of_step(exposures, step, explained=~here, seed=0, apart=exposed)
    left_out = (rows.of_exposures(exposed) > 0) & (rows.day >= since - _DAYS_IN_DOUBT)
    expected[rows.index] = expected_rate(rows, seed=0, left_out=left_out)[rows.row]
    return expected
