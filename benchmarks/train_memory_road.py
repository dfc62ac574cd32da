"""One road of training in a process of its own, for `benchmarks.train_memory`."""

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.table import table
from journeys.definition import Outcome
from journeys.definition_file import load_definition
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.read import read_events
from journeys.samples import samples_of
from journeys.shards import HeldShards
from models.bundle import load_bundle, save_bundle
from models.on_dask import DaskCluster
from training.at_scale import Means, Task, train_over
from training.from_disk import Desk, train_from_disk
from training.train import Trained

Floats = NDArray[np.float64]

_SHARD = 50_000
_SHARES = {"sample": 2, "eighth": 8}


def main() -> None:
    """Learn by one road; write the bundle, and say on the last line what it took."""
    road, world, outcome, folder = sys.argv[1:]
    shards = read(Path(world))
    before, begun = resident_gib(), time.perf_counter()
    trained = learnt(road, shards, outcome, Path(folder))  # type: ignore[arg-type]  # an outcome
    seconds = time.perf_counter() - begun
    save_bundle(trained.bundle, Path(folder) / "bundle")
    said = trained.bundle.manifest
    loss = said.get("sample_loss", {}).get(outcome)  # type: ignore[attr-defined]  # plain data
    answer = {
        "learnt_from": _customers(trained) if road in _SHARES else shards.whole.customers,
        "samples": len(trained.data.samples) if road in _SHARES else samples_in(shards),
        "features": len(trained.data.plan.features),
        "before_gib": before,
        "seconds": seconds,
        "loss": None if loss is None else _told(loss),
    }
    print(json.dumps(answer))


def samples_in(shards: HeldShards) -> int:
    """Return how many samples a log has."""
    journeys = find_journeys(shards.log, shards.definition)
    return len(samples_of(shards.log, journeys, shards.definition))


def read(world: Path) -> HeldShards:
    """Return a simulated log in shards of fifty thousand events."""
    definition = load_definition(world / "journey.yaml")
    return HeldShards(definition, read_events(world / "events.parquet", definition), size=_SHARD)


def learnt(road: str, shards: HeldShards, outcome: Outcome, folder: Path) -> Trained:
    """Return what a road makes of the log: of one outcome, by the default recipe."""
    every = shards.whole.customers
    if road == "memory":
        return train_over(shards, Task([outcome]), Means(memory=1e6))
    if road in _SHARES:
        some = Means(customers=every // _SHARES[road], memory=1e6)
        return train_over(shards, Task([outcome]), some)
    desk = Desk(folder / "desk", customers=every // 4, rows=15_000)
    desk.folder.mkdir()
    if road == "disk":
        return train_from_disk(shards, desk, outcomes=[outcome], tell=_quiet)
    with workers() as address:
        grown = Desk(desk.folder, desk.customers, desk.rows, DaskCluster(address).grow)
        return train_from_disk(shards, grown, outcomes=[outcome], tell=_quiet)


@contextmanager
def workers() -> Iterator[str]:
    """Start a scheduler and two worker processes of this machine; yield the address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def asked_about(
    bundle: Path, outcome: Outcome, world: Path
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return label, prediction and customer of every closed sample of another world."""
    loaded, shards = load_bundle(bundle), read(world)
    log, definition = shards.log, shards.definition
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, samples, definition)[outcome]
    X = table(log, journeys, samples, loaded.plan.current(log, journeys))
    closed = labels["closed_at"].notna().to_numpy()
    p = loaded.outcomes[outcome].predict(X[closed]).p
    whose = journeys["customer"].to_numpy(np.int64)[samples["journey"].to_numpy()[closed]]
    return labels["y"].to_numpy()[closed], p, whose


def resident_gib() -> float:
    """Return the most that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _told(loss: Mapping[str, float | str | None]) -> str:
    if loss["loss"] is None:
        return str(loss["why"])
    return f"{loss['loss']:+.4f} ({loss['low']:+.4f} to {loss['high']:+.4f})"


def _customers(trained: Trained) -> int:
    return len(trained.data.log.offsets) - 1


def _quiet(_label: str, _share: float) -> None:
    return None


if __name__ == "__main__":
    main()
