"""The ranking of conjunctions: one alone, or two at once where that explains much more."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from rootcause.counted_conjunctions import Conjunctions
from rootcause.counted_leaves import Codes, Floats

# First causes that are tried with a second one beside them.
_TRIED_FIRST = 20
# Nats that a second cause must earn beyond its own price: odds of 20 to 1 against having two.
_SECOND = 3.0
# Two children of one parent always fit a little better than the parent: by so much they must.
_BETTER_BY = 0.05


@dataclass(frozen=True)
class Ranking:
    """``order``: conjunctions, best first; the first ``together`` of them explain the time.

    ``support`` in nats over "nothing changed", shape (conjunctions,); ``best`` is that of the first
    ``together``.
    """

    order: Codes
    support: Floats
    together: int
    best: float


def ranking_of(evidence: Floats, conjunctions: Conjunctions) -> Ranking:
    """Return the ranking by the joint likelihood of all leaves, the rises averaged out.

    ``evidence`` as of `rootcause.counted_evidence.evidence_of`.  Leaves outside a conjunction are
    calm under it, so their likelihood cancels: what is left is the sum over the leaves inside.
    """
    support = _support(evidence, conjunctions)
    order = np.argsort(-support, kind="stable")
    best, together = float(support[order[0]]), 1
    bar = best + _BETTER_BY * abs(best)
    for first in order[:_TRIED_FIRST]:
        second, gain = _second(evidence, conjunctions, int(first))
        if gain > 0 and support[first] + gain > max(best, bar):
            best, together = float(support[first] + gain), 2
            pair = sorted((int(first), second), key=lambda one: -support[one])
    if together == 2:
        order = np.r_[pair, order[~np.isin(order, pair)]]
    return Ranking(order.astype(np.int64), support, together, best)


def _support(evidence: Floats, conjunctions: Conjunctions) -> Floats:
    summed = np.asarray(conjunctions.members @ evidence)
    averaged = np.asarray(logsumexp(summed, axis=1), dtype=np.float64) - np.log(evidence.shape[1])
    return np.asarray(averaged - conjunctions.price, dtype=np.float64)


def _second(evidence: Floats, conjunctions: Conjunctions, first: int) -> tuple[int, float]:
    """Return the best second cause that shares no leaf with the first, and what it adds."""
    taken = np.zeros(len(evidence))
    taken[conjunctions.leaves_in(first)] = 1.0
    gain = _support(evidence, conjunctions) - _SECOND
    gain[np.asarray(conjunctions.members @ taken) > 0] = -np.inf
    second = int(np.argmax(gain))
    return second, float(gain[second])
