"""Who is compared with whom: a value with its siblings, its parent with others, all with before.

Exposures of one step are compared inside cells: a block of time and a stratum, that is, a fifth of
the risk of the symptom as it was before the value was born (a prognostic score, Hansen 2008). So
days, hours and the mix of customers and devices drop out. All that a cell needs is settled when the
value is born, or within the cell's own block: what comes later changes no evidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from models.trees import TreeSettings, fit_trees
from rootcause.anytime import Cells, Trail, gain_of, least_of, mean_of, trail_of
from rootcause.exposure import MICROS_A_DAY, Exposures, Flags, Floats, Ints
from rootcause.last_known import Codes
from rootcause.sentinel_symptoms import MICROS_AN_HOUR, EarlySymptom
from rootcause.sentinel_values import YoungValue

Level = Literal["value", "parent", "all"]

BENIGN_LOGITS = 0.2
BENIGN_LOGITS_BEFORE = 0.3

_BLOCK_HOURS = (6, 12, 24)
_WORTH_A_BLOCK = 60.0
_WORTH_A_STRATUM = 8.0
_MOST_STRATA = 5
_MOST_LAGS = 3
_CLEARLY = 2.0
_RECENT_DAYS = 28
_GROWN_DAYS = 7
_AS_GOOD_AS_OVER = 24
_MOST_ROWS = 10_000
_FEWEST_HITS = 20
_FEWEST_ROWS = 300


@dataclass(frozen=True)
class Compared:
    """One comparison: the evidence, and the cells from which the rates come."""

    level: Level
    trail: Trail
    cells: Cells


@dataclass(frozen=True)
class Watched:
    """The exposures of one step, of one symptom, as they are watched for one young value.

    ``own``, ``sibling``, ``elsewhere``: of the value, of its parent's other grown values, of other
    parents; what came up to a week before the value, or after it, is in none of the last two.
    Arrays have shape (n,).
    ``ends``: until when the log is known; ``lag``: how far back *before* lies, in whole weeks; µs.
    """

    own: Flags
    sibling: Flags
    elsewhere: Flags
    since_birth: Flags
    before: Flags
    hit: Flags
    known_at: Ints
    codes: Codes
    ends: int
    lag: int

    @cached_property
    def block_micros(self) -> int:
        """How long a block is: the shortest in which enough is seen, by what came before."""
        a_day = self._a_day()
        for hours in _BLOCK_HOURS:
            if a_day * hours / 24 >= _WORTH_A_BLOCK:
                return hours * MICROS_AN_HOUR
        return _BLOCK_HOURS[-1] * MICROS_AN_HOUR

    @cached_property
    def block(self) -> Ints:
        """The block in which each exposure's symptom is known."""
        return self.known_at // self.block_micros

    @cached_property
    def after(self) -> Flags:
        """The exposures since the value was born, in blocks that are over, or as good as over."""
        over = (self.ends + self.block_micros // _AS_GOOD_AS_OVER) // self.block_micros
        return np.asarray(self.since_birth & (self.block < over))

    @cached_property
    def risk(self) -> Floats:
        """The risk of the symptom by who and what, as it was before the value was born."""
        learn = np.flatnonzero(self.before)[-_MOST_ROWS:]
        hits = int(self.hit[learn].sum())
        if len(learn) < _FEWEST_ROWS or min(hits, len(learn) - hits) < _FEWEST_HITS:
            return np.full(len(self.hit), (hits + 0.5) / (len(learn) + 1.0))
        settings = TreeSettings(trees=30, leaves=8, learning_rate=0.2, min_leaf=40, seed=0)
        trees = fit_trees(
            self.codes[learn],
            self.hit[learn].astype(np.float64),
            settings=settings,
            categorical=range(self.codes.shape[1]),
        )
        return trees.probability(self.codes)

    @cached_property
    def stratum(self) -> Ints:
        """Up to five parts of equal size by risk, fewer where little is seen."""
        share = self.block_micros / MICROS_A_DAY
        n_strata = int(np.clip(self._a_day() * share / _WORTH_A_STRATUM, 1, _MOST_STRATA))
        known = self.risk[self.before]
        if n_strata == 1 or not len(known):
            return np.zeros(len(self.hit), dtype=np.int64)
        edges = np.unique(np.quantile(known, np.arange(1, n_strata) / n_strata))
        return np.searchsorted(edges, self.risk, side="right").astype(np.int64)

    @cached_property
    def scatter(self) -> float:
        """By how much days scattered more than coins do before the value was born, at least 1."""
        day = self.known_at[self.before] // MICROS_A_DAY
        if not len(day):
            return 1.0
        day = day - day.min()
        risk = self.risk[self.before]
        expected = np.bincount(day, risk)
        spread = np.bincount(day, risk * (1.0 - risk))
        off = np.bincount(day, self.hit[self.before]) - expected
        enough = spread >= 1.0
        return max(1.0, float((off[enough] ** 2 / spread[enough]).mean())) if enough.any() else 1.0

    def _a_day(self) -> float:
        known_at = self.known_at[self.before]
        recent = known_at > known_at.max(initial=0) - _RECENT_DAYS * MICROS_A_DAY
        return float(recent.sum()) / _RECENT_DAYS


def watched_for(
    value: YoungValue,
    exposures: Exposures,
    symptom: EarlySymptom,
    *,
    step: int,
    ends: int,
    window: int,
) -> Watched:
    """Return what is watched for a value at one step.

    Parameters
    ----------
    ends : until when the log is known, in microseconds since the epoch
    window : for how long a value is watched, in microseconds
    """
    lag = -(-window // (7 * MICROS_A_DAY)) * 7 * MICROS_A_DAY
    until = min(ends, value.born + window)
    rows = np.flatnonzero((exposures.step == step) & (symptom.known_at <= until))
    rows = rows[np.argsort(symptom.known_at[rows], kind="stable")]
    known_at = symptom.known_at[rows]
    needed = int((known_at >= value.born - _MOST_LAGS * lag).sum())
    rows = rows[-max(needed, int((known_at >= value.born).sum()) + _MOST_ROWS) :]
    under = value.under_parent(exposures)[rows]
    known_at, time = symptom.known_at[rows], exposures.time[rows]
    grown = value.first_seen(exposures)[rows] <= value.born - _GROWN_DAYS * MICROS_A_DAY
    other = [a for a in range(exposures.codes.shape[1]) if a != value.attribute]
    return Watched(
        own=value.members(exposures)[rows],
        sibling=under & grown,
        elsewhere=~under & grown,
        since_birth=(time >= value.born) & (known_at < value.born + window),
        before=known_at < value.born,
        hit=symptom.hit[rows],
        known_at=known_at,
        codes=exposures.codes[rows][:, other],
        ends=ends,
        lag=lag,
    )


def comparisons(watched: Watched, *, has_parent: bool) -> Iterator[Compared]:
    """Yield the evidence that a value, or instead its parent, moved, and that everybody did."""
    yield from _under_a_parent(watched) if has_parent else _among_all(watched)


def _under_a_parent(watched: Watched) -> Iterator[Compared]:
    own, sibling, elsewhere = watched.own, watched.sibling, watched.elsewhere
    if _siblings_moved(_now(watched, sibling, elsewhere), _now(watched, own, sibling)):
        family = _now(watched, own | sibling, elsewhere)
        past = _judged_by_past(watched, _before(watched, own | sibling, sibling))
        yield Compared("parent", least_of(_judged_now(family), past), family)
    else:
        like = _now(watched, own, sibling | elsewhere)
        yield Compared("value", _judged_now(like), like)
    siblings_before = _before(watched, sibling, sibling)
    others_before = _before(watched, elsewhere, elsewhere)
    moved = (_judged_by_past(watched, one) for one in (siblings_before, others_before))
    everybody = _before(watched, sibling | elsewhere, sibling | elsewhere)
    yield Compared("all", least_of(*moved), everybody)


def _among_all(watched: Watched) -> Iterator[Compared]:
    own, sibling = watched.own, watched.sibling
    own_before, like = _before(watched, own, sibling), _now(watched, own, sibling)
    if _siblings_moved(_before(watched, sibling, sibling), like):
        everybody = _before(watched, own | sibling, sibling)
        yield Compared("all", _judged_by_past(watched, everybody), everybody)
        return
    # Where a release replaces all others at once, the past is all that is left to compare with.
    trail = mean_of(_judged_now(like), _judged_by_past(watched, own_before))
    yield Compared("value", trail, like if like.others.any() else own_before)


def _siblings_moved(siblings: Cells, beside_siblings: Cells) -> bool:
    """Whether the siblings have an excess of their own, and clearly no less than the value.

    A value that was born on the day is the likelier cause: the siblings' excess must be surer than
    what the value has beyond theirs.
    """
    return gain_of(siblings) > gain_of(beside_siblings) + _CLEARLY


def _judged_now(cells: Cells) -> Trail:
    return trail_of(cells, benign=BENIGN_LOGITS)


def _judged_by_past(watched: Watched, cells: Cells) -> Trail:
    return trail_of(cells, benign=BENIGN_LOGITS_BEFORE, scatter=watched.scatter)


def _now(watched: Watched, one: Flags, other: Flags) -> Cells:
    """Count two groups in the same blocks."""
    one, other = one & watched.after, other & watched.after
    return _cells(watched, one, other, watched.block)


def _before(watched: Watched, one: Flags, other: Flags) -> Cells:
    """Count a group now and another in the same hours of the week before the value was born.

    Each of the past is used once: moved on by whole lags, at most three, into the time since.
    """
    lag = watched.lag // watched.block_micros
    born = watched.block[watched.since_birth].min(initial=watched.block.max(initial=0))
    lags_ago = -((watched.block - born) // lag)
    block = np.where(watched.before, watched.block + lags_ago * lag, watched.block)
    other = other & (lags_ago <= _MOST_LAGS)
    return _cells(watched, one & watched.after, other & watched.before, block)


def _cells(watched: Watched, one: Flags, other: Flags, block: Ints) -> Cells:
    n_strata = int(watched.stratum.max(initial=0)) + 1
    key = block * n_strata + watched.stratum
    keys, place = np.unique(key[one], return_inverse=True)
    shared = np.flatnonzero(other & np.isin(key, keys))
    other_place = np.searchsorted(keys, key[shared])
    hit, n = watched.hit, len(keys)
    return Cells(
        block=keys // n_strata,
        watched=np.bincount(place, minlength=n),
        watched_hit=np.bincount(place[hit[one]], minlength=n),
        others=np.bincount(other_place, minlength=n),
        others_hit=np.bincount(other_place[hit[shared]], minlength=n),
    )
