"""Evaluating later: the training's own test part again, and nothing on what was learnt from."""

import pandas as pd
import pytest

from journeys.errors import TooLittleDataError
from journeys.log import event_log
from models import load_bundle, save_bundle
from tests.trained_model import simulated
from training.later import evaluate_later
from training.train import Trained, train


def test_the_log_of_the_training_gives_the_manifests_numbers_again(
    trained: Trained, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through a saved bundle, in which instants and gaps are text and numbers."""
    folder = save_bundle(trained.bundle, tmp_path_factory.mktemp("later") / "bundle")
    again = evaluate_later(trained.data.log, load_bundle(folder))
    assert again == trained.bundle.manifest["evaluation"]


def test_a_gap_of_odd_length_is_kept_to_the_microsecond() -> None:
    """A rounded gap may move a journey that begins at its very end; others are not asked for."""
    events, said = simulated(400, seed=5)
    first, odd = events["time"].min(), pd.Timedelta(days=61, microseconds=33_333)
    log = event_log(events[events["time"] <= first + odd], said)
    trained = train(log, said, outcomes=["success"], seed=4)
    assert evaluate_later(log, trained.bundle) == trained.bundle.manifest["evaluation"]


def test_only_journeys_that_began_after_the_training_count(trained: Trained) -> None:
    later, said = simulated(2600, seed=3)
    strangers = later[later["customer_id"] >= "C0002000"]
    found = evaluate_later(event_log(strangers, said), trained.bundle)
    for outcome, evaluation in found.items():
        trained_on = trained.bundle.manifest["evaluation"][outcome]  # type: ignore[index]
        assert evaluation["split_at"] == trained_on["split_at"]
        assert 0 < evaluation["customers"] < 600  # type: ignore[operator]


def test_a_log_from_before_the_trainings_end_is_refused(trained: Trained) -> None:
    events = trained.data.log.events
    ended = min(split.at for split in trained.data.splits.values())
    early = events[events["time"] <= ended].astype({"customer_id": str})
    with pytest.raises(TooLittleDataError, match=r"no journey in it began after .* Give a later"):
        evaluate_later(event_log(early, trained.bundle.plan.definition), trained.bundle)


def test_a_log_that_holds_no_past_has_no_baselines(trained: Trained) -> None:
    events = trained.data.log.events
    ended = max(split.at for split in trained.data.splits.values())
    late = events[events["time"] > ended + pd.Timedelta(days=1)].astype({"customer_id": str})
    found = evaluate_later(event_log(late, trained.bundle.plan.definition), trained.bundle)
    assert found
    assert all(said["baselines"] == {} for said in found.values())
