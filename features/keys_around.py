"""The keys under which others are counted: (attribute, value, step), and who has which when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.surroundings import Codes, Pair, step_codes
from journeys.definition import Definition
from journeys.log import ACTIVITY, EventLog

Ints = NDArray[np.int64]
Pairs = tuple[tuple[Pair, ...], ...]

_DAY = 86_400_000_000
_NESTED_SHARE = 0.99
_MOST_STEPS = 48
# Values beyond these have no experience of their own; they are the latest, so the past stays put.
_MOST_PAIRS = 1_000
# What is seen in a log's first week may be older than the log.
_UNTOLD, _OLD = 7 * _DAY, 28 * _DAY


@dataclass(frozen=True, eq=False)
class Inside:
    """The events inside journeys: row, journey and step of each; the last row of each journey."""

    rows: Ints
    journey: Ints
    step: Ints
    first: Ints
    last: Ints


def steps_of(log: EventLog, definition: Definition, until: pd.Timestamp | None) -> tuple[str, ...]:
    """Return the milestones or, without any, the most frequent activities."""
    if definition.milestones:
        return definition.milestones
    events = log.events if until is None else log.events[log.events["time"] <= until]
    counts = events[ACTIVITY].value_counts()
    ranked = sorted(counts[counts > 0].items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(name) for name, _ in ranked[:_MOST_STEPS])


def parents_of(
    log: EventLog, attributes: tuple[str, ...], until: pd.Timestamp | None
) -> tuple[int, ...]:
    """Return the place of each attribute's parent, -1 for none.

    An attribute is nested in another of fewer values when 99 % of its events have the value of the
    other that goes with theirs.  One that is nested in none gets the one of fewest values, if any
    has fewer: an app version means something else on another os.
    """
    early = (
        np.ones(len(log), dtype=np.bool_) if until is None else log.times <= until.value // 1_000
    )
    codes = [log.events[name].cat.codes.to_numpy().astype(np.int64)[early] for name in attributes]
    sizes = [len(np.unique(one[one >= 0])) for one in codes]
    parents = []
    for place in range(len(attributes)):
        above = [other for other, size in enumerate(sizes) if 2 <= size < sizes[place]]
        nested = [one for one in above if _nested_share(codes[place], codes[one]) >= _NESTED_SHARE]
        closest = sorted(nested, key=lambda one: -sizes[one]) or sorted(
            above, key=sizes.__getitem__
        )
        parents.append(closest[0] if closest else -1)
    return tuple(parents)


def _nested_share(codes: Ints, above: Ints) -> float:
    """Return the share of events that have the most frequent value above their own value."""
    both = (codes >= 0) & (above >= 0)
    if not both.any():
        return 0.0
    together, counts = np.unique(np.stack([codes[both], above[both]]), axis=1, return_counts=True)
    most = pd.Series(counts).groupby(together[0]).max()
    return float(most.sum() / counts.sum())


def inside_of(log: EventLog, journeys: pd.DataFrame, steps: tuple[str, ...]) -> Inside:
    """Return the events inside journeys, each with the last step its journey had reached."""
    first, last = (journeys[name].to_numpy(dtype=np.int64) for name in ("first", "last"))
    lengths = last - first + 1
    journey = np.repeat(np.arange(len(journeys), dtype=np.int64), lengths)
    begins = np.cumsum(lengths) - lengths
    rows = first[journey] + np.arange(len(journey)) - begins[journey]
    codes = step_codes(log.events[ACTIVITY].take(rows), steps)
    step = np.maximum(_filled(codes, begins[journey]), 0)
    return Inside(rows, journey, step, first, last)


def _filled(codes: Ints | Codes, begins: Ints) -> Ints:
    """Return the last code that is not missing from ``begins`` to each place; -1 for none."""
    last = np.maximum.accumulate(np.where(codes >= 0, np.arange(len(codes)), -1))
    return np.where(last >= begins, codes[last], -1).astype(np.int64)


def pairs_of(
    log: EventLog, attributes: tuple[str, ...], parents: tuple[int, ...]
) -> tuple[tuple[tuple[Pair, ...], ...], Ints, list[Ints]]:
    """Return each attribute's pairs by first appearance, when that was, and each event's pair."""
    begins = log.offsets[log.customers]
    columns = [log.events[name].cat for name in attributes]
    values = [_filled(column.codes.to_numpy().astype(np.int64), begins) for column in columns]
    names = [[str(value) for value in column.categories] for column in columns]
    pairs, first_seen, numbers = [], [], []
    for place, above in enumerate(parents):
        width = max(len(names[place]), 1)
        own, parent = values[place], values[above] if above >= 0 else np.full(len(log), -1)
        both = np.where(own >= 0, (parent + 1) * width + own, -1)
        seen = pd.Series(log.times).groupby(both).min().drop(-1, errors="ignore")
        seen = seen.sort_values(kind="stable").iloc[:_MOST_PAIRS]
        number = pd.Series(np.arange(len(seen)), index=seen.index)
        numbers.append(number.reindex(both).fillna(-1).to_numpy(dtype=np.int64))
        parents_names = names[above] if above >= 0 else []
        pairs.append(tuple(_pair(code, names[place], parents_names) for code in seen.index))
        first_seen.append(seen.to_numpy(dtype=np.int64))
    began, found = log.began, np.concatenate(first_seen)
    return tuple(pairs), np.where(found < began + _UNTOLD, began - _OLD, found), numbers


def _pair(code: int, values: list[str], parents: list[str]) -> Pair:
    above, own = divmod(code, len(values))
    return (parents[above - 1] if above else None), values[own]


def keys_of(inside: Inside, numbers: list[Ints], sizes: list[int], n_steps: int) -> list[Ints]:
    """Return each event's key by step alone, then by each attribute; -1 for a missing value."""
    keys, before = [1 + inside.step], 0
    for number, size in zip(numbers, sizes, strict=True):
        pair = number[inside.rows]
        keys.append(np.where(pair >= 0, 1 + n_steps * (1 + before + pair) + inside.step, -1))
        before += size
    return keys
