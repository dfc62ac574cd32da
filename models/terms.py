"""The terms of a line, compiled: what each column holds, and what the line adds up to.

Sums go term by term in their order, so that a row has the same bits alone and in a table.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called, compiled, sources_beside

Floats = NDArray[np.float64]
Records = NDArray[np.void]

TERM = np.dtype(
    [
        ("place", "i8"),  # of the feature
        ("low", "f8"),
        ("width", "f8"),
        ("fill", "f8"),
        ("coefficient", "f8"),
        ("mean", "f8"),
    ],
    align=True,
)
_LARGEST = 1e38  # infinity less a ramp is no number


@called
def column_at(term: Any, row: Any) -> float:
    """Return what a term's column holds for a row, see `models.linear.Columns`."""
    given = np.float64(row[term.place])
    if math.isnan(given):
        return float(term.fill)
    x = min(max(given, -_LARGEST), _LARGEST)
    if term.width == 0.0:
        return 1.0 if x == term.low else 0.0
    return float(min(max((x - term.low) / term.width, 0.0), 1.0))


@called
def sum_of_terms(terms: Any, first: int, last: int, row: Any) -> float:
    """Return what the terms from ``first`` to ``last`` add up to."""
    total = 0.0
    for at in range(first, last):
        total += column_at(terms[at], row) * terms[at].coefficient
    return total


@called
def add_worths(terms: Any, some: Any, weight: float, row: Any, found: Any) -> None:
    """Add to each feature's place what its terms are worth above their means, by weight."""
    for at in range(some[0], some[1]):
        term = terms[at]
        found[term.place] += weight * (column_at(term, row) - term.mean) * term.coefficient


def _compiled_from(sources: int) -> tuple[Any, Any, Any]:
    @compiled
    def design(terms: Records, rows: Floats, found: Floats) -> None:
        """Write the columns of each row, (n, n_terms)."""
        _ = sources  # numba's cache looks at it, see `features.compiled`
        for row in range(len(rows)):
            for at in range(len(terms)):
                found[row, at] = column_at(terms[at], rows[row])

    @compiled
    def sums(terms: Records, rows: Floats, found: Floats) -> None:
        """Write what the terms add up to, (n,)."""
        _ = sources
        for row in range(len(rows)):
            found[row] = sum_of_terms(terms, 0, len(terms), rows[row])

    @compiled
    def worths(terms: Records, rows: Floats, found: Floats) -> None:
        """Add to each feature of each row what its terms are worth above their means, (n, …)."""
        _ = sources
        for row in range(len(rows)):
            add_worths(terms, (0, len(terms)), 1.0, rows[row], found[row])

    return design, sums, worths


design, sums, worths = _compiled_from(sources_beside(__file__))
