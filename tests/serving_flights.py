"""Customers of a simulated world as a service meets them: their events so far, and base rates."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.find import find_journeys, journey_ids
from journeys.log import EventLog, event_log, microseconds
from journeys.simulate import simulate
from models.ahead import Ahead
from serving.flight import Flight
from serving.histories import timed_events
from serving.messages import ModelInfo, Value
from serving.without_model import BaseRates

NO_INFO = ModelInfo("none", "0", "mortgage_refinance", [], "", "", None)


@dataclass(frozen=True)
class Day:
    """A simulated log as it stood on a day, with its journeys."""

    log: EventLog
    journeys: pd.DataFrame
    definition: Definition
    events: pd.DataFrame

    @property
    def as_of(self) -> int:
        """The end of the log, microseconds UTC."""
        return int(self.log.times.max())

    def open_ids(self, rows: pd.Series) -> set[str]:
        """Return the ids of those journeys (rows) that are open."""
        theirs = self.journeys.iloc[rows.to_numpy()]
        theirs = theirs[theirs["state"] == "open"]
        return set(journey_ids(self.log, theirs, self.definition))

    def flights(self, ahead: Ahead | None = None) -> Iterator[tuple[str, Flight]]:
        """Yield the id of every open journey and the journey as the service meets it."""
        base = BaseRates(self.definition, {"success": 0.6, "leakage": 0.1, "churn": 0.1}, NO_INFO)
        flying = self.journeys[self.journeys["state"] == "open"]
        ids = dict(
            zip(flying["customer"], journey_ids(self.log, flying, self.definition), strict=True)
        )
        keys = self.log.events["customer_id"].cat.categories
        for customer, id_ in ids.items():
            stored = stored_of(self.events, str(keys[customer]))
            history = timed_events(stored, self.as_of, [self.definition])
            standing = base.predict(history, explain=0)
            assert standing.prediction is not None
            assert standing.begins is not None
            begins, prediction = standing.begins, standing.prediction
            yield id_, Flight(history, begins, self.definition, prediction, ahead)


@cache
def whole_world(customers: int = 800) -> tuple[pd.DataFrame, Definition]:
    """Return the events of the planted bug and the mortgage's definition."""
    made = simulate("ios_upload_bug", customers=customers, seed=11)
    return made.events, parse_definition(made.definitions["mortgage_refinance"], source="a test")


@cache
def day(text: str, customers: int = 800) -> Day:
    """Return the simulated world as it stood at an instant."""
    events, definition = whole_world(customers)
    until = events[events["time"] <= pd.Timestamp(text, tz="UTC")].reset_index(drop=True)
    log = event_log(until, definition)
    return Day(log, find_journeys(log, definition), definition, until)


def stored_of(events: pd.DataFrame, customer: str) -> list[dict[str, Value]]:
    """Return a customer's events as the store gives them."""
    mine = events[events["customer_id"] == customer]
    times = microseconds(mine["time"])
    plain = mine.drop(columns=["customer_id", "time"]).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    order = np.argsort(times, kind="stable")
    return [
        {"time": int(times[row])} | {str(key): value for key, value in rows[row].items()}
        for row in order
    ]
