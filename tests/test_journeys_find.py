"""Journeys begin, end and never overlap; a slow oracle agrees."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys, journey_ids
from journeys.log import EventLog, event_log

DAY0 = pd.Timestamp("2026-01-01", tz="UTC")
SILENCE, WITHIN = 4, 9
Event = tuple[str, int, str]

DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "start": {"activity": "start"},
        "success": {"activity": "won", "within": f"{WITHIN}d"},
        "failure": {"activity": "lost"},
        "abandoned_after": f"{SILENCE}d",
    }
)
CASES = Definition.from_dict({**DEFINITION.as_dict(), "start": None})
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 30),
        st.sampled_from(["start", "look", "look", "won", "lost"]),
    ),
    min_size=1,
    max_size=25,
)


def log_of(events: list[Event], definition: Definition = DEFINITION) -> EventLog:
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity"])
    return event_log(frame.assign(time=DAY0 + pd.to_timedelta(frame["day"], unit="D")), definition)


def summary(events: list[Event], definition: Definition = DEFINITION) -> list[tuple[object, ...]]:
    log = log_of(events, definition)
    found = find_journeys(log, definition)
    names = log.events["customer_id"].cat.categories
    return [
        (
            names[row.customer],
            (row.start - DAY0).days,
            (row.last_time - DAY0).days,
            None if pd.isna(row.end) else (row.end - DAY0).days,
            row.state,
            row.last - row.first + 1,
        )
        for row in found.itertuples()
    ]


def slow_journeys(events: list[Event], *, cases: bool) -> list[tuple[object, ...]]:
    """One customer after the other, one event after the other, as one would by hand."""
    found: list[tuple[object, ...]] = []
    log_end = max(day for _, day, _ in events)
    for customer in sorted({name for name, _, _ in events}):
        own = sorted(((d, a) for name, d, a in events if name == customer), key=lambda e: e[0])
        inside: list[int] = []
        done = False

        def close(end: int, state: str, inside: list[int], who: str = customer) -> None:
            end_or_none = None if end > log_end else end
            known = "open" if end > log_end else state
            found.append((who, inside[0], inside[-1], end_or_none, known, len(inside)))

        for day, activity in own:
            if inside and (day - inside[-1] > SILENCE or day > inside[0] + WITHIN):
                stop(inside, close)
                inside, done = [], True
            if not inside and (done if cases else activity != "start"):
                continue
            inside.append(day)
            if activity in ("won", "lost"):
                close(day, "success" if activity == "won" else "failure", inside)
                inside, done = [], True
        if inside:
            stop(inside, close)
    return found


def stop(inside: list[int], close) -> None:  # type: ignore[no-untyped-def]
    silent, expiry = inside[-1] + SILENCE, inside[0] + WITHIN
    close(min(silent, expiry), "abandoned" if silent <= expiry else "expired", inside)


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_slow_oracle_finds_the_same_journeys(events: list[Event]) -> None:
    assert summary(events) == slow_journeys(events, cases=False)


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_slow_oracle_finds_the_same_journeys_in_a_case_log(events: list[Event]) -> None:
    assert summary(events, CASES) == slow_journeys(events, cases=True)


@settings(max_examples=30)
@given(events=EVENTS)
def test_journeys_of_one_customer_never_overlap(events: list[Event]) -> None:
    found = find_journeys(log_of(events), DEFINITION)
    for _, own in found.groupby("customer"):
        assert (own["first"].to_numpy()[1:] > own["last"].to_numpy()[:-1]).all()
        assert (own["start"].to_numpy()[1:] >= own["end"].to_numpy()[:-1]).all()


def test_a_second_start_inside_an_open_journey_belongs_to_it() -> None:
    assert summary([("a", 0, "start"), ("a", 1, "start"), ("a", 2, "won")]) == [
        ("a", 0, 2, 2, "success", 3)
    ]


def test_silence_of_exactly_its_length_does_not_end_a_journey() -> None:
    events = [("a", 0, "start"), ("a", SILENCE, "won")]
    assert summary(events) == [("a", 0, 4, 4, "success", 2)]
    assert summary([("a", 0, "start"), ("a", SILENCE + 1, "won")])[0][4] == "abandoned"


def test_a_success_after_the_horizon_is_none() -> None:
    late = [("a", 0, "start"), ("a", 4, "look"), ("a", 8, "look"), ("a", 10, "won")]
    assert summary(late) == [("a", 0, 8, 9, "expired", 3)]


def test_a_journey_without_an_end_yet_is_open() -> None:
    assert summary([("a", 0, "start"), ("b", 3, "look")]) == [("a", 0, 0, None, "open", 1)]


def test_without_a_start_rule_each_customer_is_one_journey_from_its_first_event() -> None:
    events = [("a", 0, "look"), ("a", 1, "lost"), ("a", 2, "start"), ("b", 1, "won")]
    assert summary(events, CASES) == [
        ("a", 0, 1, 1, "failure", 2),
        ("b", 1, 1, 1, "success", 1),
    ]


def test_a_log_without_a_start_has_no_journeys_and_no_fault() -> None:
    found = find_journeys(log_of([("a", 0, "look")]), DEFINITION)
    assert found.empty
    assert list(found["state"].cat.categories) == [
        "success",
        "failure",
        "abandoned",
        "expired",
        "open",
    ]


def test_a_journey_of_ten_thousand_events_is_one_journey() -> None:
    minutes = pd.date_range(DAY0, periods=10_000, freq="min")
    frame = pd.DataFrame({"customer_id": "a", "time": minutes, "activity": "look"})
    frame.loc[0, "activity"] = "start"
    found = find_journeys(event_log(frame, DEFINITION), DEFINITION)
    assert (found["last"] - found["first"] + 1).tolist() == [10_000]


def test_an_activity_may_be_named_like_an_attack() -> None:
    name = '"; drop table'
    definition = Definition.from_dict({"name": "x", "success": {"activity": name}})
    assert summary([("a", 0, "look"), ("a", 1, name)], definition)[0][4] == "success"


def test_ids_depend_on_customer_start_and_journey_alone() -> None:
    few = [("a", 0, "start"), ("a", 1, "won")]
    many = [*few, ("0", 0, "start"), ("a", 3, "start")]
    log, more = log_of(few), log_of(many)
    one = journey_ids(log, find_journeys(log, DEFINITION), DEFINITION)
    three = journey_ids(more, find_journeys(more, DEFINITION), DEFINITION)
    assert one[0] in three
    assert len(set(three)) == 3
    assert all(id_.startswith("j_") and len(id_) == 14 for id_ in three)
    other = Definition.from_dict({**DEFINITION.as_dict(), "name": "y"})
    assert journey_ids(log, find_journeys(log, other), other)[0] != one[0]


@settings(max_examples=30)
@given(events=EVENTS, seed=st.integers(0, 5))
def test_the_order_of_rows_of_distinct_times_changes_nothing(
    events: list[Event], seed: int
) -> None:
    distinct = list({(name, day): (name, day, act) for name, day, act in events}.values())
    shuffled = [distinct[at] for at in np.random.default_rng(seed).permutation(len(distinct))]
    assert summary(shuffled) == summary(distinct)


@pytest.mark.parametrize("days", [1, 5])
def test_abandonment_is_known_at_its_own_instant(days: int) -> None:
    events = [("a", 0, "start"), ("b", SILENCE + days - 1, "look")]
    log = log_of(events)
    end = find_journeys(log, DEFINITION)["end"][0]
    assert end == DAY0 + timedelta(days=SILENCE)
