"""The onset: for one conjunction, the likelihood of more bad outcomes from each day on.

Stratified by the expected rate, additive or as one more independent reason (noisy-or), over the
own level before that day (shrunk, so that a new release, which has no past, keeps its evidence) and
over what all others do since.
"""

from dataclasses import dataclass

import numpy as np

from rootcause.exposure import Floats, Ints
from rootcause.likelihood import EDGE, gain, likeliest, mixed, rated, since_each
from rootcause.scan import FEWEST_ROWS, ONSETS_IN_EFFECT, SMALLEST_EFFECT
from rootcause.tally import Conditions, Daily, Tally
from rootcause.usual import Reading, Usual, parts_of, usual_excess

_DAYS_BEFORE = 7
_SHARE_BEFORE = 0.1
_WITHIN_NATS = 2.0
_MOST_DAYS_BETWEEN = 14
_SURELY_ABSENT = 6.0


@dataclass(frozen=True)
class Onset:
    """When the excess of a conjunction began, and how sure that is.

    ``day``, ``earliest``, ``latest``: days since the epoch; ``ratio``: log-likelihood ratio of the
    day that shows most (at a birth, of its day); ``deflated``: the same, allowing for a misfit of
    the expected rate; ``excess``: of the rate since the onset;
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
class _Tables:
    """Per possible onset and stratum: rows, bad and expected rate from then on; its `_dating`."""

    days: Ints
    rows: Floats
    bad: Floats
    rate: Floats
    usual: Usual
    dating: Floats


@dataclass(frozen=True)
class _Profile:
    """Per possible onset its log-likelihood ratios, its excess, and what dates it there."""

    days: Ints
    ratio: Floats
    deflated: Floats
    excess: Floats
    dating: Floats


def find_onset(tally: Tally, conditions: Conditions) -> Onset | None:
    """Return the most likely onset of an excess where the conditions hold, or None."""
    profile = _profile(tally, conditions)
    if profile is None:
        return None
    best = int(np.argmax(np.where(profile.ratio > 0, profile.dating, -np.inf)))
    if profile.ratio[best] <= 0:
        return None
    earliest, latest = _interval(profile, tally.of(conditions), best)
    at_birth = _is_birth(tally, conditions, int(profile.days[best]))
    surest = best if at_birth else int(np.argmax(profile.deflated))
    return Onset(
        day=int(profile.days[best]),
        earliest=earliest,
        latest=latest,
        ratio=float(profile.ratio[surest]),
        deflated=float(profile.deflated[surest]),
        excess=float(profile.excess[best]),
        at_birth=at_birth,
    )


def _profile(tally: Tally, conditions: Conditions) -> _Profile | None:
    """Return the evidence for each possible onset, or None if no day can be one."""
    tables = _tables(tally, conditions)
    if tables is None:
        return None
    # A release that is bad is bad from its first day: that day is as likely as all others together.
    at_birth = _is_birth(tally, conditions, int(tables.days[0]))
    tables.dating[0] += np.log(ONSETS_IN_EFFECT) * at_birth
    weights = np.array([reading.weight for reading in tables.usual.readings])
    told = np.array([_evidence(tables, reading) for reading in tables.usual.readings])
    ratio, deflated = (mixed(weights, told[:, kind]) for kind in range(2))
    excess = (weights * told[:, 2]).sum(axis=0)
    enough = excess >= SMALLEST_EFFECT
    return _Profile(
        tables.days,
        np.where(enough, ratio, 0.0),
        np.where(enough, deflated, 0.0),
        excess,
        tables.dating,
    )


def _evidence(tables: _Tables, reading: Reading) -> tuple[Floats, Floats, Floats]:
    """Return per onset log-likelihood ratio, the same deflated, and excess over one reading."""
    rate = np.clip(tables.rate + reading.level[:, None], EDGE, 1 - EDGE)
    additive = _fit(tables, rate, np.ones_like(rate))
    noisy_or = _fit(tables, rate, 1.0 - rate)
    chance = 1.0 / additive[2] + reading.chance
    ratio = np.maximum(additive[0], noisy_or[0]) / additive[2] / chance
    return ratio, ratio * chance / (chance + tables.usual.misfit), additive[1]


def _interval(profile: _Profile, inside: Daily, best: int) -> tuple[int, int]:
    """Return the first and the last likely onset: all days that explain about as much.

    From the day after the last row before them: what began in between shows as well only then.
    """
    near = profile.days[profile.dating >= profile.dating[best] - _WITHIN_NATS]
    with_rows = inside.days[inside.rows.sum(axis=1) > 0]
    before = with_rows[with_rows < near.min()]
    earliest = before[-1] + 1 if len(before) else near.min()
    return int(max(earliest, near.min() - _MOST_DAYS_BETWEEN)), int(near.max())


def born_on(tally: Tally, conditions: Conditions) -> int | None:
    """Return the first day of a conjunction that did not exist before, or None if it always did."""
    inside = tally.of(conditions)
    days = inside.days[inside.rows.sum(axis=1) > 0]
    return int(days[0]) if len(days) and _is_birth(tally, conditions, int(days[0])) else None


def _is_birth(tally: Tally, conditions: Conditions, day: int) -> bool:
    """Whether no row meets the conditions before the day, by more than chance."""
    inside, whole = tally.of(conditions), tally.whole
    n_later, n_inside_later = whole.since(day).n, inside.since(day).n
    rate_since = n_inside_later / n_later if n_later else 0.0
    absent = inside.n == n_inside_later
    return bool(absent and rate_since * (whole.n - n_later) > _SURELY_ABSENT)


def nats_for_one_change(tally: Tally, narrow: Conditions, wide: Conditions) -> float:
    """Return how much likelier it is that the wide change as one than that only the narrow do.

    Both are judged on the rows of the wide: as one, on a day of theirs; or the narrow, of the same
    rows and one condition more, on a day of theirs, while the rest stay at a level of their own.
    Minus infinity where the wide cannot have changed.
    """
    as_one, alone = _tables(tally, wide), _tables(tally, narrow)
    if as_one is None or alone is None:
        return -np.inf
    rest = _unchanged(tally, tally.of(wide) - tally.of(narrow))
    return float(as_one.dating.max() - alone.dating.max() - rest)


def _tables(tally: Tally, conditions: Conditions) -> _Tables | None:
    inside = tally.of(conditions)
    days = _possible_onsets(inside, len(tally.whole.rows))
    if not len(days):
        return None
    place = days - inside.first_day
    n, bad, rates = (since_each(kind, place) for kind in (inside.rows, inside.bad, inside.expected))
    usual = usual_excess(tally, inside, since=days, parts=parts_of(tally, conditions))
    mean = np.divide(rates, n, out=np.full_like(n, 0.5), where=n > 0)
    dating = _dating(inside, place, usual)
    return _Tables(days=days, rows=n, bad=bad, rate=mean, usual=usual, dating=dating)


def _possible_onsets(inside: Daily, n_days: int) -> Ints:
    """Return the days with rows inside, enough from then on, and some of the log before."""
    rows = inside.rows.sum(axis=1)
    late = np.arange(n_days) >= max(_DAYS_BEFORE, round(_SHARE_BEFORE * (n_days - 1)))
    enough = np.cumsum(rows[::-1])[::-1] >= FEWEST_ROWS
    return np.asarray(inside.days[(rows > 0) & late & enough])


def _fit(tables: _Tables, rate: Floats, slope: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log-likelihood ratio, mean excess and information of p = rate + q slope per onset."""
    n, bad = tables.rows, tables.bad
    p = likeliest(n, bad, rate, slope, lowest=0.0)
    excess = (n * (p - rate)).sum(axis=1) / n.sum(axis=1)
    return gain(n, bad, rate, p), excess, (n / (rate * (1 - rate))).sum(axis=1)


def _dating(inside: Daily, place: Ints, usual: Usual) -> Floats:
    """Return the log-likelihood of a change at each place: a level before, another from then on.

    What stands before the change must be as usual, too: without that, a later day always looks
    better for having a longer past.
    """
    since = [since_each(kind, place) for kind in _counts(inside)]
    whole = [kind.sum(axis=0) for kind in _counts(inside)]
    n, bad, rate = rated(*since)
    found = gain(n, bad, rate, likeliest(n, bad, rate, np.ones_like(rate), lowest=-1.0))
    before = (all_of - late for all_of, late in zip(whole, since, strict=True))
    return np.asarray(found + _at_own_level(usual, *before))


def _at_own_level(usual: Usual, rows: Floats, bad: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood of rows at the level that their own past shows."""
    n, bad, rate = rated(rows, bad, expected)
    level = np.clip(rate + usual.own[:, None], EDGE, 1 - EDGE)
    return np.asarray(gain(n, bad, rate, level) - 0.5 * usual.own**2 / usual.own_variance)


def _counts(inside: Daily) -> tuple[Floats, Floats, Floats]:
    return inside.rows, inside.bad, inside.expected


def _unchanged(tally: Tally, inside: Daily) -> float:
    """Return the log-likelihood of rows that stay at a level of their own throughout."""
    end = np.array([len(inside.rows)])
    usual = usual_excess(tally, inside, since=inside.first_day + end)
    return float(_at_own_level(usual, *(k.sum(axis=0)[None] for k in _counts(inside)))[0])
