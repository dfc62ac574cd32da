"""Surroundings: what was known of *other* customers, and when.

A journey **arrives** at a key, an (attribute, value, step), when it reaches the step with the value
for the first time.  Of every arrival we keep the bin of six hours in which it was, and the bin in
which something bad that followed was *known*: a contact, an end without success, a repetition.
Whoever asks at a cutoff sees complete bins only, so nothing counts that was not known by then.

How often something bad happened is told against what was to be expected: of the arrivals of the
last days, how many have had it so far, over how many of all customers have had it so long after
reaching that step (`curves`).  So a release of yesterday is compared with others on their first
day (indirect standardisation, as in a standardised mortality ratio).

The value of an attribute stands by its own text, not by the vocabulary's code, so that a release
that training never saw has an experience of its own.  An attribute with a **parent** (a version's
os) is told apart by the parent's value, too: 8.2.0 on iOS is not 8.2.0 on Android.
"""

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.look_up import Known, Rows, Shape
from features.surrounding_features import WINDOWS, read_of
from journeys.log import EventLog

BIN = 21_600_000_000
LONGEST = max(WINDOWS.values())
_NOT_YET = np.iinfo(np.int64).max

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Pair = tuple[str | None, str]

_ARRAYS = ("first_seen", "arrivals", "outcomes", "curves", "started", "ended")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What others lived through, as counts by key and bin; no customer can be told from it.

    Attributes
    ----------
    attributes, parents : the attributes, and for each the place of its parent or -1
    pairs : for each attribute the (value of the parent, value) pairs, in order of appearance
    steps : the activities that are steps
    kinds : the bad things that are counted
    first_seen : int64 (n_pairs,), microseconds
    arrivals : int32 (n_cells, 2 + n_kinds): key, bin, how many were at risk of each kind
    outcomes : int32 (n_cells, 5): key, bin of the arrival, bin in which it was known, kind, many
    curves : float64 (n_kinds, 1 + n_steps, 113): the share of arrivals that has had it so many bins
        later, of all customers and of those at each step
    started, ended : int64 (n_bins + 1,): journeys started and ended before each bin
    first_bin, until : the first bin (since the epoch), and the instant up to which all is known
    """

    attributes: tuple[str, ...]
    parents: tuple[int, ...]
    pairs: tuple[tuple[Pair, ...], ...]
    steps: tuple[str, ...]
    kinds: tuple[str, ...]
    first_seen: Ints
    arrivals: Codes
    outcomes: Codes
    curves: Floats
    started: Ints
    ended: Ints
    first_bin: int
    until: int

    def to_bytes(self) -> bytes:
        """Return the record as a NumPy archive without pickle; the same record, the same bytes."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        arrays = {name: said.pop(name) for name in _ARRAYS}
        arrays["said"] = np.frombuffer(json.dumps(said, sort_keys=True).encode(), dtype=np.uint8)
        written = BytesIO()
        np.savez_compressed(written, **arrays)
        return written.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Surroundings":
        """Return the record that `to_bytes` wrote."""
        with np.load(BytesIO(content), allow_pickle=False) as read:
            kept: dict[str, Any] = json.loads(read["said"].tobytes())
            kept |= {name: read[name] for name in _ARRAYS}
        for name in ("attributes", "parents", "steps", "kinds"):
            kept[name] = tuple(kept[name])
        pairs = kept.pop("pairs")
        return cls(
            pairs=tuple(tuple((one, other) for one, other in some) for some in pairs), **kept
        )

    @property
    def n_steps(self) -> int:
        """How many steps there are, with *none yet*, which is step 0."""
        return 1 + len(self.steps)

    @property
    def complete(self) -> int:
        """The first bin, counted from ``first_bin``, that is not over at ``until``."""
        return self.until // BIN - self.first_bin

    def known_by(self, at: int) -> "Surroundings":
        """Return the record as it was at an instant, in microseconds since the epoch (UTC).

        What was later, or in a bin that was not over then, is not in it.  Steps, parents, curves
        and the numbers of pairs, which a model has learnt with, stay.
        """
        until = min(at, self.until)
        over = max(until // BIN - self.first_bin, 0)
        before = np.minimum(np.arange(over + 2), over)
        return replace(
            self,
            first_seen=np.where(self.first_seen <= until, self.first_seen, _NOT_YET),
            arrivals=self.arrivals[self.arrivals[:, 1] < over],
            outcomes=self.outcomes[self.outcomes[:, 2] < over],
            started=self.started[before],
            ended=self.ended[before],
            until=until,
        )

    def may_be_outdone(self, began: int, ended: int) -> bool:
        """Say whether a log reaches further than this record and is as long as its windows."""
        return ended > self.until and ended - began >= LONGEST * BIN

    def outdone_by(self, begun: int) -> bool:
        """Say whether a log that may outdo this record does, by how many journeys it begins.

        At least half as many a day in its last 28 days, so that it is no mere slice of customers.
        """
        last = max(self.complete, 1)
        back = max(last - LONGEST, 0)
        return bool(
            begun / LONGEST >= (self.started[last] - self.started[back]) / (last - back) / 2
        )

    @cached_property
    def shape(self) -> Shape:
        """Order of the attributes (parents first), parents, widths, begins, and pair numbers.

        The number of pair (p, v) of attribute a is at ``begins[a] + p * widths[a] + v``, where
        p = 0 is *no value*; -1 where nobody had it.
        """
        tables, number = [], 0
        for attribute, pairs in enumerate(self.pairs):
            above = self.places[self.parents[attribute]] if self.parents[attribute] >= 0 else {}
            table = np.full((len(above) + 2, len(self.places[attribute]) + 1), -1, dtype=np.int32)
            for parent, value in pairs:
                row = 0 if parent is None else 1 + above[parent]
                table[row, self.places[attribute][value]] = number
                number += 1
            tables.append(table)
        begins = np.cumsum([0, *(table.size for table in tables[:-1])])
        widths = np.array([table.shape[1] for table in tables], dtype=np.int64)
        numbers = np.concatenate([table.ravel() for table in tables])
        parents = np.array(self.parents, dtype=np.int64)
        return _parents_first(self.parents), parents, widths, begins, numbers

    @cached_property
    def places(self) -> tuple[dict[str, int], ...]:
        """The code of each value, for each attribute; one more code is any other value."""
        return tuple(
            {value: code for code, value in enumerate(dict.fromkeys(own for _, own in pairs))}
            for pairs in self.pairs
        )

    @cached_property
    def step_places(self) -> dict[object, int]:
        """The step of each activity that is one, from 1."""
        return {name: code for code, name in enumerate(self.steps, start=1)}

    @cached_property
    def rows(self) -> Rows:
        """What was known at each bin: where each key begins, bins, and (n_rows, n_columns).

        The columns are, for each window and kind, how many were expected and how many observed.  A
        row holds until the next of its key.
        """
        keys = np.arange(1 + self.n_steps * (1 + sum(len(some) for some in self.pairs)) + 1)
        arrived = np.searchsorted(self.arrivals[:, 0], keys)
        came = np.searchsorted(self.outcomes[:, 0], keys)
        found = [
            self._rows_of(
                self.curves[:, key if key == 0 else 1 + (key - 1) % self.n_steps],
                self.arrivals[arrived[key] : arrived[key + 1]],
                self.outcomes[came[key] : came[key + 1]],
            )
            for key in keys[:-1]
        ]
        offsets = np.cumsum([0, *(len(bins) for bins, _ in found)])
        bins, rows = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return offsets, bins.astype(np.int32), rows

    def _rows_of(
        self, curves: Floats, arrivals: Codes, outcomes: Codes
    ) -> tuple[Ints, NDArray[np.float32]]:
        n_bins = len(self.started) - 1
        columns = []
        for length in WINDOWS.values():
            for kind, curve in enumerate(curves):
                at_risk, mine = arrivals[:, 2 + kind], outcomes[outcomes[:, 3] == kind]
                columns.append(_windowed(arrivals[:, 1], at_risk, curve[1 : length + 1], n_bins))
                columns.append(_observed(mine, length, n_bins))
        known = np.column_stack(columns).astype(np.float32)
        changes = np.flatnonzero((known[1:] != known[:-1]).any(axis=1)) + 1
        return changes, known[changes]

    @cached_property
    def workload(self) -> tuple[Floats, Floats]:
        """Journeys open before each bin, and begun in the day before, over what is usual.

        Usual is the mean of the last 28 days, or of those that the log has; (n_bins + 1,) each, NaN
        where nothing is.  In tenths: a finer number would tell the date.
        """
        now = np.arange(len(self.started))
        back = np.maximum(now - LONGEST, 0)
        yesterday = np.maximum(now - WINDOWS["1d"], 0)
        is_open = (self.started - self.ended).astype(np.float64)
        summed = np.cumsum(is_open)
        begun = (self.started - self.started[yesterday]) * (now - back)
        usually = (self.started - self.started[back]) * (now - yesterday)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.stack([is_open * (now - back) / (summed - summed[back]), begun / usually])
        opened, started = np.round(ratios, 1)
        return opened, started

    @cached_property
    def known(self) -> Known:
        """All that `look_up` reads."""
        usual = np.ascontiguousarray(self.curves[:, 1:, -1])
        read = (np.array(read_of(self.kinds), dtype=np.int64), usual, self.first_seen)
        limits = (self.n_steps, self.first_bin, self.complete, BIN, LONGEST)
        return self.shape, self.rows, read, self.workload, limits

    def codes(self, log: EventLog) -> Codes:
        """Return the code of each attribute's value at each event, -1 missing: (n, n_events)."""
        found = np.empty((len(self.attributes), len(log)), dtype=np.int32)
        for place, name in enumerate(self.attributes):
            known = self.places[place]
            column = log.events[name].cat
            of_category = [known.get(str(value), len(known)) for value in column.categories]
            found[place] = np.array([*of_category, -1], dtype=np.int32)[column.codes.to_numpy()]
        return found


def step_codes(activity: pd.Series, steps: tuple[str, ...]) -> Codes:
    """Return the step that each event is, from 1; -1 for an event that is none."""
    place = {name: code for code, name in enumerate(steps, start=1)}
    of_category = [place.get(str(name), -1) for name in activity.cat.categories]
    return np.array([*of_category, -1], dtype=np.int32)[activity.cat.codes.to_numpy()]


def _parents_first(parents: tuple[int, ...]) -> Ints:
    order: list[int] = []
    while len(order) < len(parents):
        order += [
            place
            for place, above in enumerate(parents)
            if place not in order and (above < 0 or above in order)
        ]
    return np.array(order, dtype=np.int64)


def _windowed(bins: Codes, counts: Codes, weights: Floats, n_bins: int) -> Floats:
    """Return at each bin the weighted sum of the counts 1, 2, … bins before; (n_bins + 1,)."""
    by_bin = np.bincount(bins, counts, minlength=n_bins)
    summed = np.convolve(by_bin, np.concatenate([[0.0], weights]))[: n_bins + 1]
    return np.asarray(summed, dtype=np.float64)


def _observed(outcomes: Codes, length: int, n_bins: int) -> Floats:
    """Return at each bin how many of the arrivals in the window had it by then; (n_bins + 1,)."""
    _, arrived, known, _, many = outcomes.T
    kept = known < arrived + length
    opens, closes = known[kept] + 1, np.minimum(arrived[kept] + length + 1, n_bins + 1)
    steps = np.bincount(opens, many[kept], minlength=n_bins + 2)
    steps -= np.bincount(closes, many[kept], minlength=n_bins + 2)
    return np.asarray(np.cumsum(steps)[: n_bins + 1])
