"""The vocabulary: which values have been seen in training, frozen into the bundle.

Code 0 is *never seen*, 1, 2, … are the known values, -1 is *missing*.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import ACTIVITY, CHANNEL, EventLog

NEVER_SEEN = "(never seen)"
# Columns that are derived; no attribute of a log is likely to have such a name.
MILESTONE, CONTACT, LOOP, ERROR = "@milestone", "@contact", "@loop", "@error"
PAUSE, PAIR, TRIPLE, BESIDE = "@pause", "@pair", "@triple", "@beside "
ALONE = ("activity", CONTACT, ERROR, PAIR, TRIPLE)  # whose values need no word before them
_MOST_WIDE = 48
_MOST_VALUES = 255
_MOST_PATHS = {2: 12, 3: 4}


@dataclass(frozen=True)
class Vocabulary:
    """The known values of each text column, the most frequent first.

    ``paths`` are the known sequences of two or three activities, in the same order.
    """

    values: dict[str, tuple[str, ...]]
    paths: tuple[tuple[str, ...], ...] = ()

    def labels(self, column: str) -> tuple[str, ...]:
        """Return the name of each code of a column, code 0 (never seen) first."""
        return (NEVER_SEEN, *self.values[column])

    def codes(self, column: pd.Series) -> NDArray[np.int32]:
        """Return the codes of a category column: -1 missing, 0 never seen, else the value's."""
        known = {value: code for code, value in enumerate(self.values[str(column.name)], start=1)}
        of_category = [known.get(value, 0) for value in column.cat.categories]
        return np.array([*of_category, -1], dtype=np.int32)[column.cat.codes.to_numpy()]

    def paths_of(self, length: int) -> tuple[tuple[str, ...], ...]:
        """Return the known sequences of so many activities."""
        return tuple(path for path in self.paths if len(path) == length)

    def as_dict(self) -> dict[str, object]:
        """Return text and lists only, as a bundle keeps them."""
        values = {column: list(known) for column, known in self.values.items()}
        return {"values": values, "paths": [list(path) for path in self.paths]}

    @classmethod
    def from_dict(cls, written: Mapping[str, object]) -> "Vocabulary":
        """Return the vocabulary that `as_dict` wrote."""
        values, paths = written["values"], written["paths"]
        if not isinstance(values, dict) or not isinstance(paths, list):
            raise TypeError("a vocabulary has values, by column, and a list of paths")
        known = {str(column): tuple(each) for column, each in values.items()}
        return cls(known, tuple(tuple(path) for path in paths))


def learn_vocabulary(
    log: EventLog, definition: Definition, *, until: pd.Timestamp | None = None
) -> Vocabulary:
    """Return the values seen up to an instant (the end of training), the most frequent first.

    Activities and channels keep the 48 most frequent values, because each is several features;
    attributes keep 255.  The others are *never seen*.  Of the sequences of known activities inside
    a journey the 12 most frequent of two events are kept, and 4 of three.
    """
    events = log.events if until is None else log.events[log.events["time"] <= until]
    wide = {name: _frequent(events[name], _MOST_WIDE) for name in (ACTIVITY, CHANNEL)}
    narrow = {
        name: _frequent(events[name], _MOST_VALUES)
        for name in definition.attributes.categorical
        if name not in wide
    }
    return Vocabulary(wide | narrow, _paths(log, definition, wide[ACTIVITY], until))


def _paths(
    log: EventLog, definition: Definition, activities: tuple[str, ...], until: pd.Timestamp | None
) -> tuple[tuple[str, ...], ...]:
    """Return the most frequent sequences of known activities that end inside a journey."""
    codes = Vocabulary({ACTIVITY: activities}).codes(log.events[ACTIVITY]).astype(np.int64)
    counted = _inside_journeys(log, definition)
    if until is not None:
        counted &= (log.events["time"] <= until).to_numpy()
    place = np.arange(len(log)) - log.offsets[log.customers]
    key, known = codes, codes > 0
    found: list[tuple[str, ...]] = []
    for length, most in _MOST_PATHS.items():
        key = np.roll(key, 1) * (len(activities) + 1) + codes
        known = np.roll(known, 1) & (codes > 0) & (place >= length - 1)
        keys, counts = np.unique(key[known & counted], return_counts=True)
        paths = [_path(int(each), length, activities) for each in keys]
        ranked = sorted(zip(-counts, paths, strict=True))
        found += [path for _, path in ranked[:most]]
    return tuple(found)


def _path(key: int, length: int, activities: tuple[str, ...]) -> tuple[str, ...]:
    width = len(activities) + 1
    return tuple(activities[key // width**back % width - 1] for back in range(length - 1, -1, -1))


def _inside_journeys(log: EventLog, definition: Definition) -> NDArray[np.bool_]:
    journeys = find_journeys(log, definition)
    edges = np.zeros(len(log) + 1, dtype=np.int64)
    np.add.at(edges, journeys["first"].to_numpy(), 1)
    np.add.at(edges, journeys["last"].to_numpy() + 1, -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def _frequent(column: pd.Series, most: int) -> tuple[str, ...]:
    """Return the most frequent values; equal counts in alphabetical order."""
    counts = column.value_counts()
    counts = counts[counts > 0]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(value) for value, _ in ranked[:most])
