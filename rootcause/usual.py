"""The usual: by how much rows would lie above what was expected of them if nothing had changed.

Their own level before, shrunk (so that a new release, which has no past, keeps its evidence), and
what all others do since.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rootcause.exposure import Flags, Floats, Ints
from rootcause.scan import DRIFT_LOGITS, LEVEL_LOGITS, MISFIT_LOGITS
from rootcause.tally import Conditions, Daily, Tally

_YOUNG = 0.1
_APART = 0.02


@dataclass(frozen=True)
class Reading:
    """One reading of the level: how likely it is, and what it says; each of shape (n_onsets,)."""

    weight: Floats
    level: Floats
    chance: Floats


@dataclass(frozen=True)
class Usual:
    """What rows would do without news, over their expected rate, per onset: shape (n_onsets,).

    ``level``: where nothing is known of how far groups lie off their expected rates; ``chance``:
    its variance by the chance of outcomes; ``misfit``: by what the expected rate may be off for no
    reason, as far as the past of the rows has not shown it. ``own``: the part of the level that
    their own past shows, of the prior ``own_variance``. ``readings``: the level of a group that is
    expected as well as groups are, and of one that is not, as likely as the past makes them.
    """

    level: Floats
    own: Floats
    own_variance: Floats
    chance: Floats
    misfit: Floats
    readings: tuple[Reading, Reading]

    @property
    def error(self) -> Floats:
        """The standard error of the level."""
        return np.sqrt(self.chance + self.misfit)

    @property
    def likely(self) -> tuple[Floats, Floats]:
        """The mean of the readings, as likely as they are, and its standard error."""
        weight = np.array([reading.weight for reading in self.readings])
        level = np.array([reading.level for reading in self.readings])
        mean = (weight * level).sum(axis=0)
        apart = np.array([reading.chance for reading in self.readings]) + (level - mean) ** 2
        return mean, np.sqrt((weight * apart).sum(axis=0) + self.misfit)


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
    misfit_logits = tally.allowance * MISFIT_LOGITS
    logits = np.where(young, misfit_logits, LEVEL_LOGITS)
    prior = np.zeros(len(since))
    for part in parts:
        of_part, _ = _sides(part, since)
        prior += of_part.mean * _weight((misfit_logits * usual) ** 2, of_part)
    news = others_after.mean - others_before.mean * _weight(
        (LEVEL_LOGITS * usual) ** 2, others_before
    )
    by_others = np.minimum(others_after.variance, 1.0)
    free = _Own.of(before, prior, (logits * usual) ** 2)
    near = _Own.of(before, prior, np.full(len(since), (misfit_logits * usual) ** 2))
    # What a single value is worth no model tells that has hardly learnt from it.
    apart = _Own.share_apart(near, free) if parts else np.ones(len(since))
    return Usual(
        level=free.mean + news,
        own=free.mean,
        own_variance=free.variance,
        chance=by_others + np.where(young, 0.0, free.left),
        misfit=np.where(young, free.left, 0.0) + (tally.allowance * DRIFT_LOGITS * usual) ** 2,
        readings=(
            near.reading(1.0 - apart, news, by_others, young),
            free.reading(apart, news, by_others, young),
        ),
    )


@dataclass(frozen=True)
class _Own:
    """The own level that a past shows under a prior: its mean, and the variance that is left.

    ``likelihood``: the logarithm of that of the past; each of shape (n_onsets,).
    """

    variance: Floats
    mean: Floats
    left: Floats
    likelihood: Floats

    @classmethod
    def of(cls, before: "_Side", prior: Floats, variance: Floats) -> "_Own":
        some, weight = before.rows > 0, _weight(variance, before)
        off = np.where(some, before.mean - prior, 0.0)
        scatter = np.where(some, before.variance + variance, 1.0)
        likelihood = np.where(some, -0.5 * (np.log(scatter) + off**2 / scatter), 0.0)
        return cls(variance, prior + weight * off, variance * (1.0 - weight), likelihood)

    @staticmethod
    def share_apart(near: "_Own", free: "_Own") -> Floats:
        """Return how likely the rows are those of a group apart, given their past."""
        nats = near.likelihood - free.likelihood + np.log((1.0 - _APART) / _APART)
        return np.asarray(expit(-nats))

    def reading(self, weight: Floats, news: Floats, by_others: Floats, young: Flags) -> Reading:
        """Return the reading of this own level; of the young what is left counts as misfit."""
        return Reading(weight, self.mean + news, by_others + np.where(young, 0.0, self.left))


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
