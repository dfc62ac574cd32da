"""On Spark everything is what it is on one machine, to the bit: several parts, skewed customers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import Plan, learn_vocabulary, learn_vocabulary_over, plan_of, table
from features.spark import SparkShards, spark_events, spark_session
from journeys import find_journeys, samples_of
from journeys.errors import DefinitionError, EventLogError, OfframpError
from journeys.known_lengths import with_usual_length
from journeys.log import EventLog, event_log
from journeys.shards import whole_of
from rootcause.search import find_causes
from rootcause.search_over import causes_over
from tests.spark_world import (
    BUSY,
    columns_of,
    in_order,
    log_of,
    skewed,
    written_by_day,
    written_down,
)
from tests.test_rootcause_search import BUG
from tests.test_rootcause_search import DEFINITION as PLANTED
from tests.test_rootcause_search import world as planted
from tests.test_rootcause_search_over import counted_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def session() -> Iterator["SparkSession"]:
    with spark_session("local[2]") as session:
        yield session


class World:
    """A log in the folder, as one machine knows it."""

    def __init__(self, folder: Path) -> None:
        events, self.definition = skewed(250, seed=4)
        self.folder = str(folder / "log")
        self.events = written_by_day(events, folder / "log")
        self.log = log_of(self.events, self.definition)
        self.plan = plan_of(self.definition, learn_vocabulary(self.log, self.definition))
        self.plan = self.plan.renewed(self.log, find_journeys(self.log, self.definition))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def shards(world: World, session: "SparkSession") -> SparkShards:
    events = spark_events(session, world.folder)
    return SparkShards(world.definition, events, size=1_500, partitions=3)


def test_the_whole_is_known(world: World, shards: SparkShards) -> None:
    assert shards.whole == whole_of(world.log)
    assert (world.log.events["customer_id"] == BUSY).mean() > 0.3


def test_a_customer_with_half_of_all_events_is_one_shard_however_small_the_batches(
    world: World, session: "SparkSession", tmp_path: Path
) -> None:
    """Forty thousand events, twenty thousand of them one customer's, 499 of them at a time."""
    events, definition = skewed(1_000, seed=6)
    few = events[events["customer_id"] != BUSY].head(20_000)
    busy = events.sample(20_000, replace=True, random_state=1).assign(customer_id=BUSY)
    events = written_by_day(pd.concat([few, busy]), tmp_path / "log")
    session.conf.set(BATCH, "499")
    try:
        shards = SparkShards(definition, spark_events(session, str(tmp_path / "log")), 5_000, 2)
        told = shards.map(partial(digest_of, plan=world.plan)).to_pandas()
    finally:
        session.conf.unset(BATCH)
    here = digest_of(log_of(events, definition), world.plan).to_pandas()
    sums = ["events", "samples", "bits"]
    assert told[sums].to_numpy(np.uint64).sum(axis=0).tolist() == here[sums].iloc[0].tolist()
    assert (told["busiest"] == 20_000).sum() == 1
    assert here["events"][0] == 40_000


BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"


def digest_of(shard: EventLog, plan: Plan) -> pa.Table:
    """Return how much there is of a shard, and its features' bits, added up as whole numbers."""
    journeys = find_journeys(shard, plan.definition)
    samples = samples_of(shard, journeys, plan.definition)
    bits = table(shard, journeys, samples, plan).view(np.uint32).sum(dtype=np.uint64)
    busiest = int(np.diff(shard.offsets).max())
    counts = {"events": len(shard), "samples": len(samples), "busiest": busiest, "bits": bits}
    return pa.table({name: pa.array([int(n)], pa.uint64()) for name, n in counts.items()})


@pytest.mark.parametrize(("partitions", "size"), [(1, 1_000_000), (3, 1_500), (7, 1)])
def test_journeys_samples_labels_and_features_are_those_of_one_machine_to_the_bit(
    world: World, session: "SparkSession", partitions: int, size: int
) -> None:
    events = spark_events(session, world.folder)
    shards = with_usual_length(SparkShards(world.definition, events, size, partitions))
    task = partial(written_down, definition=world.definition, plan=world.plan)
    here, there = in_order(task(world.log)), in_order(shards.map(task))
    assert there.schema == here.schema
    for name in here.column_names:
        one, other = here[name].to_numpy(), there[name].to_numpy()
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_what_is_learnt_of_everybody_is_the_same_to_the_byte(
    world: World, shards: SparkShards
) -> None:
    assert learn_vocabulary_over(shards) == world.plan.vocabulary
    over = plan_of(world.definition, world.plan.vocabulary).renewed_over(shards)
    assert over.surroundings is not None
    assert world.plan.surroundings is not None
    assert over.surroundings.to_bytes() == world.plan.surroundings.to_bytes()


def test_workers_write_what_would_have_been_sent(shards: SparkShards, tmp_path: Path) -> None:
    rows = shards.write(keys_of, tmp_path / "made")
    written = pq.read_table(tmp_path / "made")
    assert written.num_rows == rows
    assert written.sort_by("customer").equals(shards.map(keys_of).sort_by("customer"))
    assert all(path.name.startswith("part-") for path in (tmp_path / "made").iterdir())


def test_each_customer_is_in_one_shard_and_the_busy_one_is_alone_whole(
    world: World, shards: SparkShards
) -> None:
    told = shards.map(keys_of).to_pandas()
    assert told["customer"].is_unique
    assert told.set_index("customer")["n"].to_dict() == (
        world.log.events.groupby("customer_id", observed=True).size().to_dict()
    )


def keys_of(shard: EventLog) -> pa.Table:
    per = shard.events.groupby("customer_id", observed=True).size()
    return pa.table({"customer": per.index.astype("str").to_numpy(), "n": per.to_numpy()})


def test_some_customers_are_those_that_one_machine_would_choose(
    world: World, shards: SparkShards
) -> None:
    from journeys.shards import HeldShards

    held = HeldShards(world.definition, world.log).some(40, seed=3)
    some = shards.some(40, seed=3)
    pd.testing.assert_frame_equal(some.events, held.events)
    assert (some.began, some.ended) == (held.began, held.ended)


def test_causes_counted_by_workers_are_those_of_one_machine(
    session: "SparkSession", tmp_path: Path
) -> None:
    """Workers count; of the exposures only those at the finding's step are brought here."""
    events = written_by_day(planted(1, n=1500, bug=0.5).astype({"customer_id": object}), tmp_path)
    log = event_log(events, PLANTED)
    known = find_causes(log, find_journeys(log, PLANTED), PLANTED, "leakage")
    shards = SparkShards(PLANTED, spark_events(session, str(tmp_path)), 2_000, 3)
    found = causes_over(shards, "leakage", most=2_000)
    assert [one.conditions for one in known.findings] == [BUG]
    assert [counted_of(one) for one in found.findings] == [
        counted_of(one) for one in known.findings
    ]
    assert (found.searched, found.chronic) == (known.searched, known.chronic)
    assert found.smallest_by_step == known.smallest_by_step


def test_a_table_is_a_log(world: World, session: "SparkSession") -> None:
    session.read.parquet(world.folder).createOrReplaceTempView("lake")
    shards = SparkShards(world.definition, spark_events(session, "lake"), partitions=2)
    assert shards.whole == whole_of(world.log)


@pytest.mark.parametrize("unit", ["ns", "text"])
def test_times_of_other_kinds_are_read_as_one_machine_reads_them(
    unit: str, world: World, session: "SparkSession", tmp_path: Path
) -> None:
    table = columns_of(world.events.head(500))
    times = table["time"].cast(pa.timestamp("ns", "UTC") if unit == "ns" else pa.string())
    place = table.column_names.index("time")
    pq.write_table(table.set_column(place, "time", times), tmp_path / "log.parquet")
    shards = SparkShards(
        world.definition, spark_events(session, str(tmp_path / "log.parquet")), partitions=2
    )
    assert shards.whole == whole_of(log_of(world.events.head(500), world.definition))


def test_faults_are_said_in_one_sentence_without_a_trace(
    world: World, session: "SparkSession", tmp_path: Path
) -> None:
    table = columns_of(world.events.head(300))
    broken = {
        "an absent column": (table.drop_columns(["os"]), DefinitionError, "needs the column 'os'"),
        "no event": (table.slice(0, 0), EventLogError, "it has no event"),
        "no customer": (
            table.set_column(1, "customer_id", pa.nulls(300, pa.string())),
            EventLogError,
            "300 of 300 events have no customer_id",
        ),
    }
    for name, (events, kind, words) in broken.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(events, path)
        with pytest.raises(kind, match=words) as fault:
            _ = SparkShards(world.definition, spark_events(session, str(path))).whole
        assert "\n" not in str(fault.value)
    for events in (str(tmp_path / "nowhere"), "no_such_table"):
        with pytest.raises(EventLogError, match="Give a folder of Parquet files, or the name"):
            spark_events(session, events)


def test_a_task_that_fails_is_said_in_one_sentence(shards: SparkShards) -> None:
    def fail(_shard: EventLog) -> pa.Table:
        raise ValueError("the task cannot do this")

    with pytest.raises(OfframpError, match="Spark could not finish: ValueError: the task") as fault:
        shards.map(fail)
    assert "\n" not in str(fault.value)
