"""How fast are features on Spark in local mode, beside one machine without it; are they equal.

Random events, each of them a sample, in Parquet by month; all features, others' included.  Both
read the same files and run the same task: journeys, samples and features of a shard.  What comes
back is a number of each shard's features that any differing bit would change; the sums must agree.
Core seconds are of this process and all below it (Spark runs in processes of its own), so that they
say the same on a busy machine; wall seconds do not.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
Took = tuple[float, float]
"""Wall seconds, core seconds."""


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, default=1e6)
    asked.add_argument("--master", default="local[2]")
    chosen = asked.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place) / "log"
        write_log(int(chosen.events), folder)
        began = now()
        log = read_events(folder, DEFINITION)
        read = since(began)
        plan = learnt(HeldShards(DEFINITION, log))
        here = measured("this machine", HeldShards(DEFINITION, log), plan, read)
        with on_spark(folder, chosen.master) as shards:
            began = now()
            _ = shards.whole
            read = since(began)
            there = measured(f"Spark, {chosen.master}", shards, plan, read)
    rows = [here, there]
    for row in rows:
        for step in ("read", "features", "again"):
            row[f"{step}_ratio"] = ratio(row[f"{step}_core_seconds"], here[f"{step}_core_seconds"])
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


def measured(engine: str, shards: Shards, plan: Plan, read: Took) -> Row:
    """Return what it took to read the log and to make its features, the first time and again."""
    took, found = [], pa.table({})
    for _ in range(2):
        began = now()
        found = shards.map(partial(sum_of_bits, plan))
        took.append(since(began))
    samples, bits = (found[name].to_numpy() for name in ("samples", "sum_of_bits"))
    row = {"engine": engine, "events": shards.whole.events, "samples": int(samples.sum())}
    row |= {"features": len(plan.features), "sum_of_bits": str(bits.sum(dtype=np.uint64))}
    for step, (wall, core) in {"read": read, "features": took[0], "again": took[1]}.items():
        row |= {f"{step}_wall_seconds": round(wall, 2), f"{step}_core_seconds": round(core, 2)}
    return row


def now() -> Took:
    """Return the clock on the wall, and the core seconds of this process and all below it."""
    below: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            said = (place / "stat").read_text().rpartition(")")[2].split()
            ticks[int(place.name)] = sum(map(int, said[11:15]))  # those of the dead below it, too
            below.setdefault(int(said[1]), []).append(int(place.name))
    waiting, total = [os.getpid()], 0
    while waiting:
        one = waiting.pop()
        total += ticks.get(one, 0)
        waiting += below.get(one, [])
    return perf_counter(), total / os.sysconf("SC_CLK_TCK")


def since(began: Took) -> Took:
    """Return the wall and core seconds since a `now`."""
    wall, core = now()
    return wall - began[0], core - began[1]


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
