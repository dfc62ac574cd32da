"""Shards: each customer is in one of them, whole, and codes mean what they mean in the log."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from journeys.definition_file import parse_definition
from journeys.log import EventLog, event_log
from journeys.shards import HeldShards, chosen_of
from journeys.simulate import simulate


@pytest.fixture(scope="module")
def held() -> HeldShards:
    made = simulate("ios_upload_bug", customers=300, seed=7)
    definition = parse_definition(made.definitions["mortgage_refinance"], source="a test")
    return HeldShards(definition, event_log(made.events, definition), size=500)


def written_down(shard: EventLog) -> pa.Table:
    return pa.table(
        {
            "customer": shard.events["customer_id"].astype("str").to_numpy(),
            "time": shard.times,
            "os": shard.events["os"].cat.codes.to_numpy(),
            "activity": shard.events["activity"].cat.codes.to_numpy(),
            "ends": [shard.ends.isoformat()] * len(shard),
        }
    )


def test_the_shards_together_are_the_log(held: HeldShards) -> None:
    whole = written_down(held.log)
    assert held.map(written_down).equals(whole)
    assert len(list(held._shards(None))) > 2


def test_each_customer_is_in_one_shard(held: HeldShards) -> None:
    customers = [set(shard.events["customer_id"].unique()) for shard in held._shards(None)]
    assert sum(map(len, customers)) == held.whole.customers == len(set.union(*customers))


def test_written_shards_are_the_mapped_ones(held: HeldShards, tmp_path: Path) -> None:
    rows = held.write(written_down, tmp_path / "made")
    assert rows == len(held.log)
    assert pq.read_table(tmp_path / "made").equals(held.map(written_down))


def test_a_larger_sample_of_customers_holds_the_smaller_one(held: HeldShards) -> None:
    few, more = (set(held.some(n).events["customer_id"].unique()) for n in (30, 150))
    assert few < more
    assert 10 < len(few) < 60


def test_a_sampled_customer_has_all_their_events(held: HeldShards) -> None:
    some = held.some(60).events
    mine = held.log.events[held.log.events["customer_id"].isin(some["customer_id"].unique())]
    pd.testing.assert_series_equal(some["time"], mine["time"].reset_index(drop=True))


def test_another_seed_chooses_others() -> None:
    keys = [f"c{number}" for number in range(1_000)]
    one, other = chosen_of(keys, 0.5), chosen_of(keys, 0.5, seed=1)
    assert 150 < (one & other).sum() < 350


def test_counts_joined_on_the_way_are_those_of_the_log_and_never_stand_twice_over(
    held: HeldShards,
) -> None:
    joined: list[int] = []

    def by_activity(shard: EventLog) -> pa.Table:
        counted = shard.events["activity"].value_counts()
        return pa.table({"name": counted.index.astype("str"), "n": counted.to_numpy()})

    def summed(counts: pa.Table) -> pa.Table:
        joined.append(counts.num_rows)
        found = counts.group_by("name").aggregate([("n", "sum")])
        return found.rename_columns({"n_sum": "n"})

    found = dict(zip(*held.map(by_activity, join=summed).to_pydict().values(), strict=True))
    wanted = held.log.events["activity"].value_counts().to_dict()
    assert found == wanted
    assert max(joined) <= 3 * len(wanted) < held.map(by_activity).num_rows
