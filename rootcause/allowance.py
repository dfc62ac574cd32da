"""The misfit allowance, set by placebo onsets: random days in the log's own past.

The expected rate may be off, and drift, for no reason. How far is not the same in every log: of
every value and pair of values, the change of its excess at a random day is measured in what no
cause explains. Where such changes surpass what chance and the usual allowance admit more often than
they may, the allowance grows until they do not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rootcause.count import summed
from rootcause.exposure import Floats, Ints
from rootcause.intervals import Z_95
from rootcause.scan import DRIFT_LOGITS, blocks_of, groups_of, weighted_residuals
from rootcause.settle import Look

_FEWEST = 50
_OVERLAP = 5.0
_BY_CHANCE, _USUALLY_AT_MOST = 0.05, 0.09
_LARGEST, _STEPS = 16.0, 40
_ONSETS_EACH = 3


@dataclass(frozen=True)
class Allowance:
    """By what the usual misfit allowance is multiplied, at least 1, and why.

    ``onsets``: how many random onsets were tried; ``surpassing``: how many changes there surpass
    what chance and the usual allowance admit, at 95 %.
    """

    times: float
    onsets: int
    surpassing: int


def allowance_of(looks: Sequence[Look], *, seed: int = 0) -> Allowance:
    """Return the allowance that the random onsets of these looks ask for."""
    seen = [_Changes.of(look, seed=seed) for look in looks if len(look.rows)]
    if not seen:
        return Allowance(1.0, 0, 0)
    changes = _Changes(
        np.concatenate([one.change for one in seen]), np.concatenate([one.chance for one in seen])
    )
    onsets, usual = len(changes.change), changes.share_beyond(1.0)
    surpassing = round(usual * onsets)
    may = _share_that_may(onsets)
    if usual <= may:
        return Allowance(1.0, onsets, surpassing)
    return Allowance(round(changes.needed(may), 2), onsets, surpassing)


def _share_that_may(onsets: int) -> float:
    """Return how many may surpass their limit by chance, and by what is usual.

    Conjunctions share their rows: so many say as much as a few by themselves.
    """
    alone = max(onsets / _OVERLAP, 1.0)
    chance = np.sqrt(_BY_CHANCE * (1.0 - _BY_CHANCE) / alone)
    return max(_USUALLY_AT_MOST, _BY_CHANCE + Z_95 * float(chance))


@dataclass(frozen=True)
class _Changes:
    """Per conjunction the change of its excess at a random day, and the variance of chance.

    In logits, over the change of all others; each of shape (n,).
    """

    change: Floats
    chance: Floats

    @classmethod
    def of(cls, look: Look, *, seed: int) -> "_Changes":
        parts = [np.empty((2, 0)), *_by_group(look, np.random.default_rng(seed))]
        change, chance = np.concatenate(parts, axis=1)
        return cls(change, chance * look.scatter)

    def share_beyond(self, times: float) -> float:
        """Return how many surpass their 95 % limit under so many times the usual allowance."""
        if not len(self.change):
            return 0.0
        drift = 2.0 * (times * DRIFT_LOGITS) ** 2
        return float((np.abs(self.change) > Z_95 * np.sqrt(self.chance + drift)).mean())

    def needed(self, may: float) -> float:
        """Return the smallest multiple of the allowance that no larger a share surpasses."""
        low, high = 1.0, _LARGEST
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            enough = self.share_beyond(middle) <= may
            low, high = (low, middle) if enough else (middle, high)
        return high


def _by_group(look: Look, chance: np.random.Generator) -> Iterator[Floats]:
    """Yield changes and their variances, shape (2, n), per combination of at most two attributes.

    Only of conjunctions that have a past and a present, as have the others at the step.
    """
    rows = look.rows
    block, n_blocks, first = blocks_of(rows.day)
    weighted = weighted_residuals(rows, look.tally.expected)
    block = block.astype(np.int32)
    whole = summed(np.zeros(len(rows), dtype=np.int32), 1, block, n_blocks, weighted)
    for group in groups_of(rows, highest_order=2):
        inside = summed(group.number, len(group.codes), block, n_blocks, weighted)
        for _ in range(_ONSETS_EACH):
            onset = chance.integers(first, max(n_blocks, first + 1), len(inside))
            yield _changes_at(onset, inside, whole)


def _changes_at(onset: Ints, inside: Floats, whole: Floats) -> Floats:
    ours, theirs = _sides(inside, onset), _sides(whole - inside, onset)
    sides = np.stack([*ours, *theirs])
    enough = (sides[:, :, 0] >= _FEWEST).all(axis=0)
    before, after, others_before, others_after = sides[:, enough, 1] / sides[:, enough, 2]
    everybody = inside[enough].sum(axis=1)
    usual = everybody[:, 0] / everybody[:, 2]
    change = (after - before - others_after + others_before) / usual
    return np.stack([change, (1.0 / sides[:, enough, 2]).sum(axis=0) / usual**2])


def _sides(sums: Floats, onset: Ints) -> tuple[Floats, Floats]:
    """Return the sums before and from each table's onset on, each of shape (n, 3)."""
    running = np.cumsum(np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1), axis=1)
    before = running[np.arange(len(sums)), onset]
    return before, running[:, -1] - before
