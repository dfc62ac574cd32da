"""The samples of all shards, side by side as a whole log has them, their features in a file.

Shards come in any order and of any size; the samples of customers stand in the order of their keys,
each customer's in the order of time.  So what is learnt does not depend on where shards come from.
In memory stand a few columns (some 60 bytes a sample), on disk the features.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.plan import Plan
from features.table import table
from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import CUSTOMER, EventLog, instants, microseconds
from journeys.samples import samples_of
from journeys.shards import Shards
from journeys.split import Split, Watched
from models.part import journey_weight
from models.row_file import RowFile, new_row_file
from models.stored import StoredPart, StoredTable
from training.data import EVENNESS
from training.fit import Progress

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

_WHOSE, _ORDINAL, _FEATURES = "customer", "first", "features"
_ROWS_AT_ONCE = 32_768


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a log but their features; arrays are (n_samples,) unless said otherwise.

    Attributes
    ----------
    keys : of the customers who have samples, in the order of a whole log, (n_customers,)
    offsets : the first sample of each customer and, last, their number, (n_customers + 1,)
    journey : any number of a journey's own; started : when it began, microseconds UTC
    y, closed_at : by outcome, as `journeys.labels.labels_of` gives them
    journeys : start, end and last_time of every journey, in no order
    """

    keys: "pd.Index[str]"
    offsets: Rows
    journey: Rows
    started: Rows
    y: dict[Outcome, NDArray[np.float32]]
    closed_at: dict[Outcome, Rows]
    journeys: pd.DataFrame = field(repr=False)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.journey)

    @cached_property
    def customers(self) -> Rows:
        """The customer of each sample: a place in ``keys``."""
        return np.repeat(np.arange(len(self.keys)), np.diff(self.offsets))

    def watched(self, outcome: Outcome) -> Watched:
        """Return the samples as a split looks at them."""
        return Watched(self.started, self.closed_at[outcome], self.customers, self.keys)

    def part(self, outcome: Outcome, split: Split, file: RowFile) -> StoredPart:
        """Return the samples to learn from, as `training.data.TrainingData.part` does."""
        rows = np.flatnonzero(split.train)
        return StoredPart(
            X=StoredTable(file, rows),
            y=self.y[outcome][rows].astype(np.float64),
            customers=self.customers[rows],
            weight=journey_weight(self.journey[rows], evenness=EVENNESS),
            started=self.started[rows],
            closed_at=self.closed_at[outcome][rows],
        )

    def places_of(self, log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame) -> Rows:
        """Return where the samples of some of the customers stand among all, (n_those,)."""
        of_code = self.keys.get_indexer(log.events[CUSTOMER].cat.categories)
        whose = of_code[journeys["customer"].to_numpy()[samples["journey"].to_numpy()]]
        return np.asarray(self.offsets[whose] + _rank_in_run(whose))


def samples_in(shards: Shards, folder: Path, *, progress: Progress | None = None) -> Samples:
    """Return all samples of a log in shards with their labels; two passes over the shards.

    Parameters
    ----------
    shards : told how long journeys usually take (`journeys.known_lengths.with_usual_length`)
    folder : where the columns are written on their way
    """
    definition = shards.definition
    shards.write(_Narrow(definition), folder, progress=progress)
    keys, offsets = _customers_of(folder)
    columns = _put_in_place(folder, _Places(keys, offsets), definition)
    whose = np.repeat(np.arange(len(keys)), np.diff(offsets))
    found = shards.map(_Journeys(definition)).to_pandas()
    return Samples(
        keys,
        offsets,
        _numbered(whose, columns[_ORDINAL]),
        columns["started"],
        {outcome: columns[f"{outcome}_y"] for outcome in definition.outcomes},
        {outcome: columns[f"{outcome}_closed_at"] for outcome in definition.outcomes},
        pd.DataFrame({name: instants(each.to_numpy()) for name, each in found.items()}),
    )


def features_in(
    shards: Shards, samples: Samples, plan: Plan, folder: Path, *, progress: Progress | None = None
) -> RowFile:
    """Write the features of all samples to one file, in the order of the samples; one pass."""
    shards.write(_Features(plan), folder / "shards", progress=progress)
    place = _Places(samples.keys, samples.offsets)
    file = new_row_file(folder / "features.f32", len(samples), len(plan.features))
    for path in _files(folder / "shards"):
        for batch in _batches(path):
            rows, wide = place.of(batch), batch.column(_FEATURES)
            values = np.frombuffer(wide.buffers()[1], dtype=np.float32).reshape(-1, file.width)
            file.write(rows, values[wide.offset : wide.offset + len(wide)])
        path.unlink()
    return file


@dataclass(frozen=True)
class _Narrow:
    """A task: the samples of a shard, and all that is learnt from but the features."""

    definition: Definition

    def __call__(self, shard: EventLog) -> pa.Table:
        journeys = find_journeys(shard, self.definition)
        samples = samples_of(shard, journeys, self.definition)
        labels = labels_of(shard, journeys, samples, self.definition)
        journey = samples["journey"].to_numpy()
        columns = {
            _WHOSE: _whose(shard, journeys, journey),
            _ORDINAL: journeys["first"].to_numpy()[journey],
            "started": microseconds(journeys["start"])[journey],
        }
        for outcome, found in labels.items():
            columns[f"{outcome}_y"] = found["y"].to_numpy(np.float32)
            columns[f"{outcome}_closed_at"] = microseconds(found["closed_at"])
        return pa.table(columns)


@dataclass(frozen=True)
class _Journeys:
    """A task: when each journey of a shard began, ended, and had its last event."""

    definition: Definition

    def __call__(self, shard: EventLog) -> pa.Table:
        journeys = find_journeys(shard, self.definition)
        return pa.table(
            {name: microseconds(journeys[name]) for name in ("start", "end", "last_time")}
        )


@dataclass(frozen=True, eq=False)
class _Features:
    """A task: the features of the samples of a shard, each row as its bytes."""

    plan: Plan

    def __call__(self, shard: EventLog) -> pa.Table:
        definition = self.plan.definition
        journeys = find_journeys(shard, definition)
        samples = samples_of(shard, journeys, definition)
        X = table(shard, journeys, samples, self.plan)
        whose = _whose(shard, journeys, samples["journey"].to_numpy())
        wide = pa.binary(X.shape[1] * X.itemsize)
        rows = pa.FixedSizeBinaryArray.from_buffers(wide, len(X), [None, pa.py_buffer(X)])
        return pa.table({_WHOSE: whose, _FEATURES: rows})


def _whose(shard: EventLog, journeys: pd.DataFrame, journey: Rows) -> pa.DictionaryArray:
    """Return the key of each sample's customer."""
    codes = journeys["customer"].to_numpy()[journey]
    keys = pa.array(shard.events[CUSTOMER].cat.categories.to_numpy(object), pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), keys)


@dataclass(frozen=True, eq=False)
class _Places:
    """Where rows belong: behind those of their customer that have come before."""

    keys: "pd.Index[str]"
    offsets: Rows
    come: Rows = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "come", self.offsets[:-1].copy())

    def of(self, batch: pa.RecordBatch) -> Rows:
        """Return the place of each row of the next batch; a customer's rows come in order."""
        names, lengths = _runs(batch)
        whose = self.keys.get_indexer(names)
        first = self.come[whose]
        np.add.at(self.come, whose, lengths)
        begins = np.cumsum(lengths) - lengths
        return np.repeat(first - begins, lengths) + np.arange(len(batch))


def _put_in_place(folder: Path, places: _Places, definition: Definition) -> dict[str, NDArray[Any]]:
    """Return the columns of all samples, in their order."""
    kinds: dict[str, type[np.generic]] = {_ORDINAL: np.int64, "started": np.int64}
    for outcome in definition.outcomes:
        kinds |= {f"{outcome}_y": np.float32, f"{outcome}_closed_at": np.int64}
    columns = {name: np.zeros(places.offsets[-1], kind) for name, kind in kinds.items()}
    for path in _files(folder):
        for batch in _batches(path):
            rows = places.of(batch)
            for name, column in columns.items():
                column[rows] = batch.column(name).to_numpy(zero_copy_only=False)
    return columns


def _customers_of(folder: Path) -> "tuple[pd.Index[str], Rows]":
    """Return the keys of the customers who have samples, and where each one's begin."""
    runs = (_runs(batch) for path in _files(folder) for batch in _batches(path, [_WHOSE]))
    counted = [pd.Series(lengths, index=names) for names, lengths in runs]
    as_text = all(one.index.is_monotonic_increasing for one in counted)
    counts = pd.concat(counted).groupby(level=0, sort=True).sum()
    numbers = None if as_text else pd.to_numeric(counts.index.to_numpy(object), errors="coerce")
    if numbers is not None and not np.isnan(numbers).any():
        counts = counts.iloc[np.argsort(numbers, kind="stable")]  # keys that were numbers
    return counts.index, np.concatenate([[0], np.cumsum(counts.to_numpy(np.int64))])


def _numbered(whose: Rows, ordinal: Rows) -> Rows:
    """Return a number for each journey; its samples stand together."""
    begins = (np.diff(whose) != 0) | (np.diff(ordinal) != 0)
    return np.concatenate([[0], np.cumsum(begins)])[: len(whose)]


def _rank_in_run(values: Rows) -> Rows:
    """Return 0, 1, 2, … within each run of equal values."""
    begins = np.flatnonzero(np.append(True, np.diff(values) != 0)[: len(values)])
    lengths = np.diff(np.append(begins, len(values)))
    return np.arange(len(values)) - np.repeat(begins, lengths)


def _runs(batch: pa.RecordBatch) -> "tuple[pd.Index[str], Rows]":
    """Return whose rows follow one another, and how many rows each has there."""
    column = batch.column(_WHOSE)
    codes = column.indices.to_numpy()
    begins = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    names = column.dictionary.take(pa.array(codes[begins])).to_pylist()
    return pd.Index(names, dtype="str"), np.diff(np.append(begins, len(codes)))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


def _batches(path: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(_ROWS_AT_ONCE, columns=columns)
