"""Exposed then: how likely a customer meets a finding's conditions once they come to its step.

A customer on 8.1 may come to the step on 8.2, another may come on the web. Learnt from those who
came to the step in the last days: what was last known of them on the days before, and what they
had in their hands then. The newest count most, because releases spread.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.errors import FindingsError, with_closest
from journeys.find import last_row_until
from journeys.log import ACTIVITY, EventLog
from rootcause.exposure import MICROS_A_DAY, STEP
from rootcause.intervals import rate_interval
from rootcause.last_known import Flags, Floats, Ints, last_known_codes, last_known_numbers
from rootcause.thresholds import lies

_RECENT_DAYS = 21.0
_HALF_LIFE_DAYS = 5.0
_PRIOR_JOURNEYS = 3.0


@dataclass(frozen=True, eq=False)
class Exposed:
    """P(meets the conditions besides the step, when there), shape (n,), with 95 % intervals.

    ``meets``: whether the last known attributes meet them already.
    """

    rate: Floats
    low: Floats
    high: Floats
    meets: Flags


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the conditions besides the step; every array has one entry per event.

    ``meets``: whether the last known attributes meet all; ``met``: whether they did at any event of
    the customer so far; ``group``: a code of the last known values, the same for the same values.
    """

    meets: Flags
    met: Flags
    group: Ints


def known_of(log: EventLog, conditions: Mapping[str, str]) -> Known:
    """Return at each event what is known of the conditions besides the step.

    Raises
    ------
    FindingsError
        If the log lacks an attribute that the conditions name.
    """
    meets = np.ones(len(log), dtype=np.bool_)
    group = np.zeros(len(log), dtype=np.int64)
    for name, value in conditions.items():
        if name == STEP:
            continue
        holds, codes = _one_known(log, name, value)
        meets &= holds
        group = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)[1]
    rows = np.maximum.accumulate(np.where(meets, np.arange(len(log)), -1))
    met = rows >= log.offsets[log.customers]
    return Known(meets, met, group * 2 + met)


def exposed_then(
    log: EventLog,
    journeys: pd.DataFrame,
    conditions: Mapping[str, str],
    seen: Ints,
    *,
    days: float,
) -> Exposed:
    """Return the chance to meet the conditions at the step of journeys seen up to some rows.

    The shares of those with the same last known values, drawn towards those who met as much, and
    these towards all; one of a customer on several past days is still one.
    """
    known = known_of(log, conditions)
    if set(conditions) == {STEP}:
        ones = np.ones(len(seen))
        return Exposed(ones, ones, ones, known.meets[seen])
    before, then, weight = _recent(log, journeys, conditions[STEP], known, days)
    happened = known.meets[then].astype(np.float64)
    counted = (before, happened, weight)
    coarse = known.meets.astype(np.int64) * 2 + known.met
    prior, _ = _pooled(coarse, counted, _without_a_past(known, before, then, weight))
    parent = np.zeros(int(known.group.max(initial=0)) + 1)
    parent[known.group] = prior[coarse]
    rate, worth = _pooled(known.group, counted, parent)
    here = known.group[seen]
    between = rate_interval(rate[here] * worth[here], worth[here])
    return Exposed(*between, known.meets[seen])


def _without_a_past(known: Known, before: Ints, then: Ints, weight: Floats) -> Floats:
    """Return what to expect of those who do not meet and those who do, while nobody has told.

    Whoever meets keeps what they have as often as anybody keeps what they have; whoever does not
    meet comes to it as often as all that change come to it. Shape (4,): as `coarse` is coded.
    """
    same = known.group[before] // 2 == known.group[then] // 2
    stays = (weight @ same + 1.0) / (weight.sum() + 2.0)
    moved = weight * ~same
    comes = (moved @ known.meets[then] + 0.5) / (moved.sum() + 1.0)
    return np.array([(1 - stays) * comes] * 2 + [stays] * 2)


def _pooled(
    group: Ints, counted: tuple[Ints, Floats, Floats], prior: Floats
) -> tuple[Floats, Floats]:
    """Return each group's rate, drawn to its prior, and how many journeys it is worth."""
    before, happened, weight = counted
    met, mass = np.full((2, len(prior)), _PRIOR_JOURNEYS)
    met = met * prior + np.bincount(group[before], weight * happened, minlength=len(prior))
    mass = mass + np.bincount(group[before], weight, minlength=len(prior))
    return met / mass, mass


def _recent(
    log: EventLog, journeys: pd.DataFrame, step: str, known: Known, days: float
) -> tuple[Ints, Ints, Floats]:
    """Return rows seen on the days before a recent first step, the step's row, and a weight."""
    rows = np.flatnonzero((log.events[ACTIVITY] == step).to_numpy())
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    then = np.append(rows, len(log))[np.searchsorted(rows, first)]
    age = (log.ended - log.times[np.minimum(then, len(log) - 1)]) / MICROS_A_DAY
    kept = (then <= last) & (age <= _RECENT_DAYS)
    first, then, age = first[kept], then[kept], age[kept]
    lags = np.arange(0.5, max(days, 0.6), 1.0) * MICROS_A_DAY
    at = log.times[then][:, None] - lags.astype(np.int64)
    place, lag = np.nonzero(at >= log.times[first][:, None])
    before = last_row_until(log.times, first[place], then[place], at[place, lag])
    several = np.bincount(place, minlength=len(then))[place]
    return before, then[place], 0.5 ** (age[place] / _half_life(log, known)) / several


def _half_life(log: EventLog, known: Known) -> float:
    """Return after how many days a past customer counts half: of what is new, the newest tell."""
    if not known.meets.any():
        return _HALF_LIFE_DAYS
    young = (log.ended - log.times[known.meets].min()) / MICROS_A_DAY / 3
    return float(np.clip(young, 0.5, _HALF_LIFE_DAYS))


def _one_known(log: EventLog, name: str, value: str) -> tuple[Flags, Ints]:
    """Return whether the last known value at each event is the one asked for, and its code."""
    if name not in log.events.columns:
        raise FindingsError(
            f"The finding names {with_closest(name, log.events.columns)}, which this log or "
            "definition lacks; give those that the finding was made from."
        )
    if not isinstance(log.events[name].dtype, pd.CategoricalDtype):
        numbers = last_known_numbers(log, name)
        holds = lies(numbers, value)
        return holds, np.where(np.isnan(numbers), 2, holds.astype(np.int64))
    codes, names = last_known_codes(log, name)
    return np.asarray(np.array(names) == value)[codes], codes.astype(np.int64)
