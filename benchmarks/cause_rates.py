"""How often things go wrong for reasons that are not news, step by step, as the world knows it.

A journey that reaches a step comes to the bad outcome there with its **hazard**; else it goes on,
or quietly stops. The hazard is a logistic sum: main effects of the attributes (none of partner and
campaign), two benign interactions that were always there, a trend, the weekend, at times a step
change for everybody, and at times shocks of single days.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.cause_people import VALUES, Dice, Floats, People
from benchmarks.cause_plan import CASE, Plan

Chronic = tuple[tuple[str, str], ...]

_INNOCENT = ("partner", "campaign")
# A release that were much worse from its first day on would be a cause that nobody planted.
_SPREADS = {
    **{"age_band": 0.5, "plan": 0.5, "os": 0.5, "app_version": 0.07},
    **dict.fromkeys(_INNOCENT, 0.0),
}
_SPREAD = 0.2
_DAYS_UNDER_WAY = 3.2


@dataclass(frozen=True)
class Course:
    """When a journey would reach each step, and what happens there without a cause.

    ``times``: days since the log begins, shape (n, n_steps + 1), the last column is the end;
    ``hazard``: shape (n, n_steps); ``goes_on``: chance of going on, shape (n_steps,); ``chronic``:
    conditions that were always worse, whatever else is known, strongest first.
    """

    times: Floats
    hazard: Floats
    goes_on: Floats
    chronic: tuple[Chronic, ...]


def course_of(plan: Plan, people: People) -> Course:
    """Draw the rates of a world and what each journey faces in it."""
    dice = plan.dice("rates")
    times = _times(plan, people, dice)
    lasting, chronic = _lasting(plan, people, dice)
    day = np.floor(times[:, :-1]).astype(np.int64)
    of_day = _of_days(plan, dice)[people.codes["partner"][:, None], day]
    weight = dice.uniform(0.5, 1.2, len(plan.steps))
    logits = np.log(_usual(plan, dice)) + np.outer(lasting, weight) + of_day
    hazard = 1.0 / (1.0 + np.exp(-logits))
    stops = 0.0 if plan.outcome == "success" else dice.uniform(0.03, 0.15, len(plan.steps))
    return Course(times, hazard, np.ones(len(plan.steps)) - stops, chronic)


def reached(course: Course, hazard: Floats) -> Floats:
    """Return the probability of reaching each step without trouble before, shape (n, n_steps)."""
    passes = (1.0 - hazard) * course.goes_on
    return np.hstack([np.ones((len(hazard), 1)), np.cumprod(passes[:, :-1], axis=1)])


def probability_after(course: Course, hazard: Floats) -> Floats:
    """Return the probability that the bad outcome follows each step, shape (n, n_steps)."""
    after = np.zeros_like(hazard)
    later = np.zeros(len(hazard))
    for step in reversed(range(hazard.shape[1])):
        here = hazard[:, step]
        later = after[:, step] = here + (1.0 - here) * course.goes_on[step] * later
    return after


def holds(people: People, conditions: Chronic) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which journeys meet conditions on categorical attributes, shape (n,)."""
    met = np.ones(len(people), dtype=np.bool_)
    for name, value in conditions:
        met &= people.codes[name] == VALUES[name].index(value)
    return met


def _times(plan: Plan, people: People, dice: Dice) -> Floats:
    """Return when each step would be reached; a journey takes less than the outcome is watched."""
    longest = _DAYS_UNDER_WAY * plan.slow / len(plan.steps)
    gaps = dice.uniform(0.02, 1.0, (len(people), len(plan.steps))) * longest
    return people.start[:, None] + np.hstack([np.zeros((len(people), 1)), np.cumsum(gaps, axis=1)])


def _usual(plan: Plan, dice: Dice) -> Floats:
    """Return the odds of trouble at each step; a case has its trouble at the beginning."""
    total = dice.uniform(0.06, 0.3)
    share = np.array([0.9, 0.1]) if plan.level == CASE else dice.uniform(0.5, 1.5, len(plan.steps))
    return np.asarray(total * share / share.sum())


def _lasting(plan: Plan, people: People, dice: Dice) -> tuple[Floats, tuple[Chronic, ...]]:
    """Return each journey's standing logits, and the conditions that are always worse."""
    logits = people.trait + dice.normal(0.0, 0.15) * np.log(people.amount / 12_000)
    for name in VALUES:  # in this order whether or not the log has the attribute
        spread = _SPREADS.get(name, _SPREAD)
        effects = dice.normal(0.0, spread, len(VALUES[name]))
        if name == "age_band":
            effects = np.sort(effects) + 0.15 * np.linspace(-1, 1, len(effects))
        if name in people.codes:
            logits = logits + effects[people.codes[name]]
    chronic = [_pair(people, dice, 2) for _ in range(2)]
    strength = [dice.uniform(0.4, 0.8) for _ in chronic]
    if plan.kind == "chronic_only":
        chronic += [_pair(people, dice, order) for order in (1, 2)]
        strength += [dice.uniform(0.9, 1.5) for _ in range(2)]
    for conditions, added in zip(chronic, strength, strict=True):
        logits = logits + added * holds(people, conditions)
    order = np.argsort(strength)[::-1]
    return logits - logits.mean(), tuple(chronic[place] for place in order)


def _pair(people: People, dice: Dice, order: int) -> Chronic:
    """Return conditions that 2 to 25 % of the journeys meet, each of them needed."""
    names = [name for name in people.codes if name not in ("app_version", *_INNOCENT)]
    for _ in range(1_000):
        row = int(dice.integers(len(people)))
        chosen = sorted(dice.choice(names, size=order, replace=False))
        if any(people.codes[name][row] < 0 for name in chosen):
            continue
        found = tuple((str(name), VALUES[name][people.codes[name][row]]) for name in chosen)
        share = holds(people, found).mean()
        alone = min(holds(people, (one,)).mean() for one in found)
        if 0.02 <= share <= 0.25 and (order == 1 or share < 0.7 * alone):
            return found
    raise RuntimeError("no pair of values is common enough")


def _of_days(plan: Plan, dice: Dice) -> Floats:
    """Return logits by partner and day: trend, weekend, at times steps and shocks."""
    n_days = int(np.ceil(plan.days + _DAYS_UNDER_WAY * plan.slow)) + 2
    day = np.arange(n_days)
    logits = dice.uniform(-0.3, 0.3) * day / plan.days
    logits = logits + dice.normal(0.0, 0.2) * (day % 7 >= 5)
    for_all = plan.kind == "server_side" and plan.causes == 0
    step_day = plan.onset if for_all else int(dice.uniform(0.2, 0.8) * plan.days)
    height = dice.uniform(0.5, 0.9) if for_all else dice.uniform(0.3, 0.6)
    logits = logits + height * (day >= step_day) * (for_all or dice.random() < 0.15)
    table = np.tile(logits, (len(VALUES["partner"]), 1))
    if plan.kind == "overdispersed":
        table += dice.normal(0.0, 0.3, n_days) + dice.normal(0.0, 0.25, table.shape)
    return np.asarray(table)
