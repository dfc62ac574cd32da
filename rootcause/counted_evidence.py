"""The evidence of every leaf that it changed, by how much the cause is said to raise it.

A calm leaf strays from its usual logit by a Student's t: most leaves little, a few far, so no
single leaf can outvote all others.  A leaf of the cause strays about the cause's rise instead, or,
with some probability, stayed calm: not everybody counted in a leaf meets what is broken.
"""

import numpy as np

from rootcause.counted_leaves import Floats
from rootcause.counted_strays import log_likelihoods
from rootcause.counted_usual import TAIL, Usual

# Logits by which a cause may raise its leaves: a priori all alike.
_RISES = np.arange(0.5, 5.1, 0.5)
# How unlike each other the leaves of one cause rise, in logits, and how often one does not rise.
_UNLIKE = 0.6
_UNLIKE_TAIL = 8.0
_STAYS_CALM = 0.2


def evidence_of(n: Floats, bad: Floats, usual: Usual) -> Floats:
    """Return log(likelihood if the leaf is in a cause / if it is calm), shape (leaves, rises)."""
    unlike = np.sqrt(_UNLIKE**2 + usual.doubt)
    risen = [(float(rise), unlike, _UNLIKE_TAIL) for rise in _RISES]
    likely = log_likelihoods(n, bad, usual.rate, [(0.0, usual.scale, TAIL), *risen])
    ratio = likely[:, 1:] - likely[:, :1]
    either = np.logaddexp(np.log(_STAYS_CALM), np.log1p(-_STAYS_CALM) + ratio)
    return np.asarray(either, dtype=np.float64)
