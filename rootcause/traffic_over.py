"""Traffic over shards: that of a log that is never held, put together from that of its parts.

Two passes, or three where there is a survey.  The first counts what one journey's road depends on
of all others: how long journeys take, in which channels they begin.  The second tells each road of
each journey, a row each.  Counts add, rows are put side by side: what is measured of them is what
the whole log would have said, whatever the shards; only sums over customers are added in another
order, so that an interval may differ in its last digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.everyone import micros
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import CHANNEL, EventLog
from journeys.shards import Progress, Shards
from rootcause.exposure import LARGEST_LOT, lots_of
from rootcause.kpi_roads import ROADS, Road
from rootcause.kpi_seen import (
    Seen,
    Usual,
    chosen_channels,
    horizon_of,
    seen_by,
)
from rootcause.traffic import Answers, Traffic, answers_of, begun_a_day, roads_of

Ints = NDArray[np.int64]

MOST_JOURNEYS = 10_000_000
"""Of so many the roads are brought together; of more, those of a hash sample of customers."""

PARTS = 1_000
_LENGTH, _BEGUN_IN, _CALLED_IN, _BEGUN_ON, _JOURNEYS, _CUSTOMERS = range(6)


@dataclass(frozen=True)
class Counted:
    """What is known of all journeys of a log in shards.

    Attributes
    ----------
    usual : what roads have to know of them
    begun : how many began on each day, from the first of the log on
    journeys, customers : how many are of the customers whose lots lie in each thousandth, and how
        many these are, (1000,)
    """

    usual: Usual
    begun: Ints
    journeys: Ints
    customers: Ints

    def parts_of(self, most: int) -> int:
        """Return how many thousandths, from the lowest on, hold so many journeys; one at least."""
        within = np.searchsorted(np.cumsum(self.journeys), most, side="right")
        return max(int(within), 1)


_ROADS = pa.schema([
    ("road", pa.string()),
    ("horizon", pa.int64()),
    ("lot", pa.large_list(pa.int64())),
    ("origin", pa.large_list(pa.int64())),
    ("stop", pa.large_list(pa.int64())),
    ("ended", pa.large_list(pa.bool_())),
    ("mark_of", pa.large_list(pa.int64())),
    ("mark_at", pa.large_list(pa.int64())),
])  # fmt: skip


def traffic_over(shards: Shards, *, since: int, counted: Counted, parts: int = PARTS) -> Traffic:
    """Return the traffic of a log in shards.

    Parameters
    ----------
    since : the first instant of any period, in microseconds: whoever was there only before is not
        brought together
    counted : of `counted_over`
    parts : only of customers whose lots lie in so many thousandths; journeys begun are of everybody
    """
    definition, whole = shards.definition, shards.whole
    below = LARGEST_LOT if parts >= PARTS else parts * _width()
    ask = partial(_roads_of, definition=definition, usual=counted.usual, since=since, below=below)
    roads = _read(shards.map(ask))
    answers = None
    if definition.survey is not None:
        found = shards.map(partial(_answered, definition=definition, below=below))
        lot, at = _ints(found, "lot"), _ints(found, "at")
        answers = Answers(lot, at, found["score"].to_numpy())
    roads, answers = _numbered(roads, answers)
    return Traffic(
        definition=definition,
        began=micros(whole.begins),
        until=micros(whole.ends),
        begun=counted.begun,
        roads=roads,
        answers=answers,
    )


def counted_over(shards: Shards, *, progress: Progress | None = None) -> Counted:
    """Return what is known of all journeys of a log in shards; one pass."""
    definition = shards.definition
    table = shards.map(partial(_counts_of, definition=definition), progress=progress)
    what, place, n = (_ints(table, name) for name in ("what", "place", "n"))

    def summed(which: int, size: int = 0) -> Ints:
        here = what == which
        return np.bincount(place[here], n[here], size).astype(np.int64)

    size = len(shards.whole.categories[CHANNEL])
    channels = chosen_channels(summed(_BEGUN_IN, size), summed(_CALLED_IN, size))
    lengths = np.repeat(place[what == _LENGTH], n[what == _LENGTH])
    usual = Usual(horizon_of(definition, lengths), channels)
    return Counted(usual, summed(_BEGUN_ON), summed(_JOURNEYS, PARTS), summed(_CUSTOMERS, PARTS))


def _counts_of(shard: EventLog, *, definition: Definition) -> pa.Table:
    """Return the counts of a shard: of what, of which place of it, how many."""
    seen = _seen(shard, definition)
    asks_length = definition.success is None or definition.success.within is None
    lengths, many = np.unique(seen.lengths, return_counts=True)
    begun_in, called_in = seen.by_channel
    part = lots_of(shard) // _width()
    counts = [
        (_LENGTH, lengths[: len(lengths) * asks_length], many[: len(many) * asks_length]),
        (_BEGUN_IN, *_places(begun_in)),
        (_CALLED_IN, *_places(called_in)),
        (_BEGUN_ON, *_places(begun_a_day(seen))),
        (_JOURNEYS, *_places(np.bincount(part[seen.customer], minlength=PARTS))),
        (_CUSTOMERS, *_places(np.bincount(part, minlength=PARTS))),
    ]
    columns = [
        (np.full(len(n), what), place.astype(np.int64), n.astype(np.int64))
        for what, place, n in counts
    ]
    what, place, n = (np.concatenate(each) for each in zip(*columns, strict=True))
    return pa.table({"what": what, "place": place, "n": n})


def _roads_of(
    shard: EventLog, *, definition: Definition, usual: Usual, since: int, below: int
) -> pa.Table:
    """Return the roads of a shard, a row each, in which every column is a list."""
    seen, lots = _seen(shard, definition, usual), lots_of(shard)
    rows = []
    for name, road in roads_of(seen).items():
        lot = lots[road.customer]
        kept = (road.stop >= since) & (lot < below)
        place = np.cumsum(kept) - 1
        marked = kept[road.mark_of]
        rows.append({
            "road": name,
            "horizon": road.horizon,
            "lot": lot[kept],
            "origin": road.origin[kept],
            "stop": road.stop[kept],
            "ended": road.ended[kept],
            "mark_of": place[road.mark_of[marked]],
            "mark_at": road.mark_at[marked],
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_ROADS)


def _read(table: pa.Table) -> dict[str, Road]:
    """Return the roads of all shards, customers by their lots."""
    found: dict[str, list[Road]] = {}
    for row in range(table.num_rows):
        said = {name: table[name][row] for name in _ROADS.names}
        lot, origin, stop, ended, of, at = (
            said[name].values.to_numpy(zero_copy_only=False) for name in _ROADS.names[2:]
        )
        road = Road(lot, origin, stop, ended, of, at, horizon=said["horizon"].as_py())
        found.setdefault(said["road"].as_py(), []).append(road)
    return {name: _joined(found[name]) for name in ROADS if name in found}


def _joined(parts: Sequence[Road]) -> Road:
    """Return the roads of several shards as one."""
    sizes = [len(part.origin) for part in parts]
    before = np.cumsum(sizes) - sizes
    marks = [part.mark_of + first for part, first in zip(parts, before, strict=True)]
    names = ("customer", "origin", "stop", "ended", "mark_at")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Road(**columns, mark_of=np.concatenate(marks), horizon=parts[0].horizon)


def _numbered(
    roads: Mapping[str, Road], answers: Answers | None
) -> tuple[dict[str, Road], Answers | None]:
    """Return the same with customers numbered from 0 on, in the order of their lots."""
    whose = [road.customer for road in roads.values()]
    whose += [] if answers is None else [answers.customer]
    known = np.unique(np.concatenate(whose)) if whose else np.empty(0, dtype=np.int64)

    def number(lot: Ints) -> Ints:
        return np.searchsorted(known, lot)

    told = {name: replace(road, customer=number(road.customer)) for name, road in roads.items()}
    if answers is None:
        return told, None
    return told, replace(answers, customer=number(answers.customer))


def _answered(shard: EventLog, *, definition: Definition, below: int) -> pa.Table:
    """Return what the customers of a shard answered, a row each."""
    answers = answers_of(_seen(shard, definition)) if definition.survey is not None else None
    if answers is None:
        nothing = np.empty(0, dtype=np.int64)
        return pa.table({"lot": nothing, "at": nothing, "score": np.empty(0)})
    lot = lots_of(shard)[answers.customer]
    kept = lot < below
    return pa.table({"lot": lot[kept], "at": answers.at[kept], "score": answers.score[kept]})


def _seen(shard: EventLog, definition: Definition, usual: Usual | None = None) -> Seen:
    seen = seen_by(shard, find_journeys(shard, definition), definition, None)
    return Seen(seen.log, seen.journeys, definition, seen.until, usual)


def _places(counts: Ints) -> tuple[Ints, Ints]:
    """Return the places at which something was counted, and how many."""
    at = np.flatnonzero(counts)
    return at, counts[at]


def _width() -> int:
    return LARGEST_LOT // PARTS + 1


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)
