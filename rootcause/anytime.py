"""Anytime-valid evidence that one group is hit more than its like, however often one looks.

Two groups that are alike but for what is watched are counted in small cells: one block of time, one
stratum. If the watched are no different, any of a cell's members could have been the ones hit, so
given the cell's totals the number of hits among the watched is hypergeometric, whatever the rate of
the day. Each cell multiplies the evidence by the likelihood ratio of an odds ratio above the benign
one; a mixture over odds ratios is an **e-process**: from any instant on, if nothing is wrong, the
chance that it *ever* reaches 1/alpha is at most alpha (Ville 1939; Robbins 1970; for tables Turner,
Ly & Grünwald 2024; in use Johari et al. 2017, Howard et al. 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, logsumexp

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LOG_ODDS = np.round(np.arange(-3.0, 4.01, 0.1), 10)
_PRIOR_SPREAD = 2.0
_NO_ODDS = int(np.argmin(np.abs(_LOG_ODDS)))


@dataclass(frozen=True)
class Cells:
    """How many were watched and how many are their like, and how many of each were hit.

    One entry per (block of time, stratum), in the order of the blocks.
    """

    block: Ints
    watched: Ints
    watched_hit: Ints
    others: Ints
    others_hit: Ints

    def __len__(self) -> int:
        return len(self.block)


@dataclass(frozen=True)
class Trail:
    """Evidence as it grew: after which blocks, the log of the e-value there, log-likelihoods.

    ``likelihood`` has shape (n_blocks, n_log_odds): of all cells up to each block.
    """

    block: Ints
    log_e: Floats
    likelihood: Floats

    def crossed(self, log_bar: float) -> int | None:
        """Return the first block after which the e-value stands at the bar or above, or None."""
        above = np.flatnonzero(self.log_e >= log_bar)
        return int(self.block[above[0]]) if len(above) else None

    def began(self) -> int:
        """Return the first block of the stretch, up to now, that speaks most clearly."""
        before = np.vstack([np.zeros(len(_LOG_ODDS)), self.likelihood[:-1]])
        stretch = self.likelihood[-1] - before
        gain = stretch.max(axis=1) - _at_benign(stretch, 0.0)
        return int(self.block[int(np.argmax(gain))])

    def at(self, block: Ints) -> Floats:
        """Return the log of the e-value after each of the blocks given, ascending."""
        place = np.searchsorted(self.block, block, side="right")
        return np.append(0.0, self.log_e)[place]


def trail_of(cells: Cells, *, benign: float = 0.0, scatter: float = 1.0) -> Trail:
    """Return the evidence that the watched are hit more often than their like.

    Parameters
    ----------
    benign : a log odds ratio up to which nothing is wrong; the e-process holds for any mixture of
        odds ratios up to it, since each factor grows with the number of hits
    scatter : by how much the counts scatter more than coins do; evidence is divided by it
    """
    informative = _informative(cells)
    block, first = np.unique(informative.block, return_index=True)
    if not len(block):
        return Trail(block, np.empty(0), np.empty((0, len(_LOG_ODDS))))
    each = _log_likelihoods(informative) / scatter
    total = np.cumsum(np.add.reduceat(each, first, axis=0), axis=0)
    worse = benign + 1e-9 < _LOG_ODDS
    prior = _log_prior(_LOG_ODDS[worse] - benign)
    mixed = logsumexp(total[:, worse] + prior, axis=1)
    log_e = mixed - _at_benign(total, benign)
    return Trail(block, np.asarray(log_e, dtype=np.float64), total)


def rate_interval_anytime(hit: int, of: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the rates that have not been refuted so far: a confidence sequence.

    With probability 1 - alpha the true rate is inside at *every* instant. A rate is refuted when a
    mixture over all rates (Jeffreys' prior) is 1 / alpha times as likely (Robbins 1970).
    """
    rates = np.linspace(0.0, 1.0, 4_001)[1:-1]
    mixed = betaln(hit + 0.5, of - hit + 0.5) - betaln(0.5, 0.5)
    own = hit * np.log(rates) + (of - hit) * np.log1p(-rates)
    left = rates[mixed - own < np.log(1.0 / alpha)]
    low, high = float(left.min()), float(left.max())
    return 0.0 if hit == 0 else low, 1.0 if hit == of else high


def gain_of(cells: Cells) -> float:
    """Return how much likelier the best excess is than none, in nats, at least 0."""
    informative = _informative(cells)
    if not len(informative):
        return 0.0
    total = _log_likelihoods(informative).sum(axis=0)
    return float(total[_LOG_ODDS >= 0].max() - total[_NO_ODDS])


def least_of(one: Trail, other: Trail) -> Trail:
    """Return evidence against both of two innocent explanations: the lesser at every instant."""
    return _joined(one, other, np.minimum)


def mean_of(one: Trail, other: Trail) -> Trail:
    """Return the mean of two e-processes, which is one again; one without cells changes nothing."""
    if not len(one.block) or not len(other.block):
        return one if len(one.block) else other
    return _joined(one, other, lambda a, b: np.logaddexp(a, b) - np.log(2.0))


def _joined(one: Trail, other: Trail, how: Callable[[Floats, Floats], Floats]) -> Trail:
    block = np.union1d(one.block, other.block)
    log_e = how(one.at(block), other.at(block))
    place = np.searchsorted(one.block, block, side="right")
    nothing = np.zeros((1, len(_LOG_ODDS)))
    return Trail(block, log_e, np.vstack([nothing, one.likelihood])[place])


def _informative(cells: Cells) -> Cells:
    """Return the cells in which who was hit could tell anything."""
    hit = cells.watched_hit + cells.others_hit
    size = cells.watched + cells.others
    tells = (cells.watched > 0) & (cells.others > 0) & (hit > 0) & (hit < size)
    return Cells(
        cells.block[tells],
        cells.watched[tells],
        cells.watched_hit[tells],
        cells.others[tells],
        cells.others_hit[tells],
    )


def _log_likelihoods(cells: Cells) -> Floats:
    """Return the log-likelihood of each cell given its totals, shape (n_cells, n_log_odds).

    Fisher's noncentral hypergeometric distribution.
    """
    hit = cells.watched_hit + cells.others_hit
    least, most = np.maximum(0, hit - cells.others), np.minimum(cells.watched, hit)
    sizes = most - least + 1
    first = np.cumsum(sizes) - sizes
    cell = np.repeat(np.arange(len(cells)), sizes)
    could = np.arange(sizes.sum()) - first[cell] + least[cell]
    ways = _log_choose(cells.watched[cell], could) + _log_choose(
        cells.others[cell], hit[cell] - could
    )
    observed = _log_choose(cells.watched, cells.watched_hit) + _log_choose(
        cells.others, cells.others_hit
    )
    return np.column_stack(
        [
            observed
            + cells.watched_hit * log_odds
            - np.logaddexp.reduceat(ways + could * log_odds, first)
            for log_odds in _LOG_ODDS
        ]
    )


def _log_choose(n: Ints, k: Ints) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), dtype=np.float64)


def _log_prior(log_odds: Floats) -> Floats:
    """Return log weights that sum to one, falling slowly from no difference: faults are large."""
    weight = -np.abs(log_odds) / _PRIOR_SPREAD
    return np.asarray(weight - logsumexp(weight), dtype=np.float64)


def _at_benign(total: Floats, benign: float) -> Floats:
    return np.asarray(total[:, int(np.argmin(np.abs(_LOG_ODDS - benign)))], dtype=np.float64)
