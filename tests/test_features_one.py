"""One journey from typed events: the row of the table, bit for bit."""

import numpy as np
import pandas as pd
from hypothesis import given, settings

from features import TypedEvents, plan_of, row_of
from journeys.find import end_times
from tests.features_logs import DEFINITION, VOCABULARY, Asked, asked, frame_of, frames
from tests.test_features_oracle import PRIMITIVES

PLAN = plan_of(DEFINITION, VOCABULARY, primitives=PRIMITIVES)


@settings(max_examples=15)
@given(frames())
def test_a_row_of_typed_events_is_the_row_of_the_table(frame: pd.DataFrame) -> None:
    sampled = asked(frame)
    features = sampled.features(PLAN)
    for place in range(len(sampled.samples)):
        events, cutoff = typed(sampled, place)
        row = row_of(events, PLAN, cutoff=cutoff)
        assert row.tobytes() == features[place].tobytes()


def test_without_a_cutoff_it_is_the_last_event_and_what_nobody_sent_is_missing() -> None:
    nobody_said = (None, None, None)
    happened = [("a", 0, "begin", *nobody_said), ("a", 3, "upload", *nobody_said)]
    sampled = asked(frame_of(happened))
    texts = {"activity": ["begin", "upload"], "region": ["north", "north"]}
    events = TypedEvents(sampled.log.times.tolist(), texts)
    row, last = row_of(events, PLAN), sampled.features(PLAN)[~sampled.samples["tick"]][-1]
    np.testing.assert_array_equal(row, last)


def typed(sampled: Asked, place: int) -> tuple[TypedEvents, int]:
    """Return what is known at a sample as typed events, and the cutoff."""
    sample = sampled.samples.iloc[place]
    journeys, log = sampled.journeys, sampled.log
    customer = journeys["customer"].iloc[sample["journey"]]
    low, high = log.offsets[customer], sample["seen"] + 1
    theirs = (journeys["customer"] == customer) & (journeys.index <= sample["journey"])
    begun = [
        (first - low, end, str(state))
        for first, end, state in zip(
            journeys["first"][theirs],
            end_times(journeys)[theirs],
            journeys["state"][theirs],
            strict=True,
        )
    ]
    events = log.events.iloc[low:high]
    texts = {
        name: [None if pd.isna(value) else str(value) for value in events[name]]
        for name in ("activity", "channel", "region", "os")
    }
    numbers = {"amount": events["amount"].tolist()}
    known = TypedEvents(log.times[low:high].tolist(), texts, numbers, begun[-1][0], begun[:-1])
    return known, int(sample["cutoff"].value // 1_000)
