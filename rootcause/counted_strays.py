"""How far the logit of a leaf's rate strays: the likelihood of counts, the strays summed out."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, logsumexp

Floats = NDArray[np.float64]

_STRAYS = np.linspace(-4.0, 7.0, 89)


def log_likelihoods(
    n: Floats, bad: Floats, rate: Floats, strays: list[tuple[float, Floats, float]]
) -> Floats:
    """Return log P(bad of n) up to a constant per leaf, shape (leaves, kinds of stray).

    Parameters
    ----------
    n, bad, rate : counts and usual rate per leaf, shape (leaves,)
    strays : Student's t about the usual logit: middle, scale per leaf, degrees of freedom
    """
    logits = np.asarray(logit(rate))[:, None] + _STRAYS
    counts = bad[:, None] * logits - n[:, None] * np.logaddexp(0.0, logits)
    each = [logsumexp(counts + _log_prior(*stray), axis=1) for stray in strays]
    return np.column_stack(each)


def _log_prior(middle: float, scale: Floats, tail: float) -> Floats:
    """Return log Student's t on the grid of strays, summing to one, shape (leaves, strays)."""
    away = (_STRAYS - middle) / scale[:, None]
    density = -(tail + 1.0) / 2.0 * np.log1p(away**2 / tail)
    return np.asarray(density - logsumexp(density, axis=1, keepdims=True), dtype=np.float64)
