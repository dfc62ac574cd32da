"""The vocabulary: which values have been seen in training, frozen into the bundle.

Code 0 is *never seen*, 1, 2, … are the known values, -1 is *missing*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.everyone import Everyone, Some, everyone_in, everyone_of, known_by, summed
from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, EventLog
from journeys.shards import Shards

NEVER_SEEN = "(never seen)"
# Columns that are derived; no attribute of a log is likely to have such a name.
MILESTONE, CONTACT, LOOP, ERROR = "@milestone", "@contact", "@loop", "@error"
PAUSE, PAIR, TRIPLE, BESIDE = "@pause", "@pair", "@triple", "@beside "
ALONE = ("activity", CONTACT, ERROR, PAIR, TRIPLE)  # whose values need no word before them
_MOST_WIDE = 48
_MOST_VALUES = 255
_MOST_PATHS = {2: 12, 3: 4}

_VALUES = pa.schema([("column", pa.string()), ("value", pa.string()), ("n", pa.int64())])
_PATHS = pa.schema([("length", pa.int64()), ("key", pa.int64()), ("n", pa.int64())])


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
    return _learnt(everyone_of(log, definition, None), until)


def learn_vocabulary_over(shards: Shards, *, until: pd.Timestamp | None = None) -> Vocabulary:
    """Return what `learn_vocabulary` says of the whole log, in two passes over its shards."""
    return _learnt(everyone_in(shards), until)


def _learnt(everyone: Everyone, until: pd.Timestamp | None) -> Vocabulary:
    wide = (ACTIVITY, CHANNEL)
    asked = dict.fromkeys((*wide, *everyone.definition.attributes.categorical))
    counts = summed(everyone.ask(partial(count_values, tuple(asked), until)), "column", "value")
    values = {
        name: frequent(
            counts[counts["column"] == name], _MOST_WIDE if name in wide else _MOST_VALUES
        )
        for name in asked
    }
    counts = summed(everyone.ask(partial(_count_paths, values[ACTIVITY], until)), "length", "key")
    return Vocabulary(values, _most_frequent_paths(counts, values[ACTIVITY]))


def count_values(columns: tuple[str, ...], until: pd.Timestamp | None, some: Some) -> pa.Table:
    """Return how many events have each value of some columns: ``column, value, n``."""
    early = known_by(some.log, until)
    counted = []
    for name in columns:
        column = some.log.events[name].cat
        codes = column.codes.to_numpy()[early]
        many = np.bincount(codes[codes >= 0], minlength=len(column.categories))
        seen = np.flatnonzero(many)
        text = np.array([str(value) for value in column.categories], dtype=object)[seen]
        counted.append(pd.DataFrame({"column": name, "value": text, "n": many[seen]}))
    return pa.Table.from_pandas(pd.concat(counted), schema=_VALUES, preserve_index=False)


def _count_paths(activities: tuple[str, ...], until: pd.Timestamp | None, some: Some) -> pa.Table:
    """Return how often sequences of known activities end inside a journey: ``length, key, n``."""
    log = some.log
    codes = Vocabulary({ACTIVITY: activities}).codes(log.events[ACTIVITY]).astype(np.int64)
    counted = _inside_journeys(some) & known_by(log, until)
    place = np.arange(len(log)) - log.offsets[log.customers]
    key, known = codes, codes > 0
    found = []
    for length in _MOST_PATHS:
        key = np.roll(key, 1) * (len(activities) + 1) + codes
        known = np.roll(known, 1) & (codes > 0) & (place >= length - 1)
        keys, counts = np.unique(key[known & counted], return_counts=True)
        found.append(pa.table([np.full(len(keys), length), keys, counts], schema=_PATHS))
    return pa.concat_tables(found)


def _most_frequent_paths(
    counts: pd.DataFrame, activities: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    for length, most in _MOST_PATHS.items():
        mine = counts[counts["length"] == length]
        paths = [_path(int(key), length, activities) for key in mine["key"]]
        ranked = sorted(zip(-mine["n"], paths, strict=True))
        found += [path for _, path in ranked[:most]]
    return tuple(found)


def _path(key: int, length: int, activities: tuple[str, ...]) -> tuple[str, ...]:
    width = len(activities) + 1
    return tuple(activities[key // width**back % width - 1] for back in range(length - 1, -1, -1))


def _inside_journeys(some: Some) -> NDArray[np.bool_]:
    edges = np.zeros(len(some.log) + 1, dtype=np.int64)
    np.add.at(edges, some.journeys["first"].to_numpy(), 1)
    np.add.at(edges, some.journeys["last"].to_numpy() + 1, -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def frequent(counts: pd.DataFrame, most: int) -> tuple[str, ...]:
    """Return the most frequent values; equal counts in alphabetical order."""
    ranked = sorted(zip(-counts["n"], counts["value"], strict=True))
    return tuple(str(value) for _, value in ranked[:most])
