"""The keys under which others are counted: (attribute, value, step), and who has which when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.everyone import Everyone, Some, known_by, summed
from features.surroundings import Codes, Pair, step_codes
from features.vocabulary import count_values, frequent
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

_NONE = np.empty(0, dtype=np.int64)
_TOGETHER = pa.schema(
    [(name, pa.int64()) for name in ("attribute", "other", "value", "others", "n")]
)
_SEEN = pa.schema([(name, pa.int64()) for name in ("attribute", "pair", "seen")])


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys under which others are counted.

    Attributes
    ----------
    attributes, parents, steps : as in `Surroundings`
    numbers : for each attribute the number of each pair that is counted, by the pair's code
    """

    attributes: tuple[str, ...]
    parents: tuple[int, ...]
    steps: tuple[str, ...]
    numbers: list[pd.Series]

    def of(self, log: EventLog, inside: "Inside") -> list[Ints]:
        """Return each event's key by step alone, then by each attribute; -1 for a missing value."""
        n_steps = 1 + len(self.steps)
        keys, before = [1 + inside.step], 0
        codes = _pair_codes(log, self.attributes, self.parents)
        for number, both in zip(self.numbers, codes, strict=True):
            pair = number.reindex(both[inside.rows]).fillna(-1).to_numpy(dtype=np.int64)
            keys.append(np.where(pair >= 0, 1 + n_steps * (1 + before + pair) + inside.step, -1))
            before += len(number)
        return keys


@dataclass(frozen=True, eq=False)
class Inside:
    """The events inside journeys: row, journey and step of each; the last row of each journey."""

    rows: Ints
    journey: Ints
    step: Ints
    first: Ints
    last: Ints


def steps_of(everyone: Everyone, until: pd.Timestamp | None) -> tuple[str, ...]:
    """Return the milestones or, without any, the most frequent activities."""
    if everyone.definition.milestones:
        return everyone.definition.milestones
    counts = summed(everyone.ask(partial(count_values, (ACTIVITY,), until)), "value")
    return tuple(frequent(counts, _MOST_STEPS))


def parents_of(
    everyone: Everyone, attributes: tuple[str, ...], until: pd.Timestamp | None
) -> tuple[int, ...]:
    """Return the place of each attribute's parent, -1 for none.

    An attribute is nested in another of fewer values when 99 % of its events have the value of the
    other that goes with theirs.  One that is nested in none gets the one of fewest values, if any
    has fewer: an app version means something else on another os.
    """
    counts = everyone.ask(partial(_count_together, attributes, until))
    together = summed(counts, "attribute", "other", "value", "others")
    counted = dict(list(together.groupby(["attribute", "other"])))
    sizes = [len(counted.get((place, place), ())) for place in range(len(attributes))]
    parents = []
    for place in range(len(attributes)):
        above = [other for other, size in enumerate(sizes) if 2 <= size < sizes[place]]
        nested = [one for one in above if _nested_share(counted.get((place, one))) >= _NESTED_SHARE]
        closest = sorted(nested, key=lambda one: -sizes[one]) or sorted(
            above, key=sizes.__getitem__
        )
        parents.append(closest[0] if closest else -1)
    return tuple(parents)


def _count_together(
    attributes: tuple[str, ...], until: pd.Timestamp | None, some: Some
) -> pa.Table:
    """Return how many events have a value of one attribute beside a value of another, in codes."""
    early = known_by(some.log, until)
    codes = [_codes(some.log, name)[early] for name in attributes]
    found = []
    for one, other in product(range(len(attributes)), repeat=2):
        width = len(some.log.events[attributes[other]].cat.categories)
        both = (codes[one] >= 0) & (codes[other] >= 0)
        pairs, many = np.unique(codes[one][both] * width + codes[other][both], return_counts=True)
        places = (np.full(len(pairs), one), np.full(len(pairs), other))
        columns = [*places, *np.divmod(pairs, max(width, 1)), many]
        found.append(pa.table(columns, schema=_TOGETHER))
    return pa.concat_tables([_TOGETHER.empty_table(), *found])


def _codes(log: EventLog, name: str) -> Ints:
    return log.events[name].cat.codes.to_numpy().astype(np.int64)


def _nested_share(together: pd.DataFrame | None) -> float:
    """Return the share of events that have the most frequent value above their own value."""
    if together is None:
        return 0.0
    return float(together.groupby("value")["n"].max().sum() / together["n"].sum())


def inside_of(some: Some, steps: tuple[str, ...]) -> Inside:
    """Return the events inside journeys, each with the last step its journey had reached."""
    first, last = (some.journeys[name].to_numpy(dtype=np.int64) for name in ("first", "last"))
    lengths = last - first + 1
    journey = np.repeat(np.arange(len(first), dtype=np.int64), lengths)
    begins = np.cumsum(lengths) - lengths
    rows = first[journey] + np.arange(len(journey)) - begins[journey]
    codes = step_codes(some.log.events[ACTIVITY].take(rows), steps)
    step = np.maximum(_filled(codes, begins[journey]), 0)
    return Inside(rows, journey, step, first, last)


def _filled(codes: Ints | Codes, begins: Ints) -> Ints:
    """Return the last code that is not missing from ``begins`` to each place; -1 for none."""
    last = np.maximum.accumulate(np.where(codes >= 0, np.arange(len(codes)), -1))
    return np.where(last >= begins, codes[last], -1).astype(np.int64)


def pairs_of(
    everyone: Everyone, attributes: tuple[str, ...], parents: tuple[int, ...]
) -> tuple[Pairs, Ints, list[pd.Series]]:
    """Return each attribute's pairs by first appearance, when that was, and the number of each."""
    counted = everyone.ask(partial(_first_seen, attributes, parents)).to_pandas()
    first = counted.groupby(["attribute", "pair"])["seen"].min()
    names = [everyone.whole.categories[name] for name in attributes]
    pairs, first_seen, numbers = [], [], []
    for place, above in enumerate(parents):
        mine = first[first.index.get_level_values(0) == place].droplevel(0)
        seen = mine.sort_values(kind="stable").iloc[:_MOST_PAIRS]
        numbers.append(pd.Series(np.arange(len(seen)), index=seen.index))
        parents_names = names[above] if above >= 0 else ()
        pairs.append(tuple(_pair(code, names[place], parents_names) for code in seen.index))
        first_seen.append(seen.to_numpy(dtype=np.int64))
    began, found = everyone.began, np.concatenate([_NONE, *first_seen])
    return tuple(pairs), np.where(found < began + _UNTOLD, began - _OLD, found), numbers


def _first_seen(attributes: tuple[str, ...], parents: tuple[int, ...], some: Some) -> pa.Table:
    """Return when each pair was seen first, in codes: ``attribute, pair, seen``."""
    found = []
    for place, both in enumerate(_pair_codes(some.log, attributes, parents)):
        seen = pd.Series(some.log.times).groupby(both).min().drop(-1, errors="ignore")
        columns = [np.full(len(seen), place), seen.index.to_numpy(), seen.to_numpy()]
        found.append(pa.table(columns, schema=_SEEN))
    return pa.concat_tables([_SEEN.empty_table(), *found])


def _pair_codes(
    log: EventLog, attributes: tuple[str, ...], parents: tuple[int, ...]
) -> Iterator[Ints]:
    """Yield for each attribute the code of each event's pair, of the values so far; -1 missing."""
    begins = log.offsets[log.customers]
    values = [_filled(_codes(log, name), begins) for name in attributes]
    for name, own, above in zip(attributes, values, parents, strict=True):
        width = max(len(log.events[name].cat.categories), 1)
        parent = values[above] if above >= 0 else np.full(len(log), -1)
        yield np.where(own >= 0, (parent + 1) * width + own, -1)


def _pair(code: int, values: Sequence[str], parents: Sequence[str]) -> Pair:
    above, own = divmod(code, len(values))
    return (parents[above - 1] if above else None), values[own]
