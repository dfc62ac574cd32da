"""Samples: where we predict, and the law that the future changes none of them."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import end_times, find_journeys, journey_ids
from journeys.log import event_log, microseconds
from journeys.samples import samples_at_end, samples_of

DAY0 = pd.Timestamp("2026-01-01", tz="UTC")
Event = tuple[str, int, str]
DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "start": {"activity": "start"},
        "success": {"activity": "won", "within": "12d"},
        "failure": {"activity": "lost"},
        "abandoned_after": "6d",
        "ticks": ["1d", "3d"],
    }
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 30),
        st.sampled_from(["start", "look", "look", "won", "lost"]),
    ),
    min_size=1,
    max_size=30,
)


def samples_in(events: list[Event], definition: Definition = DEFINITION) -> pd.DataFrame:
    """Samples with the id of their journey, the day of their cutoff and what was seen."""
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity"])
    frame["time"] = DAY0 + pd.to_timedelta(frame["day"], unit="D")
    log = event_log(frame, definition)
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    ends = end_times(journeys)[samples["journey"]]
    assert (microseconds(samples["cutoff"]) < ends).all()
    return pd.DataFrame(
        {
            "id": journey_ids(log, journeys, definition)[samples["journey"]],
            "day": (samples["cutoff"] - DAY0).dt.days,
            "seen": log.events["time"].to_numpy()[samples["seen"]],
            "n_seen": samples["seen"] - journeys["first"].to_numpy()[samples["journey"]] + 1,
            "tick": samples["tick"],
        }
    )


def days_of(events: list[Event]) -> list[tuple[int, bool]]:
    found = samples_in(events)
    return list(zip(found["day"], found["tick"], strict=True))


def test_a_sample_stands_at_every_event_but_the_last_and_at_each_tick_of_silence() -> None:
    events = [("a", 0, "start"), ("a", 2, "look"), ("a", 7, "won")]
    assert days_of(events) == [(0, False), (1, True), (2, False), (3, True), (5, True)]


def test_no_tick_stands_at_an_event_or_after_the_end_of_the_log() -> None:
    assert days_of([("a", 0, "start"), ("a", 1, "look"), ("b", 2, "look")]) == [
        (0, False),
        (1, False),
        (2, True),
    ]


def test_events_of_one_instant_are_one_sample_that_has_seen_them_all() -> None:
    found = samples_in([("a", 0, "start"), ("a", 0, "look"), ("a", 1, "won")])
    assert found["n_seen"].tolist() == [2]


def test_an_event_at_the_instant_of_success_is_no_sample() -> None:
    assert days_of([("a", 0, "start"), ("a", 1, "look"), ("a", 1, "won")]) == [(0, False)]


def test_equal_ticks_are_one_sample() -> None:
    """Once a tick named twice stood twice in the table."""
    definition = Definition.from_dict({**DEFINITION.as_dict(), "ticks": ["24h", "1d"]})
    found = samples_in([("a", 0, "start"), ("a", 5, "won")], definition)
    assert found["day"].tolist() == [0, 1]


@settings(max_examples=30)
@given(events=EVENTS, until=st.integers(0, 30))
def test_what_comes_after_an_instant_changes_no_sample_before_it(
    events: list[Event], until: int
) -> None:
    past = [event for event in events if event[1] <= until]
    if not past:
        return
    log_end = max(day for _, day, _ in past)
    whole = samples_in(events)
    before = whole[whole["day"] <= log_end].sort_values(["id", "day"], ignore_index=True)
    truncated = samples_in(past).sort_values(["id", "day"], ignore_index=True)
    pd.testing.assert_frame_equal(truncated, before, check_dtype=False)


@settings(max_examples=30)
@given(events=EVENTS)
def test_samples_ascend_and_none_stands_twice(events: list[Event]) -> None:
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity"])
    frame["time"] = DAY0 + pd.to_timedelta(frame["day"], unit="D")
    log = event_log(frame, DEFINITION)
    samples = samples_of(log, find_journeys(log, DEFINITION), DEFINITION)
    key = pd.MultiIndex.from_frame(samples[["journey", "cutoff"]])
    assert key.is_monotonic_increasing
    assert key.is_unique


def test_open_journeys_are_asked_at_the_end_of_the_log() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "b", "b", "c"],
            "time": [DAY0 + pd.Timedelta(days=day) for day in (0, 0, 1, 2)],
            "activity": ["start", "start", "won", "start"],
        }
    )
    log = event_log(frame, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    at_end = samples_at_end(log, journeys)
    assert (journeys["state"][at_end["journey"]] == "open").all()
    assert at_end["cutoff"].eq(log.ends).all()
    assert at_end["tick"].tolist() == [True, False]
