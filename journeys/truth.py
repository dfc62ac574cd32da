"""What is true in a simulated world: who was exposed to a planted cause, and what it did.

The effect is the additional probability of the bad outcome over the exposed: their journeys are
walked again from the exposure on, many times, with the cause and without it, on the same draws.
"""

from dataclasses import dataclass

import numpy as np

from journeys.calendar import LOG_SECONDS
from journeys.definition import Definition
from journeys.dice import Codes, Dice, Flags, Floats
from journeys.scenarios import PlantedCause
from journeys.walk import CENTRE, Walk
from journeys.world import customer_key

REPLAYS = 24


def truth_of(
    cause: PlantedCause, walk: Walk, definition: Definition, *, closes: Floats, seed: int
) -> dict[str, object]:
    """Return a planted cause with its true effects, and who was exposed to it inside the log.

    ``closes`` is when each customer closed the account, inf for never.  The effect on leakage
    is over those exposed who had not been in contact before, as its label asks.  A cause that ended
    says when (``ended``); whoever met its conditions after that was not exposed to it.
    """
    times, app = first_time(walk, cause.activity)
    in_log = (times >= 0) & (times < np.minimum(LOG_SECONDS, closes[walk.journeys.customer]))
    rows = np.flatnonzero(in_log & walk.meets(cause, np.where(in_log, times, 0.0), app))
    effects = _effects(cause, walk, definition, rows, seed=seed)
    exposed = np.unique(walk.journeys.customer[rows])
    return {
        "journey": cause.journey,
        "outcomes": [name for name, points in effects.items() if points and points >= 0.01],
        "conditions": {"activity": cause.activity, **cause.conditions},
        "onset": cause.onset,
        **({} if cause.ended is None else {"ended": cause.ended}),
        "effect": effects,
        "exposed_journeys": len(rows),
        "exposed_customers": [customer_key(number) for number in exposed],
    }


def first_time(walk: Walk, activity: str) -> tuple[Floats, Flags]:
    """Return when each journey first sees an activity (inf for never), and whether in the app."""
    times = np.full(len(walk.journeys), np.inf)
    app = np.zeros(len(walk.journeys), dtype=np.bool_)
    for moment in walk.moments:
        if moment.activity == activity:
            first = moment.rows & (moment.times < times)
            times[first], app[first] = moment.times[first], moment.app[first]
    return times, app


@dataclass(frozen=True)
class _Outcomes:
    """Whether each journey came to the bad outcome, NaN where the question does not arise."""

    success: Floats
    leakage: Floats
    churn: Floats


def _effects(
    cause: PlantedCause, walk: Walk, definition: Definition, rows: Codes, *, seed: int
) -> dict[str, float | None]:
    if len(rows) == 0:
        return dict.fromkeys(definition.outcomes)
    others = [other for other in walk.causes if other is not cause]
    differences: dict[str, list[Floats]] = {outcome: [] for outcome in definition.outcomes}
    for replay in range(1, REPLAYS + 1):
        with_it, without = (
            _bad_outcomes(
                _again(walk, causes, after=cause.activity, rows=rows, dice_of=(seed, replay)),
                cause,
                definition,
            )
            for causes in (walk.causes, others)
        )
        for outcome, found in differences.items():
            found.append(getattr(with_it, outcome) - getattr(without, outcome))
    return {outcome: _mean(np.concatenate(found)) for outcome, found in differences.items()}


def _mean(differences: Floats) -> float | None:
    known = differences[~np.isnan(differences)]
    return round(float(known.mean()), 4) if len(known) else None


def _again(
    walk: Walk, causes: list[PlantedCause], *, after: str, rows: Codes, dice_of: tuple[int, int]
) -> Walk:
    """Walk some journeys again: the same until an activity is reached, then a new future."""
    seed, replay = dice_of
    dice = Dice(seed, len(walk.journeys), rows=rows, replay=replay, after=after)
    journeys = walk.journeys.take(rows)
    return Walk(walk.script, journeys, walk.world, causes=causes, dice=dice).finish()


def _bad_outcomes(walk: Walk, cause: PlantedCause, definition: Definition) -> _Outcomes:
    exposed, _ = first_time(walk, cause.activity)
    spent = walk.now - walk.journeys.start
    return _Outcomes(
        success=(~(walk.succeeded & (spent <= _horizon(definition, "success")))).astype(np.float64),
        leakage=_leaks(walk, exposed, _horizon(definition, "leakage")),
        churn=(walk.closes <= exposed + _horizon(definition, "churn")).astype(np.float64),
    )


def _leaks(walk: Walk, exposed: Floats, horizon: float) -> Floats:
    leaks = np.zeros(len(exposed))
    for moment in walk.moments:
        if moment.channel in CENTRE:
            asked = moment.rows & (moment.times < walk.closes)
            leaks[asked & (moment.times <= exposed)] = np.nan
            leaks[asked & (moment.times > exposed) & (moment.times <= exposed + horizon)] += 1.0
    return np.minimum(leaks, 1.0)


def _horizon(definition: Definition, outcome: str) -> float:
    within = definition.rules[outcome].within
    return np.inf if within is None else within.total_seconds()
