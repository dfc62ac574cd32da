"""Places: a value stands for its number among those of its column that matter.

A text is looked up once; whatever is said of it is read from tables by its place.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.columns import ANY_OTHER, FIRST_KNOWN, MISSING
from journeys.rule import ByText

Places = NDArray[np.int16]


def places_by_name(
    known: Mapping[str, Iterable[str]], *, numbers: Collection[str]
) -> dict[str, ByText]:
    """Return the place of each value of some columns; a number is one however it is written."""
    return {name: _placed(each, number=name in numbers) for name, each in known.items()}


def places_of(
    values: Mapping[str, ByText], columns: Mapping[str, Sequence[object]], n_events: int
) -> Places:
    """Return the places of the values of typed events, shape (n_columns, n_events)."""
    if n_events == 1:  # of one key, `itemgetter` gives the value itself
        found: list[Any] = [(one[columns[name][0]],) for name, one in values.items()]
    else:
        found = [itemgetter(*columns[name])(one) for name, one in values.items()]
    return np.array(found, dtype=np.int16).reshape(-1, n_events)


def n_places(values: ByText) -> int:
    """Return how long a table over the places of a column is."""
    return max(FIRST_KNOWN, *(place + 1 for place in values.values()))


def _placed(known: Iterable[str], *, number: bool) -> ByText:
    found: dict[object, int] = {}
    for place, text in enumerate(dict.fromkeys(known), start=FIRST_KNOWN):
        found.setdefault(float(pd.to_numeric(text, errors="coerce")) if number else text, place)
    return ByText(found, missing=MISSING, other=ANY_OTHER)
