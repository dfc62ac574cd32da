"""Training by what memory holds: the road is chosen and said, and what a sample loses measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from journeys.errors import RequestError
from journeys.log import event_log
from journeys.shards import HeldShards
from offramp.learning import means_of
from offramp.show_sample import learnt_from
from tests.test_training_train import definition, mixed
from training.at_scale import Means, Task, train_over
from training.room import GIB, Room, free_gib, room_for
from training.sample_loss import SHARES, SampleLoss, extrapolated
from training.train import Trained, train

CUSTOMERS = 600


@pytest.fixture(scope="module")
def shards() -> HeldShards:
    said = definition()
    return HeldShards(said, event_log(mixed(CUSTOMERS), said), size=400)


@pytest.fixture(scope="module")
def sampled(shards: HeldShards) -> Trained:
    return train_over(shards, Task(["leakage"]), Means(customers=500))


def test_all_customers_are_learnt_from_where_they_fit(shards: HeldShards) -> None:
    task = Task(["leakage"])
    found = train_over(shards, task).bundle
    expected = train(shards.log, shards.definition, outcomes=["leakage"]).bundle
    assert found.manifest.pop("learnt_from") == {
        "road": "memory",
        "customers": CUSTOMERS,
        "of": CUSTOMERS,
    }
    assert found.manifest == expected.manifest


def test_a_sample_says_what_it_loses(sampled: Trained) -> None:
    manifest = sampled.bundle.manifest
    said, loss = manifest["learnt_from"], manifest["sample_loss"]["leakage"]  # type: ignore[index]
    assert said["road"] == "sample"  # type: ignore[index]
    assert said["of"] == CUSTOMERS  # type: ignore[index]
    assert 400 < said["customers"] < CUSTOMERS  # type: ignore[index]
    sizes = [point["customers"] for point in loss["points"]]
    assert sizes == [said["customers"] // share for share in SHARES]  # type: ignore[index]
    assert [point["fits"] for point in loss["points"]] == list(SHARES)
    assert loss["low"] < loss["loss"] < loss["high"]


def test_the_last_point_of_the_curve_is_the_model_itself(sampled: Trained) -> None:
    manifest = sampled.bundle.manifest
    point = manifest["sample_loss"]["leakage"]["points"][-1]  # type: ignore[index]
    metrics = manifest["evaluation"]["leakage"]["metrics"]  # type: ignore[index]
    assert point["auc"] == pytest.approx(metrics["auc"]["value"])


def test_the_user_is_told_what_a_sample_loses(sampled: Trained) -> None:
    manifest = sampled.bundle.manifest
    console = Console(width=200)
    with console.capture() as said:
        console.print(learnt_from(manifest))
    told = said.get()
    of = manifest["learnt_from"]["customers"]  # type: ignore[index]
    assert f"Learnt from {of} of 600 customers" in told
    assert "would bring" in told
    assert "--customers all" in told


def test_what_memory_does_not_hold_is_learnt_from_disk(
    shards: HeldShards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of a few customers is no substitute: it is said, and all are learnt from."""
    few = room_for(shards, memory=1.0)
    memory = few.gib_of(350)
    monkeypatch.setattr(Room, "holds_from_disk", lambda _self, _customers: True)
    means = Means(memory=memory, folder=tmp_path)
    trained = train_over(shards, Task(["leakage"]), means)
    said = trained.bundle.manifest["learnt_from"]
    looked_at = len(trained.data.log.offsets) - 1
    assert said == {
        "road": "disk",
        "customers": CUSTOMERS,
        "of": CUSTOMERS,
        "looked_at": looked_at,
    }
    assert looked_at < CUSTOMERS
    assert "sample_loss" in trained.bundle.manifest
    assert list(tmp_path.iterdir()) == []
    evaluation = trained.bundle.manifest["evaluation"]["leakage"]  # type: ignore[index]
    assert evaluation["train_samples"] > trained.data.splits["leakage"].train.sum()


@pytest.mark.parametrize(
    ("means", "told"),
    [
        (Means(customers=350, memory=1e-4), "350 customers at once takes about .*`--customers"),
        (Means(customers="all", memory=1e-6), "samples on disk, and 0.0 GiB may be used"),
        (Means(customers="all", memory=1e-3, folder=Path("/nowhere")), "no folder '/nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    shards: HeldShards, means: Means, told: str
) -> None:
    with pytest.raises(RequestError, match=told):
        train_over(shards, Task(["leakage"]), means)


def curve(exponent: float, *, noise: float = 0.0, seed: int = 0) -> list[np.ndarray]:
    """Draws of models whose AUC is .8 - .2 n**-exponent, n from 1,000 (a quarter) to 4,000."""
    rng = np.random.default_rng(seed)
    draws = []
    for fits in SHARES:
        auc = 0.8 - 0.2 * (4_000 / fits) ** -exponent
        shared = noise * rng.normal(size=(1, 201))
        draws.append(auc + shared + noise * np.sqrt(fits) * rng.normal(size=(fits, 1)))
    return draws


@given(times=st.floats(1.01, 1_000), noise=st.sampled_from([0.0, 1e-4, 1e-3]))
def test_a_curve_of_the_usual_bend_is_drawn_on_as_it_goes(times: float, noise: float) -> None:
    loss, low, high = extrapolated(curve(0.5, noise=noise), times, seed=0)
    truth = 0.2 * (4_000**-0.5 - (4_000 * times) ** -0.5)
    assert low - 1e-9 <= truth <= high + 1e-9 or noise
    if not noise:
        assert loss == pytest.approx(truth)
        assert low <= loss <= high


@pytest.mark.parametrize("exponent", [0.25, 0.4, 0.5, 0.7, 1.0])
def test_the_interval_holds_what_other_bends_lose(exponent: float) -> None:
    """With chance in whom was learnt from and asked about: in 36 or more of 40 worlds."""
    held = 0
    for seed in range(40):
        _, low, high = extrapolated(curve(exponent, noise=1e-3, seed=seed), 5.0, seed=seed)
        truth = 0.2 * (4_000**-exponent - 20_000**-exponent)
        held += low <= truth <= high
    assert held >= 36


def test_a_loss_is_small_only_if_its_whole_interval_is() -> None:
    sure = SampleLoss(10, 20, (), 0.001, -0.001, 0.0019)
    assert sure.is_small
    assert not replace(sure, high=0.0021).is_small
    assert not replace(sure, loss=None, low=None, high=None).is_small


@pytest.mark.parametrize("asked", ["few", "0", "-3", "1.5"])
def test_a_number_of_customers_that_is_none_is_said(asked: str) -> None:
    with pytest.raises(RequestError, match=f"--customers '{asked}' is no number"):
        means_of(asked, 0.0, "", "")


def test_the_options_say_what_a_training_may_take() -> None:
    assert means_of("", 0.0, "", "") == Means()
    assert means_of("all", 8.0, "/data", "tcp://here:1") == Means(
        "all", 8.0, Path("/data"), "tcp://here:1"
    )
    assert means_of("500", 0.0, "", "") == Means(500)


def test_twice_the_memory_holds_twice_the_customers() -> None:
    room = Room(memory=4.0, samples_a_customer=20.0, features=100)
    assert room.customers == pytest.approx(replace(room, memory=8.0).customers / 2, abs=1)
    assert room.gib_of(room.customers) <= 4.0
    assert 0 < free_gib() * GIB < 2**50
