"""Learning from a log what others lived through, and when it was known; only from events."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.everyone import Everyone, Some, everyone_in, everyone_of, micros
from features.keys_around import Inside, Keys, inside_of, pairs_of, parents_of, steps_of
from features.surrounding_features import CONTACT, FAILURE, REPEAT, attributes_around, kinds_of
from features.surroundings import BIN, LONGEST, Codes, Surroundings
from journeys.definition import Definition
from journeys.find import NEVER, end_times
from journeys.log import ACTIVITY, EventLog
from journeys.shards import Shards

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
BadThing = Callable[[Ints, Ints], tuple[Flags, Ints]]
"""Given journeys and rows of arrivals: who is at risk, and when it was known (or NEVER)."""

# A step's curve weighs as much as everybody's with so many arrivals.
_CURVE_STRENGTH = 20.0
_CELLS = pa.schema([(name, pa.int32()) for name in ("what", "c0", "c1", "c2", "c3", "c4")])


def learn_surroundings(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    *,
    frozen: Surroundings | None = None,
    until: pd.Timestamp | None = None,
) -> Surroundings:
    """Return what others lived through in a log.

    Parameters
    ----------
    frozen : of an earlier log; parents, steps and curves, which a model has learnt with, are its
    until : without ``frozen``, these three are learnt from what was known by this instant
    """
    return surroundings_of(everyone_of(log, definition, journeys), frozen=frozen, until=until)


def learn_surroundings_over(
    shards: Shards, *, frozen: Surroundings | None = None, until: pd.Timestamp | None = None
) -> Surroundings:
    """Return what `learn_surroundings` says of the whole log, to the byte, from its shards.

    Two passes over them with ``frozen``, four without.
    """
    return surroundings_of(everyone_in(shards), frozen=frozen, until=until)


def surroundings_of(
    everyone: Everyone, *, frozen: Surroundings | None = None, until: pd.Timestamp | None = None
) -> Surroundings:
    """Return what all customers lived through: `learn_surroundings`, wherever their events are."""
    definition = everyone.definition
    attributes, kinds = attributes_around(definition), kinds_of(definition)
    steps = steps_of(everyone, until) if frozen is None else frozen.steps
    parents = parents_of(everyone, attributes, until) if frozen is None else frozen.parents
    pairs, first_seen, numbers = pairs_of(everyone, attributes, parents)
    bins = Bins(everyone.began // BIN, everyone.ended // BIN)
    keys = Keys(attributes, parents, steps, numbers)
    counted = everyone.ask(partial(_count_cells, keys, bins), join=_joined)
    arrivals, outcomes, started, ended = _cells(counted)
    if frozen is None:
        watched_to = (everyone.ended if until is None else micros(until)) // BIN - bins.first
        curves = _curves_of(arrivals, outcomes, (len(kinds), 1 + len(steps)), watched_to)
    else:
        curves = frozen.curves
    return Surroundings(
        attributes=attributes,
        parents=parents,
        pairs=pairs,
        steps=steps,
        kinds=kinds,
        first_seen=first_seen,
        arrivals=np.ascontiguousarray(arrivals[:, : 2 + len(kinds)]),
        outcomes=outcomes,
        curves=curves,
        started=bins.before_each(started),
        ended=bins.before_each(ended),
        first_bin=bins.first,
        until=everyone.ended,
    )


def begun_since(everyone: Everyone, at: int) -> int:
    """Return how many journeys began after an instant (microseconds since the epoch)."""

    def begun(some: Some) -> pa.Table:
        first = some.journeys["first"].to_numpy()
        return pa.table({"n": [int((some.log.times[first] > at).sum())]})

    return int(everyone.ask(begun).column("n").to_numpy().sum())


@dataclass(frozen=True)
class Bins:
    """The bins of a log, its first and its last."""

    first: int
    last: int

    def of(self, times: Ints) -> Ints:
        """Return the bins of instants, counted from the log's first."""
        return np.asarray(times // BIN - self.first)

    def before_each(self, counted: Codes) -> Ints:
        """Return how many there were before each bin, from cells (bin, n): (n_bins + 1,)."""
        n_bins = self.last - self.first + 1
        counts = np.bincount(counted[:, 0], counted[:, 1], minlength=n_bins).astype(np.int64)
        return np.concatenate([[0], np.cumsum(counts)])


def _count_cells(keys: Keys, bins: Bins, some: Some) -> pa.Table:
    """Return the cells of arrivals, outcomes, starts and ends of some customers, one under another.

    Columns ``what`` (the place in this list) and ``c0`` to ``c4`` (0 where there are fewer).
    """
    inside = inside_of(some, keys.steps)
    found: list[Ints | Codes] = list(_counted(some, inside, keys.of(some.log, inside), bins))
    starts, ends = some.log.times[inside.first], end_times(some.journeys)
    found += [_by_bin(bins.of(starts)), _by_bin(bins.of(ends[ends != NEVER]))]
    return pa.concat_tables(_written(what, cells) for what, cells in enumerate(found))


def _by_bin(bins: Ints) -> Ints:
    return np.column_stack(np.unique(bins, return_counts=True))


def _written(what: int, cells: Ints | Codes) -> pa.Table:
    wide = np.zeros((len(cells), 6), dtype=np.int32)
    wide[:, 0], wide[:, 1 : 1 + cells.shape[1]] = what, cells
    return pa.table(list(np.ascontiguousarray(wide.T)), schema=_CELLS)


def _joined(table: pa.Table) -> pa.Table:
    """Return the cells of several shards as `_count_cells` writes those of one."""
    return pa.concat_tables(_written(what, cells) for what, cells in enumerate(_cells(table)))


def _cells(table: pa.Table) -> tuple[Codes, Codes, Codes, Codes]:
    """Return the cells that `_count_cells` wrote, those of all shards summed."""
    cells = np.column_stack([column.to_numpy() for column in table.columns])
    arrivals, outcomes, started, ended = (cells[cells[:, 0] == what, 1:] for what in range(4))
    return _summed(arrivals, 2), _summed(outcomes, 4), _summed(started, 1), _summed(ended, 1)


def _bad_things(some: Some, inside: Inside) -> list[BadThing]:
    ask = {CONTACT: _contacts, FAILURE: _failures, REPEAT: _repeats}
    return [ask[kind](some, inside) for kind in kinds_of(some.definition)]


def _contacts(some: Some, inside: Inside) -> BadThing:
    """Ask for a journey's first contact; who has had one is no longer at risk."""
    log = some.log
    held = np.flatnonzero(some.definition.rules["leakage"].holds(log.events.take(inside.rows)))
    first = np.full(len(some.journeys), len(log), dtype=np.int64)
    np.minimum.at(first, inside.journey[held], inside.rows[held])
    known = np.append(log.times, NEVER)[first]
    return lambda journey, row: (row < first[journey], known[journey])


def _failures(some: Some, _inside: Inside) -> BadThing:
    """Ask for the end of a journey that is no success."""
    lost = some.journeys["state"].isin(["failure", "abandoned", "expired"]).to_numpy()
    known = np.where(lost, end_times(some.journeys), NEVER)
    return lambda journey, _row: (np.ones(len(journey), dtype=np.bool_), known[journey])


def _repeats(some: Some, inside: Inside) -> BadThing:
    """Ask for the next activity that a journey has had before: failed attempts show so first."""
    log = some.log
    activity = log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)[inside.rows]
    again = pd.DataFrame({"journey": inside.journey, "activity": activity}).duplicated().to_numpy()
    later = np.full(len(log) + 1, len(log), dtype=np.int64)
    later[inside.rows[again]] = inside.rows[again]
    following = np.minimum.accumulate(later[::-1])[::-1]
    known = np.append(log.times, NEVER)

    def ask(journey: Ints, row: Ints) -> tuple[Flags, Ints]:
        repeated = following[row + 1]
        repeated = np.where(repeated <= inside.last[journey], repeated, len(log))
        return np.ones(len(journey), dtype=np.bool_), known[repeated]

    return ask


def _counted(some: Some, inside: Inside, keys: list[Ints], bins_of: Bins) -> list[Codes]:
    """Return the cells of arrivals and of what followed them, as `Surroundings` keeps them."""
    log, bad_things = some.log, _bad_things(some, inside)
    arrivals, outcomes = [], []
    for one in keys:
        key, place = _first_arrivals(inside.journey, one)
        journey, row = inside.journey[place], inside.rows[place]
        bins = bins_of.of(log.times[row])
        asked = [ask(journey, row) for ask in bad_things]
        arrivals.append(np.column_stack([key, bins, *(at_risk for at_risk, _ in asked)]))
        for kind, (at_risk, known_at) in enumerate(asked):
            hit = at_risk & (known_at != NEVER)
            known = bins_of.of(known_at[hit])
            found = [key[hit], bins[hit], known, np.full(len(known), kind), np.ones_like(known)]
            outcomes.append(np.column_stack(found)[known < bins[hit] + LONGEST])
    # What the steps alone add up to is everybody, key 0.
    arrivals.append(_as_everybody(arrivals[0]))
    outcomes += [_as_everybody(cells) for cells in outcomes[: len(bad_things)]]
    return [_summed(np.concatenate(arrivals), 2), _summed(np.concatenate(outcomes), 4)]


def _as_everybody(cells: Ints) -> Ints:
    """Return cells with the first column, the key, as 0."""
    return np.column_stack([np.zeros_like(cells[:, 0]), cells[:, 1:]])


def _first_arrivals(journey: Ints, key: Ints) -> tuple[Ints, Ints]:
    """Return each key that a journey has, and the place at which it first has it."""
    changes = np.ones(len(key), dtype=np.bool_)
    changes[1:] = (journey[1:] != journey[:-1]) | (key[1:] != key[:-1])
    place = np.flatnonzero(changes & (key >= 0))
    both = pd.DataFrame({"journey": journey[place], "key": key[place]})
    place = place[~both.duplicated().to_numpy()]
    return key[place], place


def _summed(cells: Ints | Codes, n_names: int) -> Codes:
    """Return one row for all rows with the same first columns, ascending by these."""
    order = _order_of(cells[:, :n_names])
    cells = cells[order]
    begins = np.ones(len(cells), dtype=np.bool_)
    begins[1:] = (cells[1:, :n_names] != cells[:-1, :n_names]).any(axis=1)
    summed = np.add.reduceat(cells, np.flatnonzero(begins), axis=0) if len(cells) else cells
    summed[:, :n_names] = cells[begins, :n_names]
    return np.asarray(summed, dtype=np.int32)


def _order_of(names: Ints | Codes) -> Ints:
    """Return the order by all columns, the first before the next, of numbers of 0 or more."""
    sizes = names.max(axis=0, initial=0).astype(np.float64) + 1
    if sizes.prod() >= 2.0**62:
        return np.lexsort(names.T[::-1])
    number = np.zeros(len(names), dtype=np.int64)
    for column, size in zip(names.T, sizes.astype(np.int64), strict=True):
        number = number * size + column
    return np.argsort(number)


def _curves_of(
    arrivals: Codes, outcomes: Codes, shape: tuple[int, int], watched_to: int
) -> NDArray[np.float64]:
    """Return the share of arrivals that had it so many bins later, by kind and step.

    Of those watched so long (Kaplan and Meier's idea, in bins); a step's few arrivals are held
    close to everybody's.
    """
    n_kinds, n_steps = shape
    curves = np.zeros((n_kinds, 1 + n_steps, LONGEST + 1))
    for kind in range(n_kinds):
        asked = arrivals[:, [0, 1, 2 + kind]]
        had = outcomes[(outcomes[:, 3] == kind) & (outcomes[:, 2] < watched_to)]
        everybody = _shares(asked, had, 0, watched_to)
        usual = everybody[0] / np.maximum(everybody[1], 1)
        curves[kind, 0] = np.minimum(np.cumsum(usual), 1.0)
        for key in range(1, 1 + n_steps):
            happened, watched = _shares(asked, had, key, watched_to)
            share = (happened + _CURVE_STRENGTH * usual) / (watched + _CURVE_STRENGTH)
            curves[kind, key] = np.minimum(np.cumsum(share), 1.0)
    return curves


def _shares(asked: Codes, had: Codes, key: int, watched_to: int) -> tuple[Ints, Ints]:
    """Return how many arrivals had it just so many bins later, of how many watched so long."""
    mine, theirs = asked[asked[:, 0] == key], had[had[:, 0] == key]
    length = LONGEST + 1
    left = np.clip(watched_to - mine[:, 1], 0, LONGEST)
    watched = np.bincount(left, mine[:, 2], minlength=length)
    happened = np.bincount(1 + theirs[:, 2] - theirs[:, 1], theirs[:, 4], minlength=length)
    return happened.astype(np.int64), np.cumsum(watched[::-1])[::-1].astype(np.int64)
