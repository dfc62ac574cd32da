"""The onset: for one slice, the likelihood of additional bad outcomes from each day on.

Stratified by the expected rate, additive or as one more independent reason (noisy-or), over the
slice's own level before that day, which is shrunk so that a slice without a past (a new release)
keeps its evidence.
"""

from dataclasses import dataclass

import numpy as np

from rootcause.expected import StepRows
from rootcause.exposure import Flags, Floats, Ints
from rootcause.scan import DRIFT_LOGITS, FEWEST_ROWS, MISFIT_LOGITS, tally

_STRATA = 8
_DAYS_BEFORE = 7
_SHARE_BEFORE = 0.05
_WITHIN_NATS = 2.0
_ITERATIONS = 8
_EDGE = 1e-3


@dataclass(frozen=True)
class Onset:
    """When the excess of a slice began, and how sure that is.

    ``day``, ``earliest``, ``latest``: days since the epoch; ``ratio``: log-likelihood ratio;
    ``deflated``: the same, allowing for a misfit of the expected rate; ``excess``: of the rate.
    """

    day: int
    earliest: int
    latest: int
    ratio: float
    deflated: float
    excess: float


@dataclass(frozen=True)
class _Tables:
    """Per possible onset and stratum: rows, bad and expected rate from then on, level before."""

    days: Ints
    rows: Floats
    bad: Floats
    rate: Floats
    before: Floats
    before_error: Floats


def find_onset(rows: StepRows, expected: Floats, inside: Flags) -> Onset | None:
    """Return the most likely onset of an excess among the rows inside, None if there is none."""
    tables = _tables(rows, expected, inside)
    if tables is None:
        return None
    additive = _fit(tables, np.ones_like(tables.rate))
    noisy_or = _fit(tables, 1.0 - tables.rate)
    ratio = np.maximum(additive[0], noisy_or[0])
    best = len(ratio) - 1 - int(np.argmax(ratio[::-1]))
    if ratio[best] <= 0:
        return None
    near = tables.days[ratio >= ratio[best] - _WITHIN_NATS]
    information = additive[2][best]
    share = (1.0 / information) / (1.0 / information + tables.before_error[best] ** 2)
    return Onset(
        day=int(tables.days[best]),
        earliest=int(near.min()),
        latest=int(near.max()),
        ratio=float(ratio[best]),
        deflated=float(ratio[best] * share),
        excess=float(additive[1][best]),
    )


def own_level(rows: StepRows, expected: Floats, past: Flags) -> tuple[float, float]:
    """Return by how much the past rows of a slice lay above expectation, shrunk, and its error.

    The error allows for a misfit that nobody is to blame for and for drift since.
    """
    usual = float((expected * (1.0 - expected)).mean()) if len(expected) else 0.25
    misfit = (MISFIT_LOGITS * usual) ** 2
    n = int(past.sum())
    if n == 0:
        return 0.0, float(np.sqrt(misfit))
    variance = max(float((expected[past] * (1 - expected[past])).mean()) / n, 1e-12)
    level = float((rows.bad[past] - expected[past]).mean()) * misfit / (misfit + variance)
    left = misfit * variance / (misfit + variance)
    return level, float(np.sqrt(left + (DRIFT_LOGITS * usual) ** 2))


def _tables(rows: StepRows, expected: Floats, inside: Flags) -> _Tables | None:
    first, last = int(rows.day.min()), int(rows.day.max())
    earliest = first + max(_DAYS_BEFORE, round(_SHARE_BEFORE * (last - first)))
    day, bad, rate = rows.day[inside], rows.bad[inside], expected[inside]
    days = np.unique(day)
    days = days[days >= earliest]
    counts = np.searchsorted(np.sort(day), days)
    days = days[len(day) - counts >= FEWEST_ROWS]
    if not len(days):
        return None
    edges = np.quantile(rate, np.arange(1, _STRATA) / _STRATA)
    cell = np.searchsorted(days, day, side="right") * _STRATA + np.searchsorted(edges, rate)
    shape = (len(days) + 1, _STRATA)
    weights = (np.ones(len(day)), bad, rate, rate * (1 - rate))
    n, harm, sums, spread = (tally(cell, weight, shape) for weight in weights)
    after = [np.cumsum(table[::-1], axis=0)[::-1][1:] for table in (n, harm, sums)]
    before, error = _levels_before(n, harm - sums, spread, expected)
    usual = np.divide(after[2], after[0], out=np.full_like(after[0], 0.5), where=after[0] > 0)
    return _Tables(
        days=days,
        rows=after[0],
        bad=after[1],
        rate=np.clip(usual + before[:, None], _EDGE, 1 - _EDGE),
        before=before,
        before_error=error,
    )


def _levels_before(
    n: Floats, residual: Floats, spread: Floats, expected: Floats
) -> tuple[Floats, Floats]:
    """Return `own_level` before each possible onset, all at once."""
    usual = float((expected * (1 - expected)).mean())
    misfit = (MISFIT_LOGITS * usual) ** 2
    count, total, variance = (np.cumsum(table.sum(axis=1))[:-1] for table in (n, residual, spread))
    some = np.maximum(count, 1.0)
    variance = np.where(count > 0, np.maximum(variance, 1e-9) / some**2, np.inf)
    level = np.where(count > 0, total / some * misfit / (misfit + variance), 0.0)
    left = np.where(
        count > 0, misfit * variance / (misfit + np.where(count > 0, variance, 0)), misfit
    )
    left = np.where(count > 0, left + (DRIFT_LOGITS * usual) ** 2, misfit)
    return level, np.sqrt(left)


def _fit(tables: _Tables, slope: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log-likelihood ratio, mean excess and information of p = rate + q slope per onset."""
    n, bad, rate = tables.rows, tables.bad, tables.rate
    q = np.zeros((len(n), 1))
    for _ in range(_ITERATIONS):
        p = np.clip(rate + q * slope, _EDGE, 1 - _EDGE)
        score = (slope * (bad - n * p) / (p * (1 - p))).sum(axis=1, keepdims=True)
        information = (slope**2 * n / (p * (1 - p))).sum(axis=1, keepdims=True)
        q = np.clip(q + score / information, 0.0, 1.0)
    p = np.clip(rate + q * slope, _EDGE, 1 - _EDGE)
    gain = bad * np.log(p / rate) + (n - bad) * np.log((1 - p) / (1 - rate))
    excess = (n * (p - rate)).sum(axis=1) / n.sum(axis=1)
    return gain.sum(axis=1), excess, (n / (rate * (1 - rate))).sum(axis=1)
