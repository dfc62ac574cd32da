"""The vocabulary: which values have been seen in training, frozen into the bundle.

Code 0 is *never seen*, 1, 2, … are the known values, -1 is *missing*.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, EventLog

NEVER_SEEN = "(never seen)"
# Columns that the definition derives; no attribute of a log is likely to have such a name.
MILESTONE, CONTACT = "@milestone", "@contact"
_MOST_WIDE = 48
_MOST_VALUES = 255


@dataclass(frozen=True)
class Vocabulary:
    """The known values of each text column, the most frequent first."""

    values: dict[str, tuple[str, ...]]

    def labels(self, column: str) -> tuple[str, ...]:
        """Return the name of each code of a column, code 0 (never seen) first."""
        return (NEVER_SEEN, *self.values[column])

    def codes(self, column: pd.Series) -> NDArray[np.int32]:
        """Return the codes of a category column: -1 missing, 0 never seen, else the value's."""
        known = {value: code for code, value in enumerate(self.values[str(column.name)], start=1)}
        of_category = [known.get(value, 0) for value in column.cat.categories]
        return np.array([*of_category, -1], dtype=np.int32)[column.cat.codes.to_numpy()]


def learn_vocabulary(
    log: EventLog, definition: Definition, *, until: pd.Timestamp | None = None
) -> Vocabulary:
    """Return the values seen up to an instant (the end of training), the most frequent first.

    Activities and channels keep the 48 most frequent values, because each is several features;
    attributes keep 255.  The others are *never seen*.
    """
    events = log.events if until is None else log.events[log.events["time"] <= until]
    wide = {name: _frequent(events[name], _MOST_WIDE) for name in (ACTIVITY, CHANNEL)}
    narrow = {
        name: _frequent(events[name], _MOST_VALUES)
        for name in definition.attributes.categorical
        if name not in wide
    }
    return Vocabulary(wide | narrow)


def _frequent(column: pd.Series, most: int) -> tuple[str, ...]:
    """Return the most frequent values; equal counts in alphabetical order."""
    counts = column.value_counts()
    counts = counts[counts > 0]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(value) for value, _ in ranked[:most])
