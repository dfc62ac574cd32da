"""The likelihood of counts: rows and bad outcomes, by onset (or day) and stratum of the rate."""

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtri_exp

from rootcause.exposure import Floats, Ints

EDGE = 1e-3

_ITERATIONS = 8


def rated(n: Floats, bad: Floats, expected: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rows, bad outcomes and the expected rate, never quite 0 or 1."""
    rate = np.divide(expected, n, out=np.full_like(n, 0.5), where=n > 0)
    return n, bad, np.clip(rate, EDGE, 1 - EDGE)


def since_each(kind: Floats, place: Ints) -> Floats:
    """Return the counts of the days from each place on."""
    return np.asarray(np.cumsum(kind[::-1], axis=0)[::-1][place])


def likeliest(n: Floats, bad: Floats, rate: Floats, slope: Floats, *, lowest: float) -> Floats:
    """Return p = rate + q slope with the likeliest q of each row of the tables."""
    q = np.zeros((len(n), 1))
    for _ in range(_ITERATIONS):
        p = np.clip(rate + q * slope, EDGE, 1 - EDGE)
        score = (slope * (bad - n * p) / (p * (1 - p))).sum(axis=1, keepdims=True)
        information = (slope**2 * n / (p * (1 - p))).sum(axis=1, keepdims=True)
        q = np.clip(q + score / np.maximum(information, EDGE), lowest, 1.0)
    return np.clip(rate + q * slope, EDGE, 1 - EDGE)


def gain(n: Floats, bad: Floats, rate: Floats, p: Floats) -> Floats:
    """Return how much likelier, in nats, the bad outcomes are at p than at the rate."""
    nats = bad * np.log(p / rate) + (n - bad) * np.log((1 - p) / (1 - rate))
    return np.asarray(nats.sum(axis=1))


def mixed(weights: Floats, nats: Floats) -> Floats:
    """Return what evidence is worth of which it is not known under which of several readings.

    The chance of so much evidence is that under each reading, as likely as it is. ``weights`` and
    ``nats`` have a row per reading; a nat is half a squared standard error.
    """
    surely = log_ndtr(-np.sqrt(2.0 * np.maximum(nats, 0.0)))
    z = -ndtri_exp(logsumexp(surely, axis=0, b=weights))
    return np.asarray(0.5 * np.maximum(z, 0.0) ** 2)
