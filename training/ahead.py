"""Counting typical paths: what those who stood somewhere did next, in journeys that have ended.

Only journeys that had ended by an instant are counted, and of these only those that began so long
before it that nearly all of their like had ended, too: else the quick ones would speak for all.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import end_times
from journeys.log import ACTIVITY, CHANNEL, EventLog, microseconds
from models.ahead import FEWEST, STARTED, Ahead, Standing, Stood
from rootcause.position import next_flagged, positions_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEARLY_ALL = 0.99
_LEAST_NEXT, _MOST_NEXT, _LEAST_REACHED = 0.01, 8, 0.005


class _Told(NamedTuple):
    """Samples of ended journeys; ``columns`` are the codes of a standing, the coarsest first."""

    journey: Ints
    columns: tuple[Ints, ...]
    follows: Ints  # code of (step, channel) that came next, -1 where nothing did
    reached: NDArray[np.bool_]  # (n_activities, n_samples)


def ahead_of(
    log: EventLog,
    journeys: pd.DataFrame,
    samples: pd.DataFrame,
    definition: Definition,
    *,
    until: pd.Timestamp,
) -> Ahead:
    """Return what customers did next and came to later, from journeys that had ended by ``until``.

    Parameters
    ----------
    samples : of `journeys.samples.samples_of`: at each event and each tick of silence
    """
    kept = samples[_known(journeys, until)[samples["journey"].to_numpy()]]
    told = _told(log, journeys, kept.reset_index(drop=True), definition)
    names = _names(log, definition)
    stood: dict[Standing, Stood] = {}
    for depth in range(1, len(told.columns) + 1):
        stood |= dict(_counted(told, depth, names))
    return Ahead(until.isoformat(), stood)


def _known(journeys: pd.DataFrame, until: pd.Timestamp) -> NDArray[np.bool_]:
    """Return which journeys had ended by then, and began early enough to speak for all."""
    at = int(microseconds(pd.Series([until]))[0])
    start, end = microseconds(journeys["start"]), end_times(journeys)
    ended = end <= at
    if not ended.any():
        return np.asarray(ended)
    longest = float(np.quantile((end - start)[ended], _NEARLY_ALL))
    return np.asarray(ended & (start <= at - longest))


def _told(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> _Told:
    journey, seen = (samples[name].to_numpy() for name in ("journey", "seen"))
    here = positions_of(log, journeys, definition, samples)
    ticks = [round(tick.total_seconds() * 1e6) for tick in definition.ticks]
    silence = microseconds(samples["cutoff"]) - log.times[seen]
    silent = np.searchsorted(np.array(ticks), silence, side="right").astype(np.int64)
    last = journeys["last"].to_numpy()[journey]
    ahead, activity = seen < last, log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)
    n_channels = len(log.events[CHANNEL].cat.categories) + 1
    both = activity * n_channels + log.events[CHANNEL].cat.codes.to_numpy() + 1
    after = np.minimum(seen + 1, len(log) - 1)
    reached = [
        next_flagged(activity == code, after, last) >= 0
        for code in range(len(log.events[ACTIVITY].cat.categories))
    ]
    return _Told(
        journey,
        (here.activity, silent, here.channel + 1, here.stage + 1),
        np.where(ahead, both[after], -1),
        np.array(reached) & ahead,
    )


def _names(log: EventLog, definition: Definition) -> tuple[list[str], list[str | None], list[str]]:
    """Return what the codes of steps, channels and milestones stand for."""
    channels = [str(name) for name in log.events[CHANNEL].cat.categories]
    steps = [str(name) for name in log.events[ACTIVITY].cat.categories]
    return steps, [None, *channels], [STARTED, *definition.milestones]


def _counted(
    told: _Told, depth: int, names: tuple[list[str], list[str | None], list[str]]
) -> Iterator[tuple[Standing, Stood]]:
    """Yield each standing of a depth with what became of it; fine ones only where many stood."""
    if not len(told.journey):
        return
    columns = np.column_stack(told.columns[:depth])
    standings, group = np.unique(columns, axis=0, return_inverse=True)
    weight = _a_journey_once(told.journey, group)
    mass = np.bincount(group, weight)
    reached = np.array([np.bincount(group, weight * one, len(mass)) for one in told.reached])
    for place in np.flatnonzero(mass >= (FEWEST if depth > 1 else 0.0)):
        mine = group == place
        follows = _follows(told.follows[mine], weight[mine], mass[place], names)
        came = reached[:, place]
        steps = np.flatnonzero(came >= _LEAST_REACHED * mass[place])
        yield (
            _standing(standings[place], names),
            Stood(
                round(float(mass[place]), 3),
                follows,
                {names[0][step]: round(float(came[step]), 3) for step in steps},
            ),
        )


def _a_journey_once(journey: Ints, group: Ints) -> Floats:
    """Return weights by which a journey counts once in each group it was in, shape (n,)."""
    pair = journey * (int(group.max()) + 1) + group
    _, place, visits = np.unique(pair, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / visits[place])


def _follows(
    codes: Ints, weight: Floats, mass: float, names: tuple[list[str], list[str | None], list[str]]
) -> tuple[tuple[str | None, str | None, float], ...]:
    found, place = np.unique(codes, return_inverse=True)
    counts = np.bincount(place, weight)
    order = np.argsort(-counts, kind="stable")[:_MOST_NEXT]
    steps, channels, _ = names
    said = []
    for one in order[counts[order] >= _LEAST_NEXT * mass]:
        step, channel = divmod(int(found[one]), len(channels))
        nothing = found[one] < 0
        said.append(
            (
                None if nothing else steps[step],
                None if nothing else channels[channel],
                round(float(counts[one]), 3),
            )
        )
    return tuple(said)


def _standing(codes: Ints, names: tuple[list[str], list[str | None], list[str]]) -> Standing:
    steps, channels, milestones = names
    step, *finer = map(int, codes)
    named: list[str | int | None] = [steps[step], *finer[:1]]
    named += [channels[code] for code in finer[1:2]]
    named += [milestones[code] for code in finer[2:]]
    return tuple(named)
