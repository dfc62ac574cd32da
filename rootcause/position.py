"""Positions: where a journey stands at an instant, as far as was seen by then."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.find import end_times, last_row_until
from journeys.log import ACTIVITY, CHANNEL, EventLog, instants, microseconds
from rootcause.last_known import Flags, Floats, Ints

_MICROS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Positions:
    """Where journeys stand; every array has one entry per sample.

    ``stage``: position of the last milestone in ``definition.milestones``; ``activity`` and
    ``channel``: codes of the last event; -1 where there is none. ``age`` and ``silence`` in hours;
    ``events`` and ``contacts`` (of the leakage rule) of the journey so far.
    """

    stage: Ints
    activity: Ints
    channel: Ints
    age: Floats
    silence: Floats
    events: Ints
    contacts: Ints


def samples_at(log: EventLog, journeys: pd.DataFrame, at: Ints) -> pd.DataFrame:
    """Return a sample of every journey in flight at each of some instants.

    Parameters
    ----------
    at : microseconds since the epoch; a journey is in flight from its start until before its end

    Returns
    -------
    DataFrame with the columns of `journeys.samples.samples_of`, sorted by cutoff and journey: what
    `samples_at_end` would have said, had the log ended then
    """
    start, end = microseconds(journeys["start"]), end_times(journeys)
    flying = [np.flatnonzero((start <= instant) & (instant < end)) for instant in at]
    journey = np.concatenate([*flying, np.empty(0, dtype=np.int64)])
    cutoff = np.repeat(at, [len(rows) for rows in flying])
    first, last = (journeys[name].to_numpy()[journey] for name in ("first", "last"))
    seen = last_row_until(log.times, first, last, cutoff)
    return pd.DataFrame(
        {
            "journey": journey,
            "cutoff": instants(cutoff),
            "seen": seen,
            "tick": cutoff > log.times[seen],
        }
    )


def positions_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, samples: pd.DataFrame
) -> Positions:
    """Return where each sample's journey stands at its cutoff."""
    seen = samples["seen"].to_numpy()
    first = journeys["first"].to_numpy()[samples["journey"].to_numpy()]
    cutoff = microseconds(samples["cutoff"])
    activity, channel = (
        log.events[name].cat.codes.to_numpy().astype(np.int64)[seen] for name in (ACTIVITY, CHANNEL)
    )
    return Positions(
        stage=_last_milestone(log, definition, first, seen),
        activity=activity,
        channel=channel,
        age=(cutoff - log.times[first]) / _MICROS_AN_HOUR,
        silence=(cutoff - log.times[seen]) / _MICROS_AN_HOUR,
        events=seen - first + 1,
        contacts=count_between(contacts_in(log, definition), first, seen),
    )


def contacts_in(log: EventLog, definition: Definition) -> Flags:
    """Return which events are contacts by the leakage rule; none where there is no such rule."""
    rule = definition.leakage
    return np.zeros(len(log), dtype=np.bool_) if rule is None else rule.holds(log.events)


def count_between(flags: Flags, first: Ints, last: Ints) -> Ints:
    """Return how many flags are set in the rows first..last, both inclusive."""
    running = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(running[last + 1] - running[first], dtype=np.int64)


def last_flagged(flags: Flags, first: Ints, last: Ints) -> Ints:
    """Return the last flagged row of first..last, both inclusive; -1 where none is."""
    rows = np.maximum.accumulate(np.where(flags, np.arange(len(flags)), -1))[last]
    return np.where(rows >= first, rows, -1)


def next_flagged(flags: Flags, first: Ints, last: Ints) -> Ints:
    """Return the first flagged row of first..last, both inclusive; -1 where none is."""
    flagged = np.flatnonzero(flags)
    rows = np.append(flagged, len(flags))[np.searchsorted(flagged, first)]
    return np.where(rows <= last, rows, -1)


def _last_milestone(log: EventLog, definition: Definition, first: Ints, seen: Ints) -> Ints:
    places = {name: place for place, name in enumerate(definition.milestones)}
    codes = [places.get(str(name), -1) for name in log.events[ACTIVITY].cat.categories]
    place = np.array(codes, dtype=np.int64)[log.events[ACTIVITY].cat.codes.to_numpy()]
    row = last_flagged(place >= 0, first, seen)
    return np.where(row >= 0, place[row], -1)
