"""The oracle: every primitive once more, slow and obvious, from plain lists of events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import nan
from statistics import fmean, pstdev

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import NEVER_SEEN, Plan
from features import primitives as p
from features.vocabulary import CONTACT, MILESTONE
from journeys.definition import duration
from tests.features_logs import Asked

Row = dict[str, object]


@dataclass(frozen=True)
class Known:
    """What may be known at a cutoff: events (of the journey or the customer), earlier journeys."""

    events: list[Row]
    cutoff: pd.Timestamp
    earlier: list[Row]
    plan: Plan

    def values(self, column: str) -> list[tuple[pd.Timestamp, str]]:
        """Return (time, value) of every event that has a value in the column."""
        valued = ((event["time"], self._value(event, column)) for event in self.events)
        return [(time, value) for time, value in valued if value is not None]

    def numbers(self, column: str) -> list[float]:
        return [event[column] for event in self.events if not pd.isna(event[column])]

    def hours_since(self, time: pd.Timestamp | None) -> float:
        return nan if time is None else (self.cutoff - time) / pd.Timedelta("1h")

    def _value(self, event: Row, column: str) -> str | None:
        definition = self.plan.definition
        if column == MILESTONE:
            return event["activity"] if event["activity"] in definition.milestones else None
        if column == CONTACT:
            where = definition.leakage.where if definition.leakage else {"activity": ()}
            return "contact" if all(event[key] in where[key] for key in where) else None
        if pd.isna(event[column]):
            return None
        return event[column] if event[column] in self.plan.columns[column] else NEVER_SEEN


def oracle(asked: Asked, plan: Plan, primitives: tuple[p.Primitive, ...]) -> NDArray[np.float64]:
    """Return what the features ought to be, shape (n_samples, n_features)."""
    events = asked.log.events.to_dict("records")
    journeys = asked.journeys.to_dict("records")
    rows = []
    for sample in asked.samples.to_dict("records"):
        known = {
            scope: known_to(scope, sample, (events, journeys), plan)
            for scope in ("journey", "customer")
        }
        rows.append([value for one in primitives for value in expected(one, known[one.scope])])
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(plan.features))


def known_to(scope: p.Scope, sample: Row, world: tuple[list[Row], list[Row]], plan: Plan) -> Known:
    """Return what a primitive of a scope may look at, up to the last event seen."""
    events, journeys = world
    journey = journeys[sample["journey"]]
    begin = journey["first"] if scope == "journey" else 0
    customer = events[journey["first"]]["customer_id"]
    seen = events[begin : sample["seen"] + 1]
    return Known(
        events=[event for event in seen if event["customer_id"] == customer],
        cutoff=sample["cutoff"],
        earlier=[
            one
            for one in journeys
            if one["customer"] == journey["customer"] and one["first"] < journey["first"]
        ],
        plan=plan,
    )


def expected(primitive: p.Primitive, known: Known) -> Iterator[float]:
    """Yield the features of one primitive."""
    yield from ORACLE[type(primitive)](primitive, known)


def count(one: p.Primitive, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    return (values.count(label) for label in known.plan.columns[one.column])


def share(one: p.Primitive, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    labels = known.plan.columns[one.column]
    return (values.count(label) / len(values) if values else nan for label in labels)


def since(one: p.Primitive, known: Known) -> Iterator[float]:
    last = {value: time for time, value in known.values(one.column)}
    return (known.hours_since(last.get(label)) for label in known.plan.columns[one.column])


def window(one: p.Window, known: Known) -> Iterator[float]:
    opens = known.cutoff - duration(one.length)
    inside = [value for time, value in known.values(one.column) if time > opens]
    return (inside.count(label) for label in known.plan.columns[one.column])


def transition(one: p.Transition, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    yield list(pairwise(values)).count((one.origin, one.target))


def switches(one: p.Primitive, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    yield sum(before != after for before, after in pairwise(values))


def repeats(one: p.Primitive, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    streaks = [len(list(streak)) for _, streak in groupby(values)]
    yield from (len(values) - len(set(values)), streaks[-1], max(streaks))


def gaps(_: p.Primitive, known: Known) -> Iterator[float]:
    times = [event["time"] for event in known.events]
    return statistics([(after - before) / pd.Timedelta("1h") for before, after in pairwise(times)])


def clock(_: p.Primitive, known: Known) -> Iterator[float]:
    times = [event["time"] for event in known.events]
    yield from (known.hours_since(times[0]), known.hours_since(times[-1]), len(times))


def stats(one: p.Primitive, known: Known) -> Iterator[float]:
    return statistics(known.numbers(one.column))


def last_value(one: p.Primitive, known: Known) -> Iterator[float]:
    values = [value for _, value in known.values(one.column)]
    yield known.plan.columns[one.column].index(values[-1]) if values else nan


def last_k(one: p.LastK, known: Known) -> Iterator[float]:
    labels = known.plan.columns[one.column]
    codes = [labels.index(value) for _, value in known.values(one.column)]
    yield from [*reversed(codes), *[nan] * one.length][: one.length]


def progress(one: p.Primitive, known: Known) -> Iterator[float]:
    first = {value: time for time, value in reversed(known.values(one.column))}
    places = [known.plan.columns[one.column].index(value) + 1 for value in first]
    yield from (max(places, default=0), len(first))
    yield known.hours_since(max(first.values(), default=None))


def history(_: p.Primitive, known: Known) -> Iterator[float]:
    yield len(known.earlier)
    yield sum(journey["state"] == "success" for journey in known.earlier)
    yield known.hours_since(max((journey["end"] for journey in known.earlier), default=None))
    yield known.hours_since(known.events[0]["time"])


def calendar(_: p.Primitive, known: Known) -> Iterator[float]:
    yield from (known.cutoff.hour, known.cutoff.day_of_week)


def statistics(values: list[float]) -> Iterator[float]:
    if not values:
        return iter([nan] * 5)
    return iter([values[-1], min(values), max(values), fmean(values), pstdev(values)])


ORACLE: dict[type[p.Primitive], Callable[..., Iterator[float]]] = {
    p.Count: count,
    p.Share: share,
    p.Since: since,
    p.Window: window,
    p.Transition: transition,
    p.Switches: switches,
    p.Repeats: repeats,
    p.Gaps: gaps,
    p.Clock: clock,
    p.Stats: stats,
    p.LastValue: last_value,
    p.LastK: last_k,
    p.Progress: progress,
    p.History: history,
    p.Calendar: calendar,
}
