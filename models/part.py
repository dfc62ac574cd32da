"""A part: the labelled samples of one stretch of time, all that a model learns from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """Features, 0/1 outcomes, and whose and when they are; all of shape (n_samples,) or (n, k).

    Attributes
    ----------
    X : float32, shape (n_samples, n_features); NaN is missing
    customers : whose sample; samples of one customer are not independent
    weight : what a sample counts for in a fit, see `journey_weight`; mean 1
    started : when the sample's journey began, microseconds UTC
    closed_at : from when its label was known, whatever it was, microseconds UTC
    """

    X: Table
    y: Floats
    customers: Rows
    weight: Floats
    started: Rows
    closed_at: Rows

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.y)

    def take(self, rows: Rows | NDArray[np.bool_]) -> "Part":
        """Return some of the samples, their weights again of mean 1."""
        weight = self.weight[rows]
        return Part(
            self.X[rows],
            self.y[rows],
            self.customers[rows],
            weight / max(float(weight.mean()), 1e-12) if len(weight) else weight,
            self.started[rows],
            self.closed_at[rows],
        )

    def followed_by(self, other: "Part") -> "Part":
        """Return the samples of both parts, these first."""
        names = ("X", "y", "customers", "weight", "started", "closed_at")
        return Part(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


def part_of(X: Table, y: Floats, customers: Rows) -> Part:
    """Return samples of which no more is known: of equal weight, in the order of their time."""
    order = np.arange(len(y), dtype=np.int64)
    return Part(X, y, customers, np.ones(len(y)), order, order)


def journey_weight(journeys: Rows, *, evenness: float) -> Floats:
    """Return a weight per sample, mean 1, so that long journeys do not drown short ones.

    Parameters
    ----------
    journeys : the journey of each sample, shape (n_samples,)
    evenness : 0 weighs samples alike, 1 journeys alike (each sample the reciprocal of their
        number); between them a power of it
    """
    if len(journeys) == 0:
        return np.empty(0)
    _, of_sample, count = np.unique(journeys, return_inverse=True, return_counts=True)
    weight = count[of_sample].astype(np.float64) ** -evenness
    return np.asarray(weight / weight.mean())
