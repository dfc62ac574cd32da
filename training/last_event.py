"""Whether history helps: a model of trees that sees no more than the last event.

It sees the last activity and channel, the last known attributes, the calendar and the clock, and is
fitted to the same training part (of at most 60,000 samples, whole customers).
"""

import numpy as np

from features.plan import Plan
from journeys.definition import Outcome
from models.draws import of_some_customers
from models.part import Part
from models.trees import TreeSettings, fit_trees
from training.data import TrainingData
from training.metrics import Floats

_OF_THE_EVENT = frozenset(
    {"activity_1_back", "channel", "elapsed_hours", "silence_hours", "hour_of_day", "day_of_week"}
)
_MOST_ROWS = 60_000
_EARLIER_SHARE = 2 / 3


def predicted_by_last_event(data: TrainingData, outcome: Outcome, *, seed: int) -> Floats | None:
    """Return what a model of the last event alone predicts for the test part, shape (n_test,).

    None where the train part cannot teach it (a later log that holds no past).
    """
    split = data.splits[outcome]
    rows = of_some_customers(data.customers, split.train, most_rows=_MOST_ROWS, seed=seed)
    earlier, later = earlier_and_later(data.part(outcome, rows))
    if min(_rarer(earlier), _rarer(later)) == 0:
        return None
    places = places_of_last_event(data.plan)
    coded = set(data.plan.categorical)
    trees = fit_trees(
        earlier.X[:, places],
        earlier.y,
        settings=TreeSettings(trees=400, leaves=8, l2=10.0, seed=seed),
        categorical=[at for at, place in enumerate(places) if place in coded],
        weight=earlier.weight,
        validation=(later.X[:, places], later.y, later.weight),
    )
    return trees.probability(data.X[split.test][:, places])


def places_of_last_event(plan: Plan) -> list[int]:
    """Return the columns of the feature table that the last event alone would fill."""
    attributes = plan.definition.attributes
    names = _OF_THE_EVENT | set(attributes.categorical)
    names |= {f"{name}_last" for name in attributes.numeric}
    return [place for place, one in enumerate(plan.features) if one.name in names]


def earlier_and_later(part: Part) -> tuple[Part, Part]:
    """Part samples by when their label was known, no customer on both sides; later may be empty."""
    order = np.argsort(part.closed_at, kind="stable")
    cut = int(len(order) * _EARLIER_SHARE)
    earlier, later = order[:cut], order[cut:]
    later = later[~np.isin(part.customers[later], part.customers[earlier])]
    return part.take(earlier), part.take(later)


def _rarer(part: Part) -> int:
    return int(min(part.y.sum(), len(part) - part.y.sum()))
