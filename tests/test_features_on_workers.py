"""What a worker does with batches of events: whole customers in, the task's own types out."""

import pickle

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.on_workers import Work, facts, made_of, whole_from
from features.whole_customers import whole_customers
from journeys.errors import EventLogError
from journeys.log import EventLog, event_log, microseconds
from journeys.shards import HeldShards, whole_of
from tests.features_logs import DEFINITION, random_frame

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def batches_of(events: pa.Table, rows: int) -> list[pa.RecordBatch]:
    return events.to_batches(max_chunksize=rows)


def events_of(counts: list[int]) -> pa.Table:
    keys = [f"c{number}" for number, many in enumerate(counts) for _ in range(many)]
    return pa.table({"customer_id": keys, "row": range(len(keys))})


@given(SIZES, st.integers(1, 12), st.integers(1, 20))
def test_no_customer_is_in_two_tables_and_no_event_is_lost(
    counts: list[int], rows: int, size: int
) -> None:
    events = events_of(counts)
    tables = list(whole_customers(batches_of(events, rows), "customer_id", size=size))
    assert pa.concat_tables(tables).equals(events)
    seen = [set(table["customer_id"].to_pylist()) for table in tables]
    assert sum(map(len, seen)) == len(set.union(*seen))
    assert all(table.num_rows < size + rows + max(counts) for table in tables)


def test_a_customer_longer_than_a_shard_is_one_table() -> None:
    tables = whole_customers(batches_of(events_of([3, 100, 2]), 4), "customer_id", size=10)
    assert [table["customer_id"].unique().to_pylist() for table in tables] == [
        ["c0"],
        ["c1"],
        ["c2"],
    ]


def counted(shard: EventLog) -> pa.Table:
    per = shard.events.groupby("customer_id", observed=True).size()
    return pa.table(
        {
            "customer": per.index.astype(str),
            "n": pa.array(per, pa.uint32()),
            "os": pa.DictionaryArray.from_arrays(
                pa.array([0] * len(per), pa.int8()), [shard.events["os"].cat.categories[0]]
            ),
        }
    )


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return random_frame(600, seed=2).sort_values("customer_id", kind="stable", ignore_index=True)


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_answers_are_what_the_task_makes_of_the_log(frame: pd.DataFrame, size: int) -> None:
    log = event_log(frame, DEFINITION)
    work = Work(DEFINITION, size, whole_of(log), counted)
    sent = pickle.loads(pickle.dumps(work))  # as it goes to a worker
    answers = pa.Table.from_batches(sent(batches_of(pa.table(frame_columns(frame)), 50)))
    made = made_of(answers)
    held = HeldShards(DEFINITION, log, size=size).map(counted)
    assert made.schema == held.schema
    assert made.sort_by("customer").to_pylist() == held.sort_by("customer").to_pylist()


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_the_whole_is_known_from_what_shards_tell(frame: pd.DataFrame, size: int) -> None:
    work = Work(DEFINITION, size, None, facts)
    answers = pa.Table.from_batches(work(batches_of(pa.table(frame_columns(frame)), 50)))
    whole = whole_of(event_log(frame, DEFINITION))
    assert whole_from(made_of(answers), lambda _: False) == whole


def test_values_that_are_numbers_come_in_their_order(frame: pd.DataFrame) -> None:
    coded = frame.assign(region=[(2, 10, 1)[row % 3] for row in range(len(frame))])
    answers = pa.Table.from_batches(
        Work(DEFINITION, 50, None, facts)(batches_of(pa.table(frame_columns(coded)), 50))
    )
    whole = whole_from(made_of(answers), lambda name: name == "region")
    assert whole.categories["region"] == ("1", "2", "10")
    assert whole == whole_of(event_log(coded, DEFINITION))


def test_a_fault_of_the_data_comes_back_as_the_sentence_that_one_machine_says(
    frame: pd.DataFrame,
) -> None:
    broken = frame.assign(amount="much")
    with pytest.raises(EventLogError) as here:
        event_log(broken, DEFINITION)
    answers = Work(DEFINITION, 10_000, None, facts)(batches_of(pa.table(frame_columns(broken)), 50))
    with pytest.raises(EventLogError) as there:
        made_of(pa.Table.from_batches(answers))
    assert str(there.value) == str(here.value)


def frame_columns(frame: pd.DataFrame) -> dict[str, pa.Array]:
    """Return a table's columns for Arrow, with the columns that say where an event stood."""
    times = pa.array(microseconds(frame["time"]), pa.timestamp("us", "UTC"))
    others = frame.drop(columns="time")
    columns = {"time": times} | {str(name): pa.array(column) for name, column in others.items()}
    return columns | {"@file": pa.array([0] * len(frame)), "@row": pa.array(range(len(frame)))}
