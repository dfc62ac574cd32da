"""Chance with names: the same seed and name give the same numbers, whatever else was drawn.

So two simulated worlds that differ in one hazard differ in nothing else, and the effect of that
hazard is the difference between them (common random numbers).  And the first 50 customers of a
large world are the customers of a small one.
"""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

SECONDS_A_DAY = 86_400.0


class Dice:
    """Named draws for ``size`` things, of which perhaps only ``rows`` are looked at.

    With ``replay``, everything drawn after `reached` was told ``after`` is drawn anew: the same
    past with another future.
    """

    def __init__(
        self,
        seed: int,
        size: int,
        *,
        rows: Codes | None = None,
        replay: int = 0,
        after: str = "",
    ) -> None:
        self.seed = seed % 2**63
        self.size = size
        self.rows = np.arange(size) if rows is None else rows
        self._replay, self._after, self._salt = replay, after, 0

    def reached(self, activity: str) -> None:
        """Begin the other future, where there is one, if this is the activity it follows."""
        if activity == self._after:
            self._salt = self._replay

    def stream(self, name: str) -> np.random.Generator:
        """Return the generator of this name, at its beginning."""
        return np.random.default_rng([self.seed, crc32(name.encode()), self._salt])

    def uniform(self, name: str) -> Floats:
        """Return one draw in [0, 1) for each of the rows."""
        return self.stream(name).random(self.size)[self.rows]

    def normal(self, name: str) -> Floats:
        """Return one standard normal draw for each of the rows."""
        return self.stream(name).standard_normal(self.size)[self.rows]


def choose(draws: Floats, weights: Floats) -> Codes:
    """Return for each uniform draw an option, by weights of shape (options,) or (draws, options).

    >>> choose(np.array([0.1, 0.9]), np.array([3.0, 1.0]))
    array([0, 1])
    """
    steps = np.cumsum(np.atleast_2d(weights), axis=1)
    reached = draws[:, None] * steps[:, -1:] >= steps[:, :-1]
    return np.asarray(reached.sum(axis=1), dtype=np.int64)


def logistic(logit: Floats) -> Floats:
    """Return the probability that belongs to a logit."""
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)
