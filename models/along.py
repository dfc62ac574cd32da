"""Values along a curve of straight pieces, compiled: as `numpy.interp` gives them.

One function for one row and for a table, so that both have the same bits.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called, compiled, sources_beside

Floats = NDArray[np.float64]


@called
def value_at(knots: Any, values: Any, x: float) -> float:
    """Return the curve's value at x: beyond its ends that of the end, of NaN it is NaN."""
    last = len(knots) - 1
    if math.isnan(x):
        return x
    if x <= knots[0]:
        return float(values[0])
    if x >= knots[last]:
        return float(values[last])
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if x < knots[middle]:
            high = middle
        else:
            low = middle
    if x == knots[low]:  # two knots may lie so close that the slope between them is infinite
        return float(values[low])
    slope = (values[high] - values[low]) / (knots[high] - knots[low])
    return float(slope * (x - knots[low]) + values[low])


def _compiled_from(sources: int) -> Any:
    @compiled
    def along(knots: Floats, values: Floats, x: Floats, found: Floats) -> None:
        """Write the curve's value at each x."""
        _ = sources  # numba's cache looks at it, see `features.compiled`
        for place in range(len(x)):
            found[place] = value_at(knots, values, x[place])

    return along


along = _compiled_from(sources_beside(__file__))
