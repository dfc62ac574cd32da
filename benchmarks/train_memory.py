"""Training on more than memory: what each road takes, and what it loses.

The same simulated log of growing size is learnt from in memory, from disk (LightGBM's Sequence), by
a sample of half of its customers and of an eighth, and by two Dask workers of this machine; each in
a process of its own, whose resident memory (children included) is looked at ten times a second.
All models are then asked about another world, whose customers none of them has met: the AUC less
that of the model learnt in memory, with the 95 % interval of a paired bootstrap of its customers.

Memory is told as the growth of the peak with the samples, between the smallest and the largest log:
what a process needs to stand at all drops out.  The disk road looks at a quarter of the customers
at a time, as it does where memory is short.  On a small log its growth is mostly its shards' own;
what remains on a large one, LightGBM's, is measured apart: on more random rows than the 200,000
that it looks at to choose its bins.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.record import Row, limit, record
from benchmarks.scale_step import run_step
from journeys.definition import Outcome
from journeys.simulate import simulate, write_simulation

ROADS = ("memory", "disk", "sample", "eighth", "dask")
SIZES = (2_000, 6_000)
SEED, ASKED_SEED = 401, 402
SCENARIO = "ios_upload_bug"
OUTCOME: Outcome = "leakage"
ASKED = 3_000
ROWS, FEATURES = (250_000, 500_000), 287
GIB = 2**30
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run every road at every size, ask the models, write the record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, nargs="+", default=SIZES, help="sizes of the log")
    asked.add_argument("--roads", nargs="+", default=ROADS, choices=ROADS)
    asked.add_argument(
        "--seed", type=int, default=SEED, help="of the log; the other world's is 402"
    )
    asked.add_argument("--asked", type=int, default=ASKED, help="customers of the other world")
    asked.add_argument("--rows", type=int, nargs=2, default=ROWS, help="rows of the fits alone")
    asked.add_argument("--most-seconds", type=float, default=3_600.0, help="of one training")
    given = asked.parse_args()
    with TemporaryDirectory(prefix="offramp-train-memory-") as folder:
        rows = [*rows_of(given, Path(folder))]
        rows += growth(rows)
        rows += [*bins_of(given.rows, Path(folder))]
    path = record("train-memory", rows, goals(rows), libraries=["lightgbm", "pandas", "dask"])
    print(path.with_suffix(".md").read_text())


def rows_of(given: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield a row for every size and road, the smallest log first."""
    write_simulation(simulate(SCENARIO, customers=given.asked, seed=ASKED_SEED), folder / "other")
    for customers in given.customers:
        world = folder / f"world-{customers}"
        write_simulation(simulate(SCENARIO, customers=customers, seed=given.seed), world)
        rows = [_trained(road, world, customers, given.most_seconds) for road in given.roads]
        gains = compared(folder, customers, given.roads)
        yield from (row | gains.get(str(row["road"]), {}) for row in rows)


def _trained(road: str, world: Path, customers: int, most_seconds: float) -> dict[str, object]:
    work = world.parent / f"{road}-{customers}"
    work.mkdir()
    made = run_step(
        ["benchmarks.train_memory_road", road, str(world), OUTCOME, str(work)],
        environment={"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        folder=work,
        most_gib=64.0,
        most_seconds=most_seconds,
    )
    row: dict[str, object] = {"road": road, "customers": customers}
    if made.fault:
        return row | {"fault": made.fault}
    said = json.loads(made.printed.strip().splitlines()[-1])
    return row | {
        "learnt_from": said["learnt_from"],
        "samples": said["samples"],
        "features": said["features"],
        "peak_gib": made.peak_gib,
        "before_gib": said["before_gib"],
        "seconds": said["seconds"],
        "core_seconds": made.core_seconds,
        "said_loss": said["loss"],
    }


def compared(folder: Path, customers: int, roads: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return by road the AUC in another world, and the gain over learning in memory."""
    from benchmarks.train_memory_road import asked_about
    from training.metrics import TestPart, auc_draws, interval

    draws = {}
    for road in roads:
        bundle = folder / f"{road}-{customers}" / "bundle"
        if bundle.is_dir():
            y, p, whose = asked_about(bundle, OUTCOME, folder / "other")
            draws[road] = auc_draws(TestPart(y, p, whose, np.zeros(len(y))), seed=0, repeats=400)
    found: dict[str, dict[str, object]] = {}
    for road, drawn in draws.items():
        found[road] = {"auc": float(drawn[0])}
        if road != "memory" and "memory" in draws:
            gain = interval(drawn - draws["memory"])
            found[road] |= {"gain": gain["value"], "low": gain["low"], "high": gain["high"]}
    return found


def growth(rows: Sequence[Row]) -> list[Row]:
    """Return by road what a sample adds to the peak, between the smallest and the largest log."""
    found: list[Row] = []
    for road in dict.fromkeys(str(row["road"]) for row in rows):
        mine = [row for row in rows if row["road"] == road and "peak_gib" in row]
        if len(mine) < 2 or road in (
            "sample",
            "eighth",
        ):  # whose log grows more than what is learnt from
            continue
        first, last = mine[0], mine[-1]
        samples = float(str(last["samples"])) - float(str(first["samples"]))
        grown = (float(str(last["peak_gib"])) - float(str(first["peak_gib"]))) * GIB
        log = (float(str(last["before_gib"])) - float(str(first["before_gib"]))) * GIB
        own = max((grown - log) / samples, 1e-9)
        found.append(
            {
                "road": f"{road}, growth",
                "bytes_a_sample": own,
                "bytes_a_value": own / float(str(last["features"])),
                "samples_a_gib": GIB / own,
            }
        )
    return found


def bins_of(rows: Sequence[int], folder: Path) -> Iterator[Row]:
    """Yield what a row adds to what LightGBM holds, its rows in memory and in a file."""
    for road in ("memory", "disk"):
        peaks = []
        for many in rows:
            work = folder / f"rows-{road}-{many}"
            work.mkdir()
            made = run_step(
                ["benchmarks.train_memory_rows", road, str(many), str(FEATURES), str(work)],
                environment={"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
                folder=work,
                most_gib=64.0,
                most_seconds=3_600.0,
            )
            (work / "rows.f32").unlink(missing_ok=True)
            if made.fault:
                yield {"road": f"{road}, LightGBM alone", "fault": made.fault}
                return
            peaks.append(float(json.loads(made.printed.splitlines()[-1])["peak_mib"]))
        grown = (peaks[1] - peaks[0]) * 2**20 / (rows[1] - rows[0])
        yield {
            "road": f"{road}, LightGBM alone",
            "samples": rows[1],
            "features": FEATURES,
            "bytes_a_sample": grown,
            "bytes_a_value": grown / FEATURES,
            "samples_a_gib": GIB / grown,
        }


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    same = [abs(float(str(row["gain"]))) for row in rows if row["road"] == "disk" and "gain" in row]
    away = [abs(float(str(row["gain"]))) for row in rows if row["road"] == "dask" and "gain" in row]
    grown = {
        str(row["road"]): float(str(row["bytes_a_value"])) for row in rows if "bytes_a_value" in row
    }
    found: list[Row] = []
    found += [limit("AUC from disk off that from memory", 0.005, max(same))] if same else []
    found += [limit("AUC from Dask off that from memory", 0.005, max(away))] if away else []
    alone = [grown.get(f"{road}, LightGBM alone") for road in ("disk", "memory")]
    if alone[0] and alone[1]:
        share = alone[0] / alone[1]
        found.append(limit("LightGBM's memory from disk, as a share of that in memory", 0.5, share))
    return found


if __name__ == "__main__":
    main()
