"""The onset: for one conjunction, the likelihood of more bad outcomes from each day on.

Stratified by the expected rate, additive or as one more independent reason (noisy-or), over the
own level before that day (shrunk, so that a new release, which has no past, keeps its evidence) and
over what all others do since.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rootcause.exposure import Floats, Ints
from rootcause.scan import (
    DRIFT_LOGITS,
    FEWEST_ROWS,
    LEVEL_LOGITS,
    MISFIT_LOGITS,
    ONSETS_IN_EFFECT,
    SMALLEST_EFFECT,
)
from rootcause.tally import Conditions, Daily, Tally

_DAYS_BEFORE = 7
_SHARE_BEFORE = 0.1
_WITHIN_NATS = 2.0
_ITERATIONS = 8
_EDGE = 1e-3
_SURELY_ABSENT = 6.0
_YOUNG = 0.1


@dataclass(frozen=True)
class Onset:
    """When the excess of a conjunction began, and how sure that is.

    ``day``, ``earliest``, ``latest``: days since the epoch; ``ratio``: log-likelihood ratio;
    ``deflated``: the same, allowing for a misfit of the expected rate; ``excess``: of the rate;
    ``at_birth``: whether the conjunction (a new release) did not exist before.
    """

    day: int
    earliest: int
    latest: int
    ratio: float
    deflated: float
    excess: float
    at_birth: bool


@dataclass(frozen=True)
class Usual:
    """What rows would do without news, over their expected rate, per onset: shape (n_onsets,).

    ``chance``: variance of the level by the chance of the others' outcomes; ``misfit``: by what the
    expected rate may be off for no reason, as far as the past of the rows has not shown it.
    """

    level: Floats
    chance: Floats
    misfit: Floats

    @property
    def error(self) -> Floats:
        """The standard error of the level."""
        return np.sqrt(self.chance + self.misfit)


@dataclass(frozen=True)
class _Tables:
    """Per possible onset and stratum: rows, bad and usual rate from then on."""

    days: Ints
    rows: Floats
    bad: Floats
    rate: Floats
    usual: Usual


@dataclass(frozen=True)
class _Side:
    """Sums over some rows before or since each possible onset: rows, residuals, p (1 - p)."""

    rows: Floats
    residual: Floats
    spread: Floats

    @property
    def mean(self) -> Floats:
        return np.asarray(self.residual / np.maximum(self.rows, 1.0))

    @property
    def variance(self) -> Floats:
        """Of the mean residual, infinite where there are no rows."""
        some = np.maximum(self.spread, 1e-9) / np.maximum(self.rows, 1.0) ** 2
        return np.where(self.rows > 0, some, np.inf)


def find_onset(tally: Tally, conditions: Conditions) -> Onset | None:
    """Return the most likely onset of an excess where the conditions hold, or None."""
    tables = _tables(tally, conditions)
    if tables is None:
        return None
    additive = _fit(tables, np.ones_like(tables.rate))
    noisy_or = _fit(tables, 1.0 - tables.rate)
    chance = 1.0 / additive[2] + tables.usual.chance
    ratio = np.maximum(additive[0], noisy_or[0]) / additive[2] / chance
    ratio = np.where(additive[1] >= SMALLEST_EFFECT, ratio, 0.0)
    deflated = ratio * chance / (chance + tables.usual.misfit)
    # A release that is bad is bad from its first day: that day is as likely as all others together.
    head_start = np.zeros(len(ratio))
    head_start[0] = np.log(ONSETS_IN_EFFECT) * _is_birth(tally, conditions, int(tables.days[0]))
    best = len(ratio) - 1 - int(np.argmax((deflated + head_start)[::-1]))
    if ratio[best] <= 0:
        return None
    likely = ratio + head_start
    near = tables.days[likely >= likely[best] - _WITHIN_NATS]
    return Onset(
        day=int(tables.days[best]),
        earliest=int(near.min()),
        latest=int(near.max()),
        ratio=float(ratio[best]),
        deflated=float(deflated[best]),
        excess=float(additive[1][best]),
        at_birth=_is_birth(tally, conditions, int(tables.days[best])),
    )


def _is_birth(tally: Tally, conditions: Conditions, day: int) -> bool:
    """Whether no row meets the conditions before the day, by more than chance."""
    inside, whole = tally.of(conditions), tally.whole
    n_later, n_inside_later = whole.since(day).n, inside.since(day).n
    rate_since = n_inside_later / n_later if n_later else 0.0
    absent = inside.n == n_inside_later
    return bool(absent and rate_since * (whole.n - n_later) > _SURELY_ABSENT)


def usual_excess(
    tally: Tally,
    inside: Daily,
    *,
    since: Ints,
    parts: Sequence[Daily] = (),
    others: Daily | None = None,
) -> Usual:
    """Return by how much the rows inside would lie above expectation without news.

    What the others (by default all others) do since that day, plus the own level before it, shrunk
    towards the levels of the ``parts`` that the rows are an intersection of (all that is known of a
    new release). ``since``: days, ascending, shape (n_onsets,).
    """
    whole = tally.whole
    usual = float(whole.spread.sum() / whole.rows.sum())
    before, after = _sides(inside, since)
    others_before, others_after = _sides(whole - inside if others is None else others, since)
    share = after.rows / np.maximum(others_after.rows, 1.0)
    young = before.rows <= _YOUNG * share * others_before.rows
    logits = np.where(young, MISFIT_LOGITS, LEVEL_LOGITS)
    prior = np.zeros(len(since))
    for part in parts:
        of_part, _ = _sides(part, since)
        prior += of_part.mean * _weight((MISFIT_LOGITS * usual) ** 2, of_part)
    weight = _weight((logits * usual) ** 2, before)
    level = prior + weight * np.where(before.rows > 0, before.mean - prior, 0.0)
    left = (logits * usual) ** 2 * (1.0 - weight)
    level += others_after.mean - others_before.mean * _weight(
        (LEVEL_LOGITS * usual) ** 2, others_before
    )
    return Usual(
        level=level,
        chance=np.minimum(others_after.variance, 1.0) + np.where(young, 0.0, left),
        misfit=np.where(young, left, 0.0) + (DRIFT_LOGITS * usual) ** 2,
    )


def parts_of(tally: Tally, conditions: Conditions) -> list[Daily]:
    """Return what the rows of several conditions are an intersection of; nothing for one."""
    return [tally.of((one,)) for one in conditions] if len(conditions) > 1 else []


def _weight(prior_variance: Floats | float, known: _Side) -> Floats:
    return np.asarray(prior_variance / (prior_variance + known.variance))


def _sides(daily: Daily, since: Ints) -> tuple[_Side, _Side]:
    """Return the sums over the rows before, and from, each day in ``since`` (ascending)."""
    place = np.clip(since - daily.first_day, 0, len(daily.rows))
    kinds = (daily.rows, daily.bad - daily.expected, daily.spread)
    running = [np.concatenate([[0.0], np.cumsum(kind.sum(axis=1))]) for kind in kinds]
    before = [sums[place] for sums in running]
    after = [sums[-1] - past for sums, past in zip(running, before, strict=True)]
    return _Side(*before), _Side(*after)


def _tables(tally: Tally, conditions: Conditions) -> _Tables | None:
    inside = tally.of(conditions)
    days = _possible_onsets(inside, len(tally.whole.rows))
    if not len(days):
        return None
    place = days - inside.first_day
    kinds = (inside.rows, inside.bad, inside.expected)
    n, bad, rates = (np.cumsum(kind[::-1], axis=0)[::-1][place] for kind in kinds)
    usual = usual_excess(tally, inside, since=days, parts=parts_of(tally, conditions))
    mean = np.divide(rates, n, out=np.full_like(n, 0.5), where=n > 0)
    rate = np.clip(mean + usual.level[:, None], _EDGE, 1 - _EDGE)
    return _Tables(days=days, rows=n, bad=bad, rate=rate, usual=usual)


def _possible_onsets(inside: Daily, n_days: int) -> Ints:
    """Return the days with rows inside, enough from then on, and some of the log before."""
    rows = inside.rows.sum(axis=1)
    late = np.arange(n_days) >= max(_DAYS_BEFORE, round(_SHARE_BEFORE * (n_days - 1)))
    enough = np.cumsum(rows[::-1])[::-1] >= FEWEST_ROWS
    return np.asarray(inside.days[(rows > 0) & late & enough])


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
