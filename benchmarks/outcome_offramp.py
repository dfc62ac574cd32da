"""Offramp on an outcome task: the product's own features and learner, on a case log.

One procedure for every task; nothing in it looks at the test part, and nothing is chosen by hand
for one task.  What was chosen at all was chosen on training cases, cut once more by time
(docs/benchmarks.md).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.outcome_protocol import Cases
from benchmarks.outcome_task import ACTIVITY, CASE, TIME, Task, ours
from features import Plan, feature_list, learn_vocabulary, plan_of, table
from features.primitive import Primitive
from features.primitives import Count, LastK, Repeats, Switches
from journeys import EventLog, event_log, find_journeys
from journeys.definition import Definition
from journeys.log import instants, microseconds
from models import Part, one_thread
from models.blend import Blend, Member, fit_member, reseeded
from models.linear import LinearSettings
from models.trees import TreeSettings

Floats = NDArray[np.float64]
Table = NDArray[np.float32]

# A case log has no rule that ends a journey; the labels come with the file.
_NEVER = "(the label is in the file)"
_MOST_VALUES = 100
_BOOSTED, _FOREST, _LINE = "boosted", "forest", "line"
WEIGHTS = {_BOOSTED: 1.0, _FOREST: 1.0, _LINE: 0.5}
_ROWS_WORTH_ONE_FIT = 300_000
_MOST_FITS = 5
_MANY_CASES = 50_000


@dataclass(frozen=True, eq=False)
class Asked:
    """A log with the samples of the protocol: every prefix, events of one instant one by one."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame


def predicted(train: Cases, test: Cases, task: Task, *, seed: int) -> Floats:
    """Return the log odds of the positive class for each test sample, shape (n_samples,).

    They are not calibrated: calibration never reorders, and the AUC asks for the order alone.
    """
    definition = definition_of(task)
    earlier, later = asked_of(train, definition), asked_of(test, definition)
    plan = plan_for(earlier.log, definition, task)
    with one_thread():
        blend = fitted(part_of(train, _table(earlier, plan)), plan.categorical, seed)
        return blend.margin(_table(later, plan))


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


def plan_for(log: EventLog, definition: Definition, task: Task) -> Plan:
    """Return the product's features, and for each text attribute of an event what an activity has.

    A case log has no channel; who handled the case, and in which order, stands in its place.
    """
    learnt = learn_vocabulary(log, definition)
    kept = {name: known[:_MOST_VALUES] for name, known in learnt.values.items()}  # noqa: PD011
    more: list[Primitive] = [LastK("activity", length=8)]
    for name in ours(task.attributes.event):
        more += [Count(name), LastK(name, length=3), Repeats(name), Switches(name)]
    primitives = [*feature_list(definition), *more]
    return plan_of(definition, replace(learnt, values=kept), primitives=primitives)


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

    Each weighs the same, because the AUC that is compared counts prefixes, not cases.  A label
    counts as known from the sample's own event on: the protocol gives the learner the labels of
    cases that are still under way, and cuts only their events.
    """
    times = microseconds(cases.events[TIME])
    first = np.flatnonzero(cases.length == 1)
    started = np.repeat(times[first], np.diff(np.append(first, len(times))))
    return Part(
        X=X,
        y=cases.y,
        customers=cases.cases,
        weight=np.ones(len(X)),
        started=started[cases.asked],
        closed_at=times[cases.asked],
    )


def fitted(part: Part, categorical: tuple[int, ...], seed: int) -> Blend:
    """Fit the members to all training samples and add their log odds by fixed weights.

    Trees take codes as numbers, by frequency: sets of codes find a set for every noise of a small
    log.  Their number is fixed: stopping early on few cases follows their noise.  The fewer the
    samples, the more draws of each member are averaged.
    """
    members: dict[str, Member] = {}
    weights: dict[str, float] = {}
    fits = int(np.clip(_ROWS_WORTH_ONE_FIT // max(len(part), 1), 1, _MOST_FITS))
    for name, settings in settings_for(part, seed).items():
        line = isinstance(settings, LinearSettings)
        draws = 1 if line else fits
        for draw in range(draws):
            drawn, codes = reseeded(settings, draw), categorical if line else ()
            members[f"{name}-{draw + 1}"] = fit_member(part, drawn, categorical=codes)
            weights[f"{name}-{draw + 1}"] = WEIGHTS[name] / draws
    return Blend(members, weights)


def settings_for(part: Part, seed: int) -> dict[str, TreeSettings | LinearSettings]:
    """Return how each member is grown: how small a leaf may be and, of many cases, larger trees."""
    small_trees = TreeSettings(
        trees=300,
        leaves=8,
        learning_rate=0.03,
        min_leaf=max(10, len(part) // 200),
        l2=30.0,
        feature_share=0.1,
        patience=0,
        seed=seed,
    )
    forest = replace(
        small_trees,
        boosting="forest",
        trees=100,
        leaves=127,
        min_leaf=max(10, len(part) // 1000),
        l2=0.0,
        feature_share=0.2,
        node_share=0.5,
        row_share=0.5,
    )
    many = len(np.unique(part.customers)) >= _MANY_CASES
    large_trees = replace(small_trees, leaves=32, feature_share=0.4, trees=400)
    boosted = large_trees if many else small_trees
    return {_BOOSTED: boosted, _FOREST: forest, _LINE: LinearSettings(seed=seed)}
