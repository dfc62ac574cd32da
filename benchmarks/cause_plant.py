"""Planting causes: conjunctions of one to three conditions that add harm at a step from a day on.

A cause concerns 0.5 to 10 % of the exposures of its step in the whole log and adds 10 to 50 points,
by addition or as one more independent reason. Nine in ten are strong enough that somebody who knew
the true rates should see them; the tenth is as weak as it comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from benchmarks.cause_people import NEW_VERSION, VALUES, Dice, Floats, People
from benchmarks.cause_plan import Plan
from benchmarks.cause_rates import Chronic, Course, holds, probability_after, reached

Flags = NDArray[np.bool_]

AMOUNT = "amount"
_SHARES = (0.005, 0.10)
_NEEDED = 1.3
_VISIBLE = 6.5
_TRIES = 3_000
_CERTAIN = 0.97


@dataclass(frozen=True)
class Cause:
    """What does harm: ``above``: the amount beyond which it does, or None; ``day``: of the log."""

    conditions: Chronic
    above: float | None
    step: int
    day: int
    added: float
    noisy_or: bool

    def meets(self, people: People) -> Flags:
        """Return which journeys meet the conditions, whenever they come."""
        met = holds(people, self.conditions)
        return met if self.above is None else met & (people.amount > self.above)

    def harms(self, people: People, course: Course) -> Flags:
        """Return which journeys it would harm, should they reach its step."""
        return self.meets(people) & (course.times[:, self.step] >= self.day)

    def wider(self) -> "Iterator[Cause]":
        """Yield the cause without each of its conditions in turn."""
        for one in self.conditions:
            fewer = tuple(other for other in self.conditions if other != one)
            yield Cause(fewer, self.above, self.step, self.day, self.added, self.noisy_or)
        if self.above is not None:
            yield Cause(self.conditions, None, self.step, self.day, self.added, self.noisy_or)


def causes_of(plan: Plan, people: People, course: Course) -> tuple[Cause, ...]:
    """Draw the causes that a plan asks for."""
    dice = plan.dice("causes")
    usual = probability_after(course, course.hazard)
    reach = reached(course, course.hazard)
    weak = dice.random() < 0.1
    found: list[Cause] = []
    while len(found) < plan.causes:
        day = plan.onset if not found else int(dice.uniform(0.3, 0.75) * (plan.days - plan.watched))
        drawn = islice(_drawn(plan, people, dice, day), _TRIES)
        found.append(
            next(
                cause
                for cause in drawn
                if _is_fair(cause, people, course, reach)
                and (weak or _strength(cause, people, course, usual, reach, plan) >= _VISIBLE)
                and not any(_meet(cause, other, people) for other in found)
            )
        )
    return tuple(found)


def with_causes(people: People, course: Course, causes: tuple[Cause, ...]) -> Floats:
    """Return the hazard at each step with these causes at work, shape (n, n_steps)."""
    hazard = course.hazard.copy()
    for cause in causes:
        harmed = cause.harms(people, course)
        usual = hazard[harmed, cause.step]
        room = 1.0 - usual if cause.noisy_or else 1.0
        hazard[harmed, cause.step] = np.minimum(usual + room * cause.added, _CERTAIN)
    return hazard


def _drawn(plan: Plan, people: People, dice: Dice, day: int) -> Iterator[Cause]:
    """Yield conditions that some late journey meets, without asking whether they are fair."""
    late = np.flatnonzero(people.start >= day)
    steps = 1 if len(plan.steps) == 2 else len(plan.steps)
    while True:
        row = int(dice.choice(late))
        order = int(dice.choice([1, 2, 3], p=[0.35, 0.4, 0.25]))
        names = _names(plan, people, dice, order)
        if any(people.codes[name][row] < 0 for name in names):
            continue
        conditions = tuple((name, VALUES[name][people.codes[name][row]]) for name in names)
        if plan.kind == "release" and ("app_version", NEW_VERSION) not in conditions:
            continue
        delay = int(dice.integers(3, 13)) if plan.kind == "release" and plan.seed % 5 < 2 else 0
        quantile = dice.uniform(0.7, 0.95)
        yield Cause(
            conditions=conditions,
            above=float(np.quantile(people.amount, quantile)) if plan.kind == "numeric" else None,
            step=int(dice.integers(steps)),
            day=day + delay,
            added=float(dice.uniform(0.25 if plan.kind == "censored" else 0.1, 0.5)),
            noisy_or=bool(dice.random() < 0.5),
        )


def _names(plan: Plan, people: People, dice: Dice, order: int) -> list[str]:
    """Return the attributes of a cause, sorted."""
    names = [name for name in people.codes if name != "campaign"]
    if plan.kind == "server_side":
        names = [name for name in names if name not in ("app_version", "os_version")]
    if plan.kind == "numeric":
        order = max(order - 1, 0)
    if plan.kind != "release":
        return sorted(map(str, dice.choice(names, size=order, replace=False)))
    others = [name for name in names if name != "app_version"]
    return sorted(["app_version", *map(str, dice.choice(others, size=order - 1, replace=False))])


def _is_fair(cause: Cause, people: People, course: Course, reach: Floats) -> bool:
    """Whether it concerns neither too few nor too many, and needs each of its conditions."""
    here = reach[:, cause.step]
    since = course.times[:, cause.step] >= cause.day
    met = float(here @ (cause.meets(people) & since))
    if not _SHARES[0] <= met / here.sum() <= _SHARES[1]:
        return False
    return all(float(here @ (one.meets(people) & since)) >= _NEEDED * met for one in cause.wider())


def _strength(
    cause: Cause, people: People, course: Course, usual: Floats, reach: Floats, plan: Plan
) -> float:
    """Return the expected z of the cause for somebody who knows all true rates."""
    known = course.times[:, cause.step] < plan.days - plan.watched
    weight = reach[:, cause.step] * (cause.harms(people, course) & known)
    p = usual[:, cause.step]
    more = probability_after(course, with_causes(people, course, (cause,)))[:, cause.step] - p
    variance = max(float(weight @ (p * (1 - p))), 1e-9)
    return float(weight @ more) / float(np.sqrt(variance))


def _meet(one: Cause, other: Cause, people: People) -> bool:
    """Whether two causes share more than a tenth of the smaller one's journeys."""
    both, first, second = one.meets(people) & other.meets(people), one, other
    return bool(both.sum() > 0.1 * min(first.meets(people).sum(), second.meets(people).sum()))
