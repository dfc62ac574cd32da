"""Events as arrays of numbers: the only form that the kernel sees."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.plan import Plan
from features.vocabulary import CONTACT, MILESTONE
from journeys.log import ACTIVITY, EventLog


@dataclass(frozen=True, eq=False)
class EncodedEvents:
    """Events in the order of the log.

    ``times`` int64 (n_events,) microseconds UTC; ``codes`` int32 (n_columns, n_events), -1 missing;
    ``numbers`` float64 (n_numbers, n_events), NaN missing; ``offsets`` int64 (n_customers + 1,).
    """

    times: NDArray[np.int64]
    codes: NDArray[np.int32]
    numbers: NDArray[np.float64]
    offsets: NDArray[np.int64]


def encode(log: EventLog, plan: Plan) -> EncodedEvents:
    """Return the events of a log in the codes of the plan."""
    codes = np.empty((len(plan.columns), len(log)), dtype=np.int32)
    for place, column in enumerate(plan.columns):
        codes[place] = _codes(column, log, plan)
    numbers = np.empty((len(plan.numbers), len(log)), dtype=np.float64)
    for place, name in enumerate(plan.numbers):
        numbers[place] = log.events[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return EncodedEvents(log.times, codes, numbers, log.offsets)


def _codes(column: str, log: EventLog, plan: Plan) -> NDArray[np.int32]:
    if column == MILESTONE:
        return _milestone_codes(log.events[ACTIVITY], plan.definition.milestones)
    if column == CONTACT:
        rule = plan.definition.leakage
        held = np.zeros(len(log), dtype=np.bool_) if rule is None else rule.holds(log.events)
        return np.where(held, 0, -1).astype(np.int32)
    return plan.vocabulary.codes(log.events[column])


def _milestone_codes(activity: pd.Series, milestones: tuple[str, ...]) -> NDArray[np.int32]:
    place = {name: code for code, name in enumerate(milestones)}
    of_category = [place.get(name, -1) for name in activity.cat.categories]
    return np.array([*of_category, -1], dtype=np.int32)[activity.cat.codes.to_numpy()]
