"""A world: a table of events, a definition, and the truth behind them.

Nothing of the truth is in the events but what it did: the log goes the way of any log, through
`journeys.event_log`, a definition in YAML and `find_journeys`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cause_log import LOG_STARTS, definition_of, happenings, table_of
from benchmarks.cause_people import People, people_of
from benchmarks.cause_plan import EVENT, Plan
from benchmarks.cause_plant import AMOUNT, Cause, causes_of, with_causes
from benchmarks.cause_rates import Chronic, Course, course_of, probability_after

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """One cause as a finding would have to say it.

    ``conditions``: with ``activity``; ``day``: the onset, days since the epoch; ``without``: the
    probability of the bad outcome after each step, were it not for this cause, (n, n_steps).
    """

    conditions: dict[str, str]
    day: int
    cause: Cause
    without: Floats


@dataclass(frozen=True)
class World:
    """Events and definition, which anybody may see, and what only the world knows.

    ``events`` are in the order that the log will have, so that its row r is row r of them;
    ``journey``, ``step``: of each event, the step -1 where the event is none of the plan's;
    ``probability``: that the bad outcome follows each step, all causes at work, (n, n_steps);
    ``bad``: whether it does, (n, n_steps).
    """

    plan: Plan
    events: pd.DataFrame
    definition: str
    people: People
    journey: Ints
    step: Ints
    probability: Floats
    bad: Flags
    truths: tuple[Truth, ...]
    chronic: tuple[Chronic, ...]

    @property
    def asks_for_the_step(self) -> bool:
        """Whether a finding must name the step: not in a log of cases."""
        return self.plan.level == EVENT


def world_of(plan: Plan) -> World:
    """Draw the world of a plan; the same plan gives the same world."""
    people = people_of(plan)
    course = course_of(plan, people)
    causes = causes_of(plan, people, course)
    hazard = with_causes(people, course, causes)
    happened = happenings(plan, course, hazard, causes_at_work(people, course, causes))
    events, journey, step = table_of(plan, people, happened)
    return World(
        plan=plan,
        events=events,
        definition=definition_of(plan, people),
        people=people,
        journey=journey,
        step=step,
        probability=probability_after(course, hazard),
        bad=happened.bad,
        truths=tuple(_truth(cause, causes, plan, people, course) for cause in causes),
        chronic=course.chronic,
    )


def causes_at_work(people: People, course: Course, causes: tuple[Cause, ...]) -> Flags:
    """Return where any cause would do harm, shape (n, n_steps)."""
    at_work = np.zeros(course.hazard.shape, dtype=np.bool_)
    for cause in causes:
        at_work[:, cause.step] |= cause.harms(people, course)
    return at_work


def _truth(
    cause: Cause, causes: tuple[Cause, ...], plan: Plan, people: People, course: Course
) -> Truth:
    others = tuple(other for other in causes if other is not cause)
    amount = {} if cause.above is None else {AMOUNT: f"> {cause.above:,.0f}"}
    return Truth(
        conditions={"activity": plan.steps[cause.step], **dict(cause.conditions), **amount},
        day=int(LOG_STARTS.astype("datetime64[D]").astype(np.int64)) + cause.day,
        cause=cause,
        without=probability_after(course, with_causes(people, course, others)),
    )
