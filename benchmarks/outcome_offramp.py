"""Offramp on an outcome task: the product's own features and learner, on a case log."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.outcome_protocol import Cases
from benchmarks.outcome_task import ACTIVITY, CASE, TIME, Task, ours
from features import Plan, learn_vocabulary, plan_of, table
from journeys import EventLog, event_log, find_journeys
from journeys.definition import Definition
from journeys.log import instants, microseconds
from models import Part, fit_outcome, one_thread

Floats = NDArray[np.float64]
Table = NDArray[np.float32]

# A case log has no rule that ends a journey; the labels come with the file.
_NEVER = "(the label is in the file)"


@dataclass(frozen=True, eq=False)
class Asked:
    """A log with the samples of the protocol: every prefix, events of one instant one by one."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame


def predicted(train: Cases, test: Cases, task: Task, *, seed: int) -> Floats:
    """Return the probability of the positive class for each test sample."""
    definition = definition_of(task)
    earlier, later = asked_of(train, definition), asked_of(test, definition)
    plan = plan_of(definition, learn_vocabulary(earlier.log, definition))
    X = _table(earlier, plan)
    with one_thread():
        part = part_of(train, X)
        first, second = _by_start(part)
        model = fit_outcome(first, second, categorical=plan.categorical, seed=seed)
        return model.predict(_table(later, plan)).p


def definition_of(task: Task) -> Definition:
    """Return the task as a journey definition without a start rule: each case is one journey."""
    attributes = task.attributes
    return Definition.from_dict(
        {
            "name": "outcome_benchmark",
            "columns": {"customer_id": CASE, "time": TIME, "activity": ACTIVITY},
            "success": {"activity": _NEVER},
            "ticks": [],
            "attributes": {
                "context": ours(attributes.text),
                "numeric": ours(attributes.numeric),
            },
        }
    )


def asked_of(cases: Cases, definition: Definition) -> Asked:
    """Return the log of some cases and a sample for each of their prefixes."""
    log = event_log(cases.events, definition)
    journeys = find_journeys(log, definition)
    rows = np.flatnonzero(cases.asked).astype(np.int64)
    journey = np.searchsorted(journeys["first"].to_numpy(), rows, side="right") - 1
    samples = pd.DataFrame(
        {
            "journey": journey,
            "cutoff": instants(log.times[rows]),
            "seen": rows,
            "tick": np.zeros(len(rows), dtype=np.bool_),
        }
    )
    return Asked(log, journeys, samples)


def _table(asked: Asked, plan: Plan) -> Table:
    return table(asked.log, asked.journeys, asked.samples, plan)


def part_of(cases: Cases, X: Table) -> Part:
    """Return the training samples as the product's learner takes them.

    A label counts as known from the sample's own event on: the protocol, too, gives the learner
    the labels of cases that are still under way, and cuts only their events.
    """
    times = microseconds(cases.events[TIME])
    first = np.flatnonzero(cases.length == 1)
    started = np.repeat(times[first], np.diff(np.append(first, len(times))))
    n_of_case = np.bincount(cases.cases)[cases.cases]
    weight = 1.0 / n_of_case
    return Part(
        X=X,
        y=cases.y,
        customers=cases.cases,
        weight=weight / weight.mean(),
        started=started[cases.asked],
        closed_at=times[cases.asked],
    )


def _by_start(part: Part) -> tuple[Part, Part]:
    at = np.quantile(part.started, 0.8)
    later = part.started >= at
    return _rows(part, ~later & (part.closed_at < at)), _rows(part, later)


def _rows(part: Part, chosen: NDArray[np.bool_]) -> Part:
    rows = np.flatnonzero(chosen)
    return Part(
        X=part.X[rows],
        y=part.y[rows],
        customers=part.customers[rows],
        weight=part.weight[rows],
        started=part.started[rows],
        closed_at=part.closed_at[rows],
    )
