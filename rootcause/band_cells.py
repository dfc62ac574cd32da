"""What the band watches: by step and day, how many were asked and how many were hit.

One **cell** is a step, a stretch of time after it was first reached, and the day on which the
answer was known.  The stretches make one question into several that are answered sooner: who has
not yet called a day after an upload is asked again for the second and third day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.columns import says_error
from journeys.find import NEVER
from journeys.log import ACTIVITY
from rootcause.kpi_seen import MICROS_A_DAY, Seen

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

FIRST_DAYS = 56
LEAKAGE_THERE = "leakage there"
_STRETCHES = (1.0, 3.0, 7.0)
_SILENCES = (1.75, 2.5)
_FEWEST_ENDS = 30
_OFTEN = 0.5
_MOST_STEPS = 25


@dataclass(frozen=True)
class Steps:
    """The steps that most successful journeys pass, in the order in which they do.

    ``names``: of the steps; ``reached``: when each journey first reached each, NEVER if it did not;
    ``row``: with which event of the log, -1 if it did not; both of shape (n_steps, n_journeys).
    """

    names: tuple[str, ...]
    reached: Ints
    row: Ints

    def moved_on(self, step: int, success: Ints) -> Ints:
        """Return when each journey reached a later step or the goal after it, or NEVER."""
        at = self.reached[step]
        later = np.minimum(
            np.min(np.where(self.reached[step + 1 :] > at, self.reached[step + 1 :], NEVER), axis=0)
            if step + 1 < len(self.names)
            else np.full(len(at), NEVER),
            np.where(success > at, success, NEVER),
        )
        return np.where(at == NEVER, NEVER, later)


@dataclass(frozen=True)
class Asked:
    """One question at one step: of each journey, from when, and when it was hit.

    Instants in microseconds, NEVER for never; ``edges`` are the ages (microseconds) at which the
    stretches end, the first begins at 0.  Who can no longer be hit is asked on, and is not: so the
    share hit by the end is 1 - prod(1 - hits / asked).
    """

    at: Ints
    hit: Ints
    edges: tuple[int, ...]

    def stretches(self, rows: Ints) -> tuple[Ints, Ints, Flags]:
        """Return of some journeys: whom (place in rows), day and stretch coded, whether hit."""
        at, hit = self.at[rows], self.hit[rows]
        places, cells, hits = [], [], []
        for stretch, (begins, ends) in enumerate(
            zip((0, *self.edges[:-1]), self.edges, strict=True)
        ):
            asked, known = hit > at + begins, at + ends
            places.append(np.flatnonzero(asked))
            cells.append(known[asked] // MICROS_A_DAY * len(self.edges) + stretch)
            hits.append(hit[asked] <= known[asked])
        return np.concatenate(places), np.concatenate(cells), np.concatenate(hits)


@dataclass(frozen=True)
class Cells:
    """Counts of one KPI: ``asked`` and ``hit`` of shape (n_steps, n_stretches, n_days)."""

    kpi: str
    steps: tuple[str, ...]
    stretch_days: tuple[float, ...]
    asked: Floats
    hit: Floats


def steps_of(seen: Seen) -> Steps:
    """Return the steps of a journey: learnt once, from the first eight weeks of the log.

    What half of the successful journeys pass, errors, contacts and ends aside; the definition's
    milestones where too few succeeded.
    """
    names = [str(name) for name in seen.events[ACTIVITY].cat.categories]
    reached, row = _reached(seen, ~_no_step(seen, names))
    chosen = _chosen(seen, names, reached)
    return Steps(tuple(names[code] for code in chosen), reached[chosen], row[chosen])


def steps_named(seen: Seen, names: Sequence[str]) -> Steps:
    """Return steps that are known, in their order; a step that nobody reached is one, too."""
    known = seen.events[ACTIVITY].cat.categories
    reached, row = _reached(seen, np.asarray(known.isin(names), dtype=np.bool_))
    chosen = known.get_indexer(pd.Index(names))
    return Steps(tuple(names), reached[chosen], row[chosen])


def _reached(seen: Seen, asked: Flags) -> tuple[Ints, Ints]:
    """Return when each journey first came to each activity asked about, and with which event."""
    activity = seen.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)
    rows = np.flatnonzero((seen.journey_of >= 0) & asked[activity])
    journey = seen.journey_of[rows]
    _, first = np.unique(journey * len(asked) + activity[rows], return_index=True)
    rows, journey = rows[first], journey[first]
    reached = np.full((len(asked), len(seen.start)), NEVER, dtype=np.int64)
    reached[activity[rows], journey] = seen.log.times[rows]
    row = np.full_like(reached, -1)
    row[activity[rows], journey] = rows
    return reached, row


def asked_about(seen: Seen, steps: Steps, step: int, kpi: str) -> Asked | None:
    """Return a KPI's question at a step; None where the definition does not ask it.

    leakage: a contact after the step (leakage there: and before a later one). completion: moving on
    to a later step or the goal. abandonment: ending in silence before that. errors: a failed
    attempt before that.
    """
    definition, at = seen.definition, steps.reached[step]
    moved = steps.moved_on(step, np.where(seen.state == "success", seen.end, NEVER))
    gone = np.minimum(moved, seen.end)
    if kpi in ("leakage", LEAKAGE_THERE) and definition.leakage is not None:
        called = seen.time_of_next(seen.contact, after=seen.start - 1)
        fresh = np.where(called > at, at, NEVER)
        if kpi == LEAKAGE_THERE:
            called = np.where((called <= gone) | (called <= at), called, NEVER)
        return Asked(fresh, called, _edges(definition.leakage.within, _STRETCHES))
    if kpi == "completion":
        return Asked(at, moved, _edges(None, _STRETCHES))
    if kpi == "abandonment" and definition.abandoned_after is not None:
        days = definition.abandoned_after / timedelta(days=1)
        silent = np.where((seen.state == "abandoned") & (moved > seen.end), seen.end, NEVER)
        return Asked(at, silent, _edges(None, [days * times for times in _SILENCES]))
    if kpi == "errors":
        failed = _first_error_after(seen, at)
        return Asked(at, np.where(failed <= gone, failed, NEVER), _edges(None, _STRETCHES[:1]))
    return None


def cells_of(seen: Seen, steps: Steps, kpi: str, days: tuple[int, int]) -> Cells | None:
    """Return a KPI's counts by day of the answer, for days (since the epoch) first <= day < last.

    None where the definition does not ask for it.
    """
    questions = [asked_about(seen, steps, step, kpi) for step in range(len(steps.names))]
    known = [question for question in questions if question is not None]
    if not known:
        return None
    edges = known[0].edges
    shape = (len(known), days[1] - days[0], len(edges))
    asked, hit = np.zeros(shape), np.zeros(shape)
    for place, question in enumerate(known):
        _, cells, hits = question.stretches(np.flatnonzero(question.at != NEVER))
        cells = cells - days[0] * len(edges)
        inside = (cells >= 0) & (cells < shape[1] * shape[2])
        size = shape[1] * shape[2]
        asked[place] = np.bincount(cells[inside], minlength=size).reshape(shape[1:])
        hit[place] = np.bincount(cells[inside & hits], minlength=size).reshape(shape[1:])
    stretch_days = tuple(edge / MICROS_A_DAY for edge in edges)
    swap = (0, 2, 1)
    return Cells(kpi, steps.names, stretch_days, asked.transpose(swap), hit.transpose(swap))


def _edges(within: timedelta | None, days: tuple[float, ...] | list[float]) -> tuple[int, ...]:
    """Return the ends of the stretches, none beyond the rule's own horizon."""
    most = within / timedelta(days=1) if within is not None else days[-1]
    kept = [length for length in days if length < most]
    return tuple(round(length * MICROS_A_DAY) for length in [*kept, min(most, days[-1])])


def _no_step(seen: Seen, names: list[str]) -> Flags:
    """Return per activity whether it is an end, a contact or a failed attempt, hence no step."""
    activity = seen.events[ACTIVITY].cat.codes.to_numpy()
    total = np.maximum(np.bincount(activity, minlength=len(names)), 1)
    aside = np.zeros(len(seen.log), dtype=np.bool_)
    rules = {key: rule for key, rule in seen.definition.rules.items() if key != "start"}
    for rule in rules.values():
        aside |= rule.holds(seen.events)
    aside |= _errors(seen)
    return np.asarray(np.bincount(activity, aside, len(names)) / total > 0.05)


def _errors(seen: Seen) -> Flags:
    if seen.definition.errors is not None:
        return seen.definition.errors.holds(seen.events)
    told = [says_error(str(name)) for name in seen.events[ACTIVITY].cat.categories]
    activity = seen.events[ACTIVITY].cat.codes.to_numpy()
    return np.asarray(np.array(told, dtype=np.bool_)[activity])


def _first_error_after(seen: Seen, at: Ints) -> Ints:
    return seen.time_of_next(_errors(seen), after=np.where(at == NEVER, seen.until, at))


def _chosen(seen: Seen, names: list[str], reached: Ints) -> Ints:
    """Return the codes of the steps, by how long after the start they are usually reached."""
    early = seen.end <= seen.log.began + FIRST_DAYS * MICROS_A_DAY
    won = early & (seen.state == "success")
    if won.sum() >= _FEWEST_ENDS:
        often = (reached[:, won] != NEVER).mean(axis=1) >= _OFTEN
    else:
        won = np.ones(len(won), dtype=np.bool_)
        often = np.isin(names, seen.definition.milestones)
    often[_begins_with(seen)] = True
    often &= (reached != NEVER).any(axis=1)
    codes = np.flatnonzero(often)
    taken = [_usual_age(seen, reached[code], won) for code in codes]
    return codes[np.argsort(taken, kind="stable")][:_MOST_STEPS]


def _begins_with(seen: Seen) -> int:
    first = seen.events[ACTIVITY].cat.codes.to_numpy()[seen.journeys["first"].to_numpy()]
    return int(np.bincount(first).argmax())


def _usual_age(seen: Seen, reached: Ints, among: Flags) -> float:
    there = reached != NEVER
    asked = there & among if (there & among).any() else there
    return float(np.median((reached - seen.start)[asked]))
