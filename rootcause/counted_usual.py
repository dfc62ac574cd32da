"""The usual rate of every leaf, and how far leaves stray from it for no reason."""

from dataclasses import dataclass, replace

import numpy as np

from rootcause.counted_leaves import Codes, Floats, Leaves
from rootcause.counted_strays import log_likelihoods

# The tail of calm strays: degrees of freedom of Student's t.
TAIL = 3.0
# A leaf's own past counts for as much as what its attributes say after so many bad outcomes.
_PRIOR_BAD = 2.0
_ROUNDS = 15
# Scales of calm strays, in logits, and a weak wish for 0.2: a few times are little to measure on.
_SCATTERS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.65])
_WISH = -2.0 * np.log(_SCATTERS / 0.2) ** 2


@dataclass(frozen=True)
class Usual:
    """Per leaf: the usual rate and how much its logit strays; the quiet times it rests on.

    ``doubt`` is the part of the variance that comes from short counting, shape (leaves,);
    ``scatter`` the scale of strays that are real.  ``quiet`` are columns of the leaves' counts.
    """

    rate: Floats
    doubt: Floats
    scatter: float
    quiet: Codes

    @property
    def scale(self) -> Floats:
        """The scale of a calm leaf's logit about its usual one, shape (leaves,)."""
        return np.sqrt(self.scatter**2 + self.doubt)

    @property
    def variance(self) -> Floats:
        """The variance of a calm leaf's logit, the heavy tail included, shape (leaves,)."""
        return self.doubt + self.scatter**2 * TAIL / (TAIL - 2.0)


def usual_rates(leaves: Leaves) -> Usual:
    """Return the usual rates over the quieter half of the earlier times, and their scatter.

    Incidents flicker: the worse half of the times before may belong to the incident itself.  A leaf
    is shrunk towards the product of its attributes' factors, raked until every attribute's sum of
    bad outcomes is met (Deming and Stephan 1940).
    """
    rate = leaves.bad[:, :-1].sum(axis=0) / leaves.n[:, :-1].sum(axis=0)
    kept = max(2, int(np.ceil(len(rate) / 2)))
    quiet = np.sort(np.argsort(rate, kind="stable")[:kept]).astype(np.int64)
    usual = _rates_over(leaves, quiet, scatter=np.nan)
    return replace(usual, scatter=_scatter(leaves, usual))


def usual_without(leaves: Leaves, usual: Usual, moment: int) -> Usual:
    """Return the usual rates over the quiet times but one."""
    return _rates_over(leaves, usual.quiet[usual.quiet != moment], scatter=usual.scatter)


def _rates_over(leaves: Leaves, times: Codes, *, scatter: float) -> Usual:
    n, bad = leaves.n[:, times].sum(axis=1), leaves.bad[:, times].sum(axis=1)
    rate = (bad + _PRIOR_BAD) / (n + _PRIOR_BAD / _raked(leaves.codes, n, bad))
    return Usual(np.clip(rate, 1e-5, 0.95), 1.0 / (bad + _PRIOR_BAD), scatter, times)


def _raked(codes: Codes, n: Floats, bad: Floats) -> Floats:
    """Return rates that are a product of one factor per attribute value, shape (leaves,)."""
    rate = np.full(len(n), (bad.sum() + 0.5) / (n.sum() + 1.0))
    for _ in range(_ROUNDS):
        for column in codes.T + 1:
            seen, expected = np.bincount(column, bad), np.bincount(column, n * rate)
            rate = rate * ((seen + _PRIOR_BAD) / (expected + _PRIOR_BAD))[column]
    return np.asarray(np.clip(rate, 1e-5, 0.9), dtype=np.float64)


def _scatter(leaves: Leaves, usual: Usual) -> float:
    """Return the posterior mean scale of the strays of each quiet time from the others."""
    likely = _WISH.copy()
    for moment in usual.quiet:
        others = usual_without(leaves, usual, int(moment))
        counted = leaves.n[:, moment] > 0
        n, bad = leaves.n[counted, moment], leaves.bad[counted, moment]
        doubt = others.doubt[counted]
        calm = [(0.0, np.sqrt(scale**2 + doubt), TAIL) for scale in _SCATTERS]
        likely += log_likelihoods(n, bad, others.rate[counted], calm).sum(axis=0)
    weights = np.exp(likely - likely.max())
    return float(np.exp(weights @ np.log(_SCATTERS) / weights.sum()))
