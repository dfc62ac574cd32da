"""What features are timed on: random events, every one of them a sample, and the list to compute.

`COMPARED` is the part of the feature list that every engine computes, written out so that the
comparison stays the same when the list grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features import Plan, learn_vocabulary, plan_of, table
from features.primitive import Primitive
from features.primitives import (
    Clock,
    Count,
    Gaps,
    LastK,
    Share,
    Since,
    Stats,
    Switches,
    Transition,
    Window,
)
from journeys import EventLog, event_log, find_journeys, parse_definition, samples_of

SEED = 7
EVENTS_A_CUSTOMER = 30
ACTIVITIES = tuple(f"step {code}" for code in range(20))
CHANNELS = tuple(f"channel {code}" for code in range(6))
CHANGES = (("channel 1", "channel 2"), ("channel 2", "channel 1"), ("channel 0", "channel 3"))
LAST = 5
DEFINITION = parse_definition(
    """
    name: benchmark
    success: {activity: never}
    leakage: {channel: [channel 0], within: 7d}
    milestones: [step 0, step 3, step 4, step 1]
    ticks: []
    attributes: {context: [region], technical: [os], numeric: [amount]}
    """,
    source="benchmarks/feature_log.py",
)
COMPARED: tuple[Primitive, ...] = (
    Clock(),
    Count("activity"),
    Count("channel"),
    Share("channel"),
    Since("activity"),
    Since("channel"),
    Gaps(),
    Switches("channel"),
    *(Transition("channel", origin=origin, target=target) for origin, target in CHANGES),
    Window("channel", length="24h"),
    Stats("amount"),
    LastK("activity", length=LAST),
)


@dataclass(frozen=True)
class Work:
    """A log with a sample at every event, and the plan to compute."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame
    plan: Plan


def random_events(n_events: int) -> pd.DataFrame:
    """Return events of customers with about thirty each, 20 activities, 6 channels."""
    random = np.random.default_rng(SEED)
    customers = max(n_events // EVENTS_A_CUSTOMER, 1)
    customer = random.integers(0, customers, n_events).astype(str)
    frame = pd.DataFrame({"customer_id": pd.Categorical(customer)})
    seconds = random.integers(0, 120 * 86_400, n_events)
    frame["time"] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    columns = {
        "activity": ACTIVITIES,
        "channel": CHANNELS,
        "region": ("north", "south"),
        "os": ("iOS", "Android", "Web"),
    }
    for name, values in columns.items():
        codes = random.integers(0, len(values), n_events)
        frame[name] = pd.Categorical.from_codes(codes, categories=pd.Index(values))
    frame["amount"] = np.where(random.random(n_events) < 0.3, random.random(n_events) * 1e3, np.nan)
    return frame


def work_of(events: pd.DataFrame, primitives: Sequence[Primitive] | None) -> Work:
    """Return everything that is ready before the clock starts, the kernel compiled.

    Without primitives it is the full list, with what was known of others.
    """
    log = event_log(events, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    plan = plan_of(DEFINITION, learn_vocabulary(log, DEFINITION), primitives=primitives)
    if primitives is None:
        plan = plan.renewed(log, journeys)
    work = Work(log, journeys, samples_of(log, journeys, DEFINITION), plan)
    table(log, journeys, work.samples[:1], plan)
    return work
