"""The usual: by how much rows would lie above what was expected of them if nothing had changed.

Their own level before, shrunk (so that a new release, which has no past, keeps its evidence), and
what all others do since.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rootcause.exposure import Floats, Ints
from rootcause.scan import DRIFT_LOGITS, LEVEL_LOGITS, MISFIT_LOGITS
from rootcause.tally import Conditions, Daily, Tally

_YOUNG = 0.1


@dataclass(frozen=True)
class Usual:
    """What rows would do without news, over their expected rate, per onset: shape (n_onsets,).

    ``chance``: variance of the level by the chance of the others' outcomes; ``misfit``: by what the
    expected rate may be off for no reason, as far as the past of the rows has not shown it.
    ``own``: the part of the level that their own past shows, of the prior ``own_variance``.
    """

    level: Floats
    own: Floats
    own_variance: Floats
    chance: Floats
    misfit: Floats

    @property
    def error(self) -> Floats:
        """The standard error of the level."""
        return np.sqrt(self.chance + self.misfit)


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
    weight = _weight((logits * usual) ** 2, before)
    own = prior + weight * np.where(before.rows > 0, before.mean - prior, 0.0)
    left = (logits * usual) ** 2 * (1.0 - weight)
    level = (
        own
        + others_after.mean
        - others_before.mean * _weight((LEVEL_LOGITS * usual) ** 2, others_before)
    )
    return Usual(
        level=level,
        own=own,
        own_variance=(logits * usual) ** 2,
        chance=np.minimum(others_after.variance, 1.0) + np.where(young, 0.0, left),
        misfit=np.where(young, left, 0.0) + (tally.allowance * DRIFT_LOGITS * usual) ** 2,
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
