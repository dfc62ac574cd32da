"""The oracle: every primitive once more, slow and obvious, from plain lists of events."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from math import nan
from statistics import fmean, pstdev

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Plan
from features import primitives as p
from journeys.definition import duration
from journeys.find import STATES
from tests.features_known import HOUR, Known, Row, meets
from tests.features_logs import Asked


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
    customer = events[journey["first"]]["customer_id"]
    theirs = [row for row, one in enumerate(events) if one["customer_id"] == customer]
    every = [events[row] for row in theirs if row <= sample["seen"]]
    before = [events[row] for row in theirs if row < journey["first"]]
    return Known(
        events=every[len(before) :] if scope == "journey" else every,
        cutoff=sample["cutoff"],
        earlier=[
            one
            for one in journeys
            if one["customer"] == journey["customer"] and one["first"] < journey["first"]
        ],
        before_journey=before,
        every=every,
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
    return statistics([(after - before) / HOUR for before, after in pairwise(times)])


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
    values = [known.value(event, one.column) for event in reversed(known.events)]
    codes = [nan if value is None else labels.index(value) for value in values]
    yield from [*codes, *[nan] * one.length][: one.length]


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
    yield STATES.index(known.earlier[-1]["state"]) if known.earlier else nan


def calendar(_: p.Primitive, known: Known) -> Iterator[float]:
    cutoff = known.cutoff
    yield from (cutoff.hour, cutoff.day_of_week, cutoff.day_of_week in (5, 6))
    yield from (cutoff.day, monthrange(cutoff.year, cutoff.month)[1] - cutoff.day)


def decayed(one: p.Decayed, known: Known) -> Iterator[float]:
    for label in known.plan.columns[one.column][: one.most]:
        ages = [known.cutoff - time for time, value in known.values(one.column) if value == label]
        yield sum(0.5 ** (age / duration(one.half_life)) for age in ages)


def hops(one: p.Hops, known: Known) -> Iterator[float]:
    values = known.values(one.column)
    opens = known.cutoff - duration(one.within)
    yield sum(a != b for (_, a), (time, b) in pairwise(values) if time > opens)
    yield len({value for time, value in values if time > opens})


def runs(one: p.Runs, known: Known) -> Iterator[float]:
    within, lengths = duration(one.within), []
    last: dict[str, tuple[pd.Timestamp, int]] = {}
    for time, value in known.values(one.column):
        before, length = last.get(value, (None, 0))
        last[value] = time, length + 1 if length and time - before <= within else 1
        lengths.append((time, last[value][1]))
    now = [length for time, length in lengths[-1:] if known.cutoff - time <= within]
    yield from (sum(now), max((length for _, length in lengths), default=0))
    yield sum(length > 1 for _, length in lengths)


def earlier_gaps(one: p.EarlierGaps, known: Known) -> Iterator[float]:
    times = [event["time"] for event in reversed(known.events)]
    gaps_ = [(after - before) / HOUR for after, before in pairwise(times)]
    yield from [*gaps_, *[nan] * one.length][1 : one.length]


def pace(one: p.Primitive, known: Known) -> Iterator[float]:
    first = {value: time for time, value in reversed(known.values(one.column))}
    labels = known.plan.columns[one.column]
    yield from (known.hours_since(first.get(label)) for label in labels)
    for label, following in pairwise(labels):
        both = label in first and following in first
        yield (first[following] - first[label]) / HOUR if both else nan


def disorder(one: p.Primitive, known: Known) -> Iterator[float]:
    labels = known.plan.columns[one.column]
    codes = [labels.index(value) for _, value in known.values(one.column)]
    yield sum(code > 0 and code - 1 not in codes[:place] for place, code in enumerate(codes))
    yield sum(after < before for before, after in pairwise(codes))


def before(_: p.Primitive, known: Known) -> Iterator[float]:
    yield len(known.before_journey)
    yield sum(meets(known.plan.definition.leakage, event) for event in known.before_journey)


def active_days(one: p.ActiveDays, known: Known) -> Iterator[float]:
    days = {event["time"].normalize() for event in known.events}
    yield sum((known.cutoff.normalize() - day).days < one.days for day in days)


def beside(one: p.Beside, known: Known) -> Iterator[float]:
    silence = pd.Timedelta(duration(one.silence)) if one.silence else pd.Timedelta.max
    began, last, count_ = None, None, 0
    for time, value in [*known.values(one.column), (known.cutoff, "now")]:
        if last is not None and time - last > silence:
            began = None
        if value == "start" and began is None:
            began, count_ = time, count_ + 1
        began = None if value == "end" else began
        last = last if value == "now" else time
    yield from (began is not None, known.hours_since(began), count_, known.hours_since(last))


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
    p.Decayed: decayed,
    p.Hops: hops,
    p.Runs: runs,
    p.EarlierGaps: earlier_gaps,
    p.Pace: pace,
    p.Disorder: disorder,
    p.Before: before,
    p.ActiveDays: active_days,
    p.Beside: beside,
}
