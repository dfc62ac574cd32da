"""The event log: order, zones, types, and what is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.errors import DefinitionError, EventLogError
from journeys.log import (
    event_log,
    event_log_of_part,
    instants,
    microseconds,
    needed_columns,
)
from journeys.times import read_times

DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "success": {"activity": "a"},
        "attributes": {"context": ["region"], "numeric": ["amount"]},
    }
)


def frame_of(**columns: object) -> pd.DataFrame:
    plain = {
        "customer_id": ["b", "a"],
        "time": ["2026-01-02", "2026-01-01"],
        "activity": ["x", "a"],
        "region": ["n", None],
        "amount": ["1.5", ""],
    }
    return pd.DataFrame({**plain, "amount": ["1.5", None], **columns})


def test_events_stand_by_customer_time_and_position_in_the_file() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["b", "a", "b", "b"],
            "time": ["2026-01-02", "2026-01-09", "2026-01-01", "2026-01-02"],
            "activity": ["second", "only", "first", "third"],
        }
    )
    log = event_log_of_part(frame, DEFINITION)
    assert log.events["activity"].tolist() == ["only", "first", "second", "third"]
    assert log.offsets.tolist() == [0, 1, 4]
    assert log.customers.tolist() == [0, 1, 1, 1]
    assert log.ends == pd.Timestamp("2026-01-09", tz="UTC")
    assert len(log) == 4


def test_the_frame_of_the_caller_is_left_as_it_was() -> None:
    frame = frame_of()
    before = frame.copy(deep=True)
    event_log(frame, DEFINITION)
    pd.testing.assert_frame_equal(frame, before)


def test_columns_are_categories_numbers_and_utc() -> None:
    events = event_log(frame_of(), DEFINITION).events
    assert [str(kind) for kind in events.dtypes] == [
        "category",
        "datetime64[us, UTC]",
        "category",
        "category",
        "category",
        "float64",
    ]
    assert events["channel"].isna().all()
    assert np.isnan(events["amount"][0])
    assert events["amount"][1] == 1.5


@pytest.mark.parametrize(
    "times",
    [
        ["2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"],
        ["2026-03-01 10:00:00", "2026-03-01T05:00:00-05:00"],
        [
            pd.Timestamp("2026-03-01 12:00", tz="Europe/Athens"),
            dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC),
        ],
        pd.DatetimeIndex(["2026-03-01 10:00"] * 2).tz_localize("UTC").tz_convert("Asia/Tokyo"),
    ],
)
def test_mixed_zones_become_one_instant(times: object) -> None:
    log = event_log(frame_of(time=times), DEFINITION)
    assert (log.events["time"] == pd.Timestamp("2026-03-01T10:00Z")).all()


def test_keys_that_are_numbers_read_as_whole_ones() -> None:
    """A missing attribute beside whole numbers made 1 read as 1.0."""
    events = event_log(frame_of(customer_id=[7.0, 8.0], region=[1.0, np.nan]), DEFINITION).events
    assert events["customer_id"].tolist() == ["7", "8"]
    assert events["region"].cat.categories.tolist() == ["1"]


def test_one_value_written_as_number_and_as_text_is_one_value() -> None:
    region = pd.Categorical([1, "1"], categories=[1, "1"])
    log = event_log(frame_of(region=region), DEFINITION)
    assert log.events["region"].cat.categories.tolist() == ["1"]


def test_customers_who_were_filtered_out_do_not_count() -> None:
    frame = frame_of(customer_id=pd.Categorical(["b", "a"], categories=["a", "b", "gone"]))
    assert event_log(frame, DEFINITION).offsets.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"time": ["2026-01-01", "31.02.2026"]}, EventLogError, "1 of 2 times .* '31.02.2026'"),
        ({"time": ["2026-01-01", None]}, EventLogError, "for instance nothing"),
        ({"time": [1, 2]}, EventLogError, "plain numbers"),
        ({"customer_id": ["a", None]}, EventLogError, "1 of 2 events have no customer_id"),
        ({"activity": [None, None]}, EventLogError, "2 of 2 events have no activity"),
        ({"amount": ["1.5", "much"]}, EventLogError, "not numbers, for instance 'much'"),
    ],
)
def test_what_cannot_be_read_is_named(
    columns: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        event_log(frame_of(**columns), DEFINITION)


def test_an_empty_log_is_refused() -> None:
    for frame in (frame_of().iloc[:0], pd.DataFrame()):
        with pytest.raises(EventLogError, match="empty"):
            event_log(frame, DEFINITION)


def test_a_missing_column_is_named_with_the_closest() -> None:
    with pytest.raises(DefinitionError, match=r"'region' \(closest: 'regon'\)"):
        event_log(frame_of().rename(columns={"region": "regon"}), DEFINITION)


def test_in_a_part_of_a_log_an_attribute_may_be_absent() -> None:
    part = frame_of()[["customer_id", "time", "activity"]]
    assert event_log_of_part(part, DEFINITION).events["region"].isna().all()
    with pytest.raises(EventLogError, match="'time'"):
        event_log_of_part(part.drop(columns="time"), DEFINITION)


def test_a_wholly_null_attribute_is_missing_everywhere() -> None:
    for nothing in ([None, None], [np.nan, np.nan]):
        events = event_log(frame_of(region=nothing, amount=nothing), DEFINITION).events
        assert events["region"].isna().all()
        assert events["amount"].isna().all()


def test_infinite_numbers_are_missing() -> None:
    assert event_log(frame_of(amount=[np.inf, 1]), DEFINITION).events["amount"].tolist()[0] == 1


def test_the_channel_is_needed_only_where_somebody_asks_for_it() -> None:
    assert "channel" not in needed_columns(DEFINITION)
    asked = Definition.from_dict({**DEFINITION.as_dict(), "leakage": {"channel": "phone"}})
    mapped = Definition.from_dict({**DEFINITION.as_dict(), "columns": {"channel": "via"}})
    assert "channel" in needed_columns(asked)
    assert "via" in needed_columns(mapped)


@given(st.lists(st.integers(-(2**55), 2**55), max_size=5))
def test_microseconds_and_instants_are_inverse(times: list[int]) -> None:
    micros = np.array(times, dtype=np.int64)
    np.testing.assert_array_equal(microseconds(pd.Series(instants(micros))), micros)


def test_no_time_is_the_smallest_number() -> None:
    assert microseconds(read_times(pd.Series(["never"])))[0] == np.iinfo(np.int64).min
    assert instants(np.array([np.iinfo(np.int64).min]))[0] is pd.NaT


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=3), st.datetimes(dt.datetime(1990, 1, 1))),
        min_size=1,
        max_size=20,
        unique=True,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_of_distinct_times_changes_nothing(rows, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(rows)
    random.shuffle(shuffled)
    logs = [
        event_log_of_part(
            pd.DataFrame(some, columns=["customer_id", "time"]).assign(activity="a"), DEFINITION
        )
        for some in (rows, shuffled)
    ]
    pd.testing.assert_frame_equal(logs[0].events, logs[1].events)
