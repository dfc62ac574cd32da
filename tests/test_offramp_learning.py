"""Promotion from the command line: rollback as a user runs it, and what promote may be."""

import json
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.offramp_run import Command
from tests.test_offramp_cli import JOURNEY, loans, on, run
from tests.test_training_train import SHORT, mixed
from training.store import reached_store
from training.versions import crown

__all__ = ["run"]


@pytest.fixture
def journey(mlflow_store: str, tmp_path: Path) -> Path:
    """A definition whose model has two versions, each of which has been champion."""
    path = tmp_path / "journey.yaml"
    path.write_text(JOURNEY.replace("name: loan", "name: loan_rolled_back"))
    with reached_store():
        if not MlflowClient().search_registered_models("name = 'offramp-loan_rolled_back'"):
            MlflowClient().create_registered_model("offramp-loan_rolled_back")
            for version in ("1", "2"):
                MlflowClient().create_model_version(
                    "offramp-loan_rolled_back", source="file:///nowhere"
                )
                crown("offramp-loan_rolled_back", version)
    return path


def test_rollback_takes_a_definition_or_a_name_and_says_what_it_did(
    run: Command, journey: Path, tmp_path: Path
) -> None:
    done = run("rollback", "--journey", journey, "--json", tmp_path / "r.json")
    assert done.code == 0
    assert "Version 1 of offramp-loan_rolled_back is champion now" in done.words
    assert json.loads((tmp_path / "r.json").read_text())["champion"] == "1"
    again = run("rollback", "--journey", "loan_rolled_back")
    assert again.code == 1
    assert "Version 1 of 'offramp-loan_rolled_back' replaced nobody" in again.words
    named = run("rollback", "--journey", "loan_rolled_back", "--to", "2")
    assert "Version 2" in named.words
    assert "nothing was changed" in run("rollback", "--journey", journey, "--to", "2").words


def test_an_unknown_way_to_promote_is_a_usage_error(run: Command, journey: Path) -> None:
    for command in ("train", "retrain"):
        answer = run(command, *on(journey.parent), "--promote", "perhaps")
        assert answer.code == 2
        assert "gate" in answer.err


def test_a_dead_store_is_told_before_the_training(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told after it: an hour of tuning was lost."""
    loans(40).to_parquet(tmp_path / "events.parquet")
    (tmp_path / "journey.yaml").write_text(JOURNEY)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    answer = run("train", *on(tmp_path))
    assert answer.code == 1
    assert "The MLflow store 'http://127.0.0.1:9'" in answer.words
    assert len(answer.err.strip().splitlines()) == 1


def test_a_log_that_memory_does_not_hold_is_learnt_from_disk(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From shards in files to samples in files: neither the log nor what is learnt from is held."""
    monkeypatch.setenv("OFFRAMP_EVENTS_IN_MEMORY", "400")
    mixed(300).to_parquet(tmp_path / "events.parquet")
    (tmp_path / "journey.yaml").write_text(SHORT.replace("name: errand", "name: errand_on_disk"))
    work, answer = tmp_path / "work", tmp_path / "answer.json"
    work.mkdir()
    little = ("--customers", "all", "--memory", "0.001", "--work", work)
    done = run("train", *on(tmp_path), "--outcome", "leakage", *little, "--json", answer)
    assert done.code == 0, done.words
    assert "Learnt from all 300 customers, their samples read from disk" in done.words
    learnt = json.loads(answer.read_text())["manifest"]["learnt_from"]
    assert learnt["road"] == "disk"
    assert learnt["customers"] == learnt["of"] == 300
    assert 0 < learnt["looked_at"] < 300
    assert list(work.iterdir()) == []
