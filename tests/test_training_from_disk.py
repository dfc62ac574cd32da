"""Training from disk: what is learnt is what the same log teaches in memory, in shards or whole."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from journeys.definition import Definition
from journeys.known_lengths import with_usual_length
from journeys.log import EventLog, event_log
from journeys.read_shards import read_shards
from journeys.shards import HeldShards
from journeys.split import split_watched
from models.bundle import save_bundle
from tests.test_training_train import definition, mixed
from training.from_disk import Desk, train_from_disk
from training.on_disk import Samples, features_in, samples_in
from training.train import Trained, train

ENOUGH = 10**9
CUSTOMERS = 200


@dataclass(frozen=True)
class World:
    """A log of errands and what it teaches in memory."""

    log: EventLog
    definition: Definition
    whole: Trained

    def shards(self, size: int) -> HeldShards:
        return HeldShards(self.definition, self.log, size=size)


@pytest.fixture(scope="module")
def world() -> World:
    said = definition()
    log = event_log(mixed(CUSTOMERS), said)
    return World(log, said, train(log, said))


def quiet(_label: str, _share: float) -> None:
    return None


def files_of(trained: Trained, folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in save_bundle(trained.bundle, folder).iterdir()}


def places(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]


@pytest.mark.parametrize("size", [90, 10**6])
def test_the_samples_of_shards_are_those_of_the_whole_log(
    world: World, tmp_path: Path, size: int
) -> None:
    shards, data = with_usual_length(world.shards(size)), world.whole.data
    samples = samples_in(shards, tmp_path / "samples")
    file = features_in(shards, samples, data.plan, tmp_path)
    assert np.array_equal(file[np.arange(len(samples))], data.X, equal_nan=True)
    assert np.array_equal(places(samples.customers), places(data.customers))
    for outcome, split in data.splits.items():
        span = world.log.ends - world.log.begins
        found = split_watched(samples.watched(outcome), span=span)
        assert (found.at, found.gap) == (split.at, split.gap)
        assert np.array_equal(found.test, split.test)
        part, held = samples.part(outcome, found, file), data.part(outcome, split.train)
        assert np.array_equal(places(part.customers), places(held.customers))
        for name in ("y", "weight", "started", "closed_at"):
            assert np.array_equal(getattr(part, name), getattr(held, name)), name


@dataclass(frozen=True)
class Shuffled(HeldShards):
    """Shards that come in another order, as those of files or a cluster do."""

    def write(self, task, folder, *, progress=None):  # type: ignore[no-untyped-def]  # as above
        rows = super().write(task, folder, progress=progress)
        parts = sorted(folder.glob("*.parquet"))
        for place in np.random.default_rng(0).permutation(len(parts)):
            parts[place].rename(folder / f"of-{len(parts) - place}.parquet")
        return rows

    def map(self, task, *, join=None, progress=None):  # type: ignore[no-untyped-def]  # as above
        made = super().map(task, join=join, progress=progress)
        return made.take(pa.array(np.arange(len(made))[::-1]))


def test_the_order_of_shards_makes_no_difference(world: World, tmp_path: Path) -> None:
    found: list[Samples] = []
    for kind in (HeldShards, Shuffled):
        shards = with_usual_length(kind(world.definition, world.log, size=90))
        samples = samples_in(shards, tmp_path / kind.__name__ / "samples")
        file = features_in(shards, samples, world.whole.data.plan, tmp_path / kind.__name__)
        X = file[np.arange(len(samples))]
        assert np.array_equal(X, world.whole.data.X, equal_nan=True)
        found.append(samples)
    one, other = found
    assert np.array_equal(one.keys, other.keys)
    assert np.array_equal(one.journey, other.journey)
    assert np.array_equal(one.y["leakage"], other.y["leakage"], equal_nan=True)


@pytest.mark.parametrize("key", [int, str])
def test_keys_that_are_numbers_stand_as_a_whole_log_has_them(tmp_path: Path, key: type) -> None:
    frame, said = mixed(60), definition()
    frame["customer_id"] = frame["customer_id"].str[1:].astype(int).add(70).map(key)
    log = event_log(frame, said)
    samples = samples_in(with_usual_length(HeldShards(said, log, size=50)), tmp_path)
    assert list(samples.keys) == list(log.events["customer_id"].cat.categories)


def test_a_model_from_disk_is_the_model_from_memory(world: World, tmp_path: Path) -> None:
    """To the byte of every file of the bundle: of shards in memory, and of buckets on disk."""
    expected = files_of(world.whole, tmp_path / "memory")
    mixed(CUSTOMERS).to_parquet(tmp_path / "events.parquet")
    files = read_shards(
        tmp_path / "events.parquet", world.definition, folder=tmp_path / "b", fits=0, size=200
    )
    assert not isinstance(files, HeldShards)
    for name, shards in {"held": world.shards(90), "files": files}.items():
        desk = Desk(tmp_path / f"desk-{name}", customers=ENOUGH, rows=ENOUGH)
        trained = train_from_disk(shards, desk, tell=quiet)
        assert files_of(trained, tmp_path / name) == expected, name


def test_looking_at_some_customers_leaves_the_members_as_they_are(
    world: World, tmp_path: Path
) -> None:
    """All customers teach; what is evaluated on is a sample, and its checks come out clean."""
    desk = Desk(tmp_path, customers=CUSTOMERS // 2, rows=ENOUGH)
    trained = train_from_disk(world.shards(90), desk, tell=quiet)
    for outcome, model in trained.bundle.outcomes.items():
        whole = world.whole.bundle.outcomes[outcome]
        assert np.array_equal(model.margin(trained.data.X), whole.margin(trained.data.X))
        said = trained.bundle.manifest["evaluation"][outcome]  # type: ignore[index]
        before = world.whole.bundle.manifest["evaluation"][outcome]  # type: ignore[index]
        assert said["samples"] < before["samples"]
        assert said["train_samples"] == before["train_samples"]
        checks = {one["check"]: one["passed"] for one in said["checks"]}
        assert checks["future removed"]
        assert checks["no customer in both parts"]
    assert trained.bundle.manifest["customers"] == CUSTOMERS
