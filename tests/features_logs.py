"""Small random logs for the laws of the features: ties, several journeys, missing and unknown."""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.typing import NDArray

from features import Plan, Vocabulary, plan_of, table
from journeys import Definition, EventLog, event_log, find_journeys, parse_definition, samples_of

DEFINITION = parse_definition(
    """
    name: small
    start: {activity: begin}
    success: {activity: done, within: 20d}
    failure: {activity: fail}
    abandoned_after: 14d
    leakage: {channel: [call], within: 7d}
    milestones: [begin, upload, done]
    ticks: [1d, 3d]
    attributes: {context: [region], technical: [os], numeric: [amount]}
    beside:
      question: {start: {activity: ask}, end: {activity: look, channel: app},
                 steps: {channel: branch}, abandoned_after: 2d}
    """,
    source="tests",
)
# Not every value that the logs hold is known, and one that is known never occurs.
VOCABULARY = Vocabulary(
    {
        "activity": ("begin", "upload", "done", "fail", "never"),
        "channel": ("app", "call"),
        "region": ("north",),
        "os": ("iOS",),
    },
    paths=(
        ("begin", "upload"),
        ("upload", "upload"),
        ("done", "never"),
        ("begin", "upload", "done"),
    ),
)
PLAN = plan_of(DEFINITION, VOCABULARY)
_START = pd.Timestamp("2026-03-01", tz="UTC")
_ACTIVITIES = ["begin", "begin", "upload", "upload", "done", "fail", "look", "ask"]
_CHANNELS = ["app", "call", "branch", None]
_SYSTEMS = ["iOS", "Android", None]
_AMOUNTS = [0.0, 1.5, -2.0, 1000.0, None]

# Whole hours, close and far apart: ties happen, and events stand exactly on a window's edge.
_HOURS = st.one_of(st.integers(0, 30), st.integers(0, 24 * 40))
_EVENTS = st.tuples(
    st.sampled_from("abc"),
    _HOURS,
    st.sampled_from(_ACTIVITIES),
    st.sampled_from(_CHANNELS),
    st.sampled_from(_SYSTEMS),
    st.sampled_from(_AMOUNTS),
)


@dataclass(frozen=True)
class Asked:
    """A log with its journeys and samples."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame

    def features(self, plan: Plan = PLAN) -> NDArray[np.float32]:
        return table(self.log, self.journeys, self.samples, plan)

    def keyed(self, plan: Plan = PLAN) -> pd.DataFrame:
        """Return the features by customer and cutoff, which no two samples share."""
        customer = self.log.events["customer_id"].iloc[self.samples["seen"]].astype(str)
        index = pd.MultiIndex.from_arrays([customer, self.samples["cutoff"]])
        columns = [feature.name for feature in plan.features]
        return pd.DataFrame(self.features(plan), index=index, columns=columns)


def frames() -> st.SearchStrategy[pd.DataFrame]:
    """Return tables of up to forty events of three customers, ties among them."""
    return st.lists(_EVENTS, min_size=1, max_size=40).map(frame_of)


def frames_without_ties() -> st.SearchStrategy[pd.DataFrame]:
    """Return tables of events at distinct times."""
    events = st.lists(_EVENTS, min_size=1, max_size=30, unique_by=lambda event: event[1])
    return events.map(frame_of)


def frame_of(
    events: list[tuple[str, int, str, str | None, str | None, float | None]],
) -> pd.DataFrame:
    """Return events (customer, hour, activity, channel, os, amount) as a file would hold them."""
    names = ["customer_id", "hour", "activity", "channel", "os", "amount"]
    frame = pd.DataFrame(events, columns=names).astype({"amount": float})
    frame["time"] = _START + pd.to_timedelta(frame["hour"], unit="h")
    frame["region"] = frame["customer_id"].map({"a": "north", "b": "south"})
    return frame.drop(columns="hour")


def asked(frame: pd.DataFrame, definition: Definition = DEFINITION) -> Asked:
    """Return the journeys and samples of a table of events."""
    log = event_log(frame, definition)
    journeys = find_journeys(log, definition)
    return Asked(log, journeys, samples_of(log, journeys, definition))


def random_frame(n_events: int, *, seed: int) -> pd.DataFrame:
    """Return events of the same kind in any number, at uneven times, the same for a seed."""
    random = np.random.default_rng(seed)
    customers = random.integers(0, max(n_events // 25, 1), n_events)
    picked = [
        random.choice(np.array(values, dtype=object), n_events)
        for values in (_ACTIVITIES, _CHANNELS, _SYSTEMS)
    ]
    frame = pd.DataFrame(dict(zip(("activity", "channel", "os"), picked, strict=True)))
    frame["customer_id"] = customers.astype(str)
    frame["region"] = np.where(customers % 2, "north", "south")
    frame["time"] = _START + pd.to_timedelta(random.integers(0, 5_000_000, n_events), unit="s")
    frame["amount"] = np.where(
        random.random(n_events) < 0.5, random.normal(0, 300, n_events), np.nan
    )
    return frame


if __name__ == "__main__":  # run by a test, with and without the compiler
    np.save(sys.argv[1], asked(random_frame(1_500, seed=11)).features())
