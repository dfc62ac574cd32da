"""What a history is by the table: its log, its journeys and its predictions, slow and obvious."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.table import table
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.labels import at_risk_of
from journeys.log import (
    ACTIVITY,
    CHANNEL,
    CUSTOMER,
    TIME,
    EventLog,
    event_log_of_part,
    instants,
    microseconds,
)
from journeys.samples import samples_at_end
from models import Bundle
from serving.histories import Timed


class Told(NamedTuple):
    """What the table says of one open journey; ``p`` has (p, low, high) by outcome."""

    row: NDArray[np.float32]
    step: str
    started: int
    age_hours: float
    happened: list[str]
    p: dict[str, tuple[float, float, float]]


def log_of(histories: Sequence[Timed], definition: Definition) -> EventLog:
    """Return the events of histories as one log; customer i is history i."""
    columns: dict[str, object] = {
        # Numbers, not padded text: categories of numbers keep their numerical order.
        CUSTOMER: np.repeat(np.arange(len(histories)), [len(one) for one in histories]),
        TIME: instants(np.array([at for one in histories for at in one.times], dtype=np.int64)),
    }
    numeric = set(definition.attributes.numeric)
    for name in (ACTIVITY, CHANNEL, *definition.fields):
        values = [value for one in histories for value in one.values(name, definition)]
        columns[name] = np.array(values, dtype=np.float64 if name in numeric else object)
    return event_log_of_part(pd.DataFrame(columns), definition.model_copy(update={"columns": {}}))


def as_of_each(histories: Sequence[Timed]) -> NDArray[np.int64]:
    """Return until when each history is known, microseconds since the epoch."""
    return np.array([one.as_of for one in histories], dtype=np.int64)


def told_by_the_table(bundle: Bundle, histories: Sequence[Timed]) -> list[Told | None]:
    """Return where the customers of histories stand, None without an open journey."""
    definition, ends = bundle.plan.definition, as_of_each(histories)
    log = log_of(histories, definition)
    journeys = find_journeys(log, definition, ends=ends)
    samples = samples_at_end(log, journeys, ends=ends)
    X = table(log, journeys, samples, bundle.plan)
    found: list[Told | None] = [None] * len(histories)
    if not len(samples):
        return found
    journey = samples["journey"].to_numpy()
    starts = microseconds(journeys["start"])[journey]
    ages = (microseconds(samples["cutoff"]) - starts) / 1e6 / 3600
    steps = log.events[ACTIVITY].take(samples["seen"].to_numpy())
    at_risk = at_risk_of(log, journeys, samples, definition)
    predicted = {outcome: model.predict(X) for outcome, model in bundle.outcomes.items()}
    for place, customer in enumerate(journeys["customer"].to_numpy()[journey]):
        found[customer] = Told(
            X[place],
            str(steps.iloc[place]),
            int(starts[place]),
            float(ages[place]),
            [outcome for outcome, asked in at_risk.items() if not asked[place]],
            {
                outcome: (float(one.p[place]), float(one.low[place]), float(one.high[place]))
                for outcome, one in predicted.items()
            },
        )
    return found


def values_by_the_table(bundle: Bundle, histories: Sequence[Timed]) -> list[tuple[int, int]]:
    """Return how many values each history holds, and how many were never seen in training."""
    vocabulary = bundle.plan.vocabulary
    log = log_of(histories, bundle.plan.definition)
    counts = np.zeros((2, len(histories)), dtype=np.int64)
    for column in vocabulary.values:  # noqa: PD011 - not a frame
        codes = vocabulary.codes(log.events[column])
        for line, meant in enumerate((codes >= 0, codes == 0)):
            counts[line] += np.bincount(log.customers[meant], minlength=len(histories))
    return [(told, never_seen) for told, never_seen in counts.T.tolist()]
