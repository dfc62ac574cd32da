"""Typed events of one customer give the row that the table gives."""

import numpy as np
import pandas as pd
import pytest

from features import Plan, learn_vocabulary, plan_of, table
from features.typed import Ended, Event, TypedEvents
from journeys import Definition, EventLog, event_log, find_journeys, parse_definition, samples_of
from journeys.find import end_times
from journeys.log import microseconds
from journeys.simulate import simulate


@pytest.fixture(scope="module")
def definition() -> Definition:
    text = simulate("clean", customers=1, seed=1).definitions["money_transfer"]
    return parse_definition(text, source="money_transfer.yaml")


@pytest.fixture(scope="module")
def log(definition: Definition) -> EventLog:
    return event_log(simulate("two_causes", customers=120, seed=5).events, definition)


@pytest.fixture(scope="module")
def plan(log: EventLog, definition: Definition) -> Plan:
    middle = log.events["time"].quantile(0.5)
    plan = plan_of(definition, learn_vocabulary(log, definition, until=middle))
    return plan.renewed(log, find_journeys(log, definition), until=middle)


def typed(log: EventLog, rows: slice, definition: Definition) -> list[Event]:
    """Return events of the log as a caller would type them."""
    names = ["time", "activity", "channel", *definition.fields]
    columns = {name: log.events[name].iloc[rows] for name in dict.fromkeys(names)}
    plain = {
        name: [None if pd.isna(value) else value for value in column]
        for name, column in columns.items()
    }
    plain["time"] = log.times[rows].tolist()
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


def test_typed_events_give_the_row_that_the_table_gives(
    log: EventLog, definition: Definition, plan: Plan
) -> None:
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    X, ready = table(log, journeys, samples, plan), TypedEvents(plan)
    of_journey = [journeys[name].to_numpy() for name in ("customer", "first", "state")]
    customers, firsts, states = of_journey
    ends, cutoffs = end_times(journeys), microseconds(samples["cutoff"])
    chosen = np.random.default_rng(0).permutation(len(samples))[:300]
    assert journeys["customer"].duplicated().any()
    assert samples["tick"].iloc[chosen].any()
    for place in chosen:
        journey, seen = samples["journey"].to_numpy()[place], samples["seen"].to_numpy()[place]
        begin = log.offsets[customers[journey]]
        earlier = np.flatnonzero(customers[:journey] == customers[journey])
        row = ready.row(
            typed(log, slice(begin, seen + 1), definition),
            begins=firsts[journey] - begin,
            cutoff=cutoffs[place],
            ended=[Ended(firsts[one] - begin, ends[one], states[one]) for one in earlier],
        )
        np.testing.assert_array_equal(row, X[place])


def test_a_value_that_nobody_has_seen_is_never_seen(
    log: EventLog, definition: Definition, plan: Plan
) -> None:
    events = typed(log, slice(0, 1), definition)
    place = [feature.name for feature in plan.features].index("app_version")
    row = TypedEvents(plan).row([{**events[0], "app_version": "99.0.0"}])
    assert row[place] == 0
    assert np.isnan(TypedEvents(plan).row([{**events[0], "app_version": None}])[place])
