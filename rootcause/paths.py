"""Paths: what a few journeys did around a finding's step, with relative times and pseudonyms."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import journey_ids
from journeys.log import ACTIVITY, EventLog
from rootcause.exposure import Exposures, Flags, Ints
from rootcause.wording import plain

_MOST_BEFORE = 1
_MOST_AFTER = 7
_LONGEST_NAME = 40
_SECOND = 1_000_000


def typical_paths(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    asked: tuple[Outcome, Exposures, Ints],
    *,
    most: int = 3,
) -> tuple[str, ...]:
    """Return the paths that resemble the others most, a line each.

    ``asked``: the outcome, its exposures, and which of them (rows); a path runs from the event
    before the step to the outcome, or eight events. Times are relative, keys are pseudonyms.
    """
    outcome, exposures, rows = asked
    if not len(rows):
        return ()
    ends = _ends(log, definition, outcome)
    events = [_around(log, journeys, exposures, row, ends) for row in rows]
    activity = log.events[ACTIVITY].cat.codes.to_numpy()
    seen = [frozenset(activity[one].tolist()) for one in events]
    likeness = [np.mean([_jaccard(one, other) for other in seen]) for one in seen]
    chosen = np.argsort(-np.array(likeness), kind="stable")[:most]
    ids = journey_ids(log, journeys.iloc[exposures.journey[rows[chosen]]], definition)
    steps = exposures.row[rows[chosen]]
    return tuple(
        f"{name}: {_told(log, events[place], int(step))}"
        for name, place, step in zip(ids, chosen, steps, strict=True)
    )


def _ends(log: EventLog, definition: Definition, outcome: Outcome) -> Flags:
    """Return which events are where a path may stop: the outcome, or the journey's end."""
    keys = ("success", "failure") if outcome == "success" else (outcome,)
    rules = [definition.rules[key] for key in keys if key in definition.rules]
    found = np.zeros(len(log), dtype=np.bool_)
    for rule in rules:
        if rule is not None:
            found |= rule.holds(log.events)
    return found


def _around(
    log: EventLog, journeys: pd.DataFrame, exposures: Exposures, row: int, ends: Flags
) -> Ints:
    """Return the rows of the log that a path shows."""
    step, journey = int(exposures.row[row]), int(exposures.journey[row])
    first = max(int(journeys["first"].iloc[journey]), step - _MOST_BEFORE)
    beyond = min(int(log.offsets[exposures.customer[row] + 1]), step + 1 + _MOST_AFTER)
    stops = np.flatnonzero(ends[step + 1 : beyond])
    return np.arange(first, step + 2 + stops[0] if len(stops) else beyond)


def _told(log: EventLog, rows: Ints, step: int) -> str:
    names = log.events[ACTIVITY].iloc[rows].astype(str)
    times = log.times[rows] - log.times[step]
    return ", ".join(
        f"{_name(name)} ({_relative(int(time))})" for name, time in zip(names, times, strict=True)
    )


def _name(name: str) -> str:
    one_line = " ".join(plain(name).split())
    return one_line if len(one_line) <= _LONGEST_NAME else f"{one_line[: _LONGEST_NAME - 1]}…"


def _relative(micros: int) -> str:
    """Say a time before or after the step.

    >>> _relative(0), _relative(-90_000_000), _relative(7_200_000_000)
    ('the step', '-2 min', '+2 h')
    """
    if micros == 0:
        return "the step"
    sign, seconds = "-" if micros < 0 else "+", abs(micros) / _SECOND
    if seconds < 60:
        return f"{sign}{seconds:.0f} s"
    if seconds < 5400:
        return f"{sign}{seconds / 60:.0f} min"
    if seconds < 129_600:
        return f"{sign}{seconds / 3600:.0f} h"
    return f"{sign}{seconds / 86_400:.0f} days"


def _jaccard(one: Sequence[int] | frozenset[int], other: frozenset[int]) -> float:
    together = set(one) | other
    return len(other.intersection(one)) / len(together) if together else 1.0
