"""Learning from a log what others lived through, and when it was known; only from events."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.keys_around import Inside, inside_of, keys_of, pairs_of, parents_of, steps_of
from features.surrounding_features import CONTACT, FAILURE, REPEAT, attributes_around, kinds_of
from features.surroundings import BIN, LONGEST, Codes, Surroundings
from journeys.definition import Definition
from journeys.find import NEVER, end_times
from journeys.log import ACTIVITY, EventLog

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
BadThing = Callable[[Ints, Ints], tuple[Flags, Ints]]
"""Given journeys and rows of arrivals: who is at risk, and when it was known (or NEVER)."""

# A step's curve weighs as much as everybody's with so many arrivals.
_CURVE_STRENGTH = 20.0


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
    attributes, kinds = attributes_around(definition), kinds_of(definition)
    steps = steps_of(log, definition, until) if frozen is None else frozen.steps
    parents = parents_of(log, attributes, until) if frozen is None else frozen.parents
    inside = inside_of(log, journeys, steps)
    pairs, first_seen, numbers = pairs_of(log, attributes, parents)
    keys = keys_of(inside, numbers, [len(some) for some in pairs], 1 + len(steps))
    arrivals, outcomes = _counted(log, inside, keys, _bad_things(log, journeys, definition, inside))
    if frozen is None:
        watched_to = int(_bins(log, np.array([_micros(log.ends if until is None else until)]))[0])
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
        arrivals=arrivals,
        outcomes=outcomes,
        curves=curves,
        started=_before_each_bin(log, log.times[inside.first]),
        ended=_before_each_bin(log, end_times(journeys)),
        first_bin=log.began // BIN,
        until=log.ended,
    )


def _micros(at: pd.Timestamp) -> int:
    return at.value // 1_000


def _bins(log: EventLog, times: Ints) -> Ints:
    """Return the bins of instants, counted from the log's first."""
    return np.asarray(times // BIN - log.began // BIN)


def _before_each_bin(log: EventLog, times: Ints) -> Ints:
    """Return how many of the instants lie before each bin of the log: (n_bins + 1,)."""
    n_bins = log.ended // BIN - log.began // BIN + 1
    counts = np.bincount(_bins(log, times[times != NEVER]), minlength=n_bins)
    return np.concatenate([[0], np.cumsum(counts)])


def _bad_things(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, inside: Inside
) -> list[BadThing]:
    ask = {CONTACT: _contacts, FAILURE: _failures, REPEAT: _repeats}
    return [ask[kind](log, journeys, definition, inside) for kind in kinds_of(definition)]


def _contacts(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, inside: Inside
) -> BadThing:
    """Ask for a journey's first contact; who has had one is no longer at risk."""
    held = np.flatnonzero(definition.rules["leakage"].holds(log.events.take(inside.rows)))
    first = np.full(len(journeys), len(log), dtype=np.int64)
    np.minimum.at(first, inside.journey[held], inside.rows[held])
    known = np.append(log.times, NEVER)[first]
    return lambda journey, row: (row < first[journey], known[journey])


def _failures(
    _log: EventLog, journeys: pd.DataFrame, _definition: Definition, _inside: Inside
) -> BadThing:
    """Ask for the end of a journey that is no success."""
    lost = journeys["state"].isin(["failure", "abandoned", "expired"]).to_numpy()
    known = np.where(lost, end_times(journeys), NEVER)
    return lambda journey, _row: (np.ones(len(journey), dtype=np.bool_), known[journey])


def _repeats(
    log: EventLog, _journeys: pd.DataFrame, _definition: Definition, inside: Inside
) -> BadThing:
    """Ask for the next activity that a journey has had before: failed attempts show so first."""
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


def _counted(
    log: EventLog, inside: Inside, keys: list[Ints], bad_things: list[BadThing]
) -> tuple[Codes, Codes]:
    """Return the cells of arrivals and of what followed them, as `Surroundings` keeps them."""
    arrivals, outcomes = [], []
    for one in keys:
        key, place = _first_arrivals(inside.journey, one)
        journey, row = inside.journey[place], inside.rows[place]
        bins = _bins(log, log.times[row])
        asked = [ask(journey, row) for ask in bad_things]
        arrivals.append(np.column_stack([key, bins, *(at_risk for at_risk, _ in asked)]))
        for kind, (at_risk, known_at) in enumerate(asked):
            hit = at_risk & (known_at != NEVER)
            known = _bins(log, known_at[hit])
            found = [key[hit], bins[hit], known, np.full(len(known), kind), np.ones_like(known)]
            outcomes.append(np.column_stack(found)[known < bins[hit] + LONGEST])
    # What the steps alone add up to is everybody, key 0.
    arrivals.append(_as_everybody(arrivals[0]))
    outcomes += [_as_everybody(cells) for cells in outcomes[: len(bad_things)]]
    return _summed(np.concatenate(arrivals), 2), _summed(np.concatenate(outcomes), 4)


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


def _summed(cells: Ints, n_names: int) -> Codes:
    """Return one row for all rows with the same first columns, ascending by these."""
    order = np.lexsort(cells[:, :n_names].T[::-1])
    cells = cells[order]
    begins = np.ones(len(cells), dtype=np.bool_)
    begins[1:] = (cells[1:, :n_names] != cells[:-1, :n_names]).any(axis=1)
    summed = np.add.reduceat(cells, np.flatnonzero(begins), axis=0) if len(cells) else cells
    summed[:, :n_names] = cells[begins, :n_names]
    return np.asarray(summed, dtype=np.int32)


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
