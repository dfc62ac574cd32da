"""How fast are features on Spark in local mode, beside one machine without it; are they equal.

Random events, each of them a sample, in Parquet by month; all features, others' included.  Both
read the same files and run the same task: journeys, samples and features of a shard.  What comes
back is a number of each shard's features that any differing bit would change; the sums must agree.
Wall seconds, for Spark runs in processes of its own.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.feature_log import DEFINITION, random_events
from benchmarks.record import record
from features import Plan, learn_vocabulary_over, plan_of, table
from features.spark import SparkShards, spark_events, spark_session
from journeys import find_journeys, samples_of
from journeys.log import EventLog, microseconds
from journeys.read import read_events
from journeys.shards import HeldShards, Shards

Row = dict[str, object]


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, default=1e6)
    asked.add_argument("--master", default="local[2]")
    chosen = asked.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place) / "log"
        write_log(int(chosen.events), folder)
        began = perf_counter()
        log = read_events(folder, DEFINITION)
        read = perf_counter() - began
        plan = learnt(HeldShards(DEFINITION, log))
        here = measured("this machine", HeldShards(DEFINITION, log), plan, read)
        with on_spark(folder, chosen.master) as shards:
            began = perf_counter()
            _ = shards.whole
            read = perf_counter() - began
            there = measured(f"Spark, {chosen.master}", shards, plan, read)
    rows = [here, there]
    for row in rows:
        for step in ("read_seconds", "features_seconds", "again_seconds"):
            row[f"{step.removesuffix('_seconds')}_ratio"] = ratio(row[step], here[step])
    equal = here["sum_of_bits"] == there["sum_of_bits"]
    goals = [{"what": "features equal to the last bit", "goal": True, "value": equal, "met": equal}]
    path = record("spark", rows, goals, libraries=["pyspark", "numba", "pandas", "pyarrow"])
    print(path.with_suffix(".md").read_text())


def write_log(events: int, folder: Path) -> None:
    """Write random events as Parquet by month."""
    frame = random_events(events)
    frame = frame.astype({str(name): "str" for name in frame if name not in ("time", "amount")})
    for month, part in frame.groupby(frame["time"].dt.strftime("%Y-%m")):
        place = folder / f"month={month}"
        place.mkdir(parents=True)
        times = pa.array(microseconds(part["time"]), pa.timestamp("us", "UTC"))
        columns = {str(name): pa.array(part[name]) for name in part if name != "time"}
        pq.write_table(pa.table({"time": times, **columns}), place / "part.parquet")


@contextmanager
def on_spark(folder: Path, master: str) -> Iterator[Shards]:
    """Yield the log on a Spark that has started."""
    with spark_session(master) as session:
        yield SparkShards(DEFINITION, spark_events(session, str(folder)))


def learnt(shards: Shards) -> Plan:
    """Return the plan of the full list; the kernel is compiled, or read from its cache."""
    plan = plan_of(DEFINITION, learn_vocabulary_over(shards)).renewed_over(shards)
    shards.map(partial(sum_of_bits, plan))
    return plan


def measured(engine: str, shards: Shards, plan: Plan, read: float) -> Row:
    """Return what it took to read the log and to make its features, the first time and again."""
    took, found = [], pa.table({})
    for _ in range(2):
        began = perf_counter()
        found = shards.map(partial(sum_of_bits, plan))
        took.append(perf_counter() - began)
    samples, bits = (found[name].to_numpy() for name in ("samples", "sum_of_bits"))
    row = {"engine": engine, "events": shards.whole.events, "samples": int(samples.sum())}
    row |= {"features": len(plan.features), "sum_of_bits": str(bits.sum(dtype=np.uint64))}
    steps = {"read_seconds": read, "features_seconds": took[0], "again_seconds": took[1]}
    return row | {name: round(seconds, 2) for name, seconds in steps.items()}


def sum_of_bits(plan: Plan, shard: EventLog) -> pa.Table:
    """Return how many samples a shard has, and the sum of its features' bits as whole numbers."""
    journeys = find_journeys(shard, DEFINITION)
    samples = samples_of(shard, journeys, DEFINITION)
    bits = table(shard, journeys, samples, plan).view(np.uint32).sum(dtype=np.uint64)
    return pa.table({"samples": [len(samples)], "sum_of_bits": pa.array([bits], pa.uint64())})


def ratio(value: object, to: object) -> float:
    """Return how many times as long as ``to`` it took."""
    return round(float(str(value)) / float(str(to)), 2)


if __name__ == "__main__":
    main()
