"""Champion, challenger and the one before: aliases and tags in a real registry."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from journeys.errors import BundleError
from training.store import reached_store
from training.versions import Moved, challenge, champion_of, crown, rollback

NOW = pd.Timestamp("2026-05-01", tz="UTC")


@pytest.fixture(autouse=True)
def _store_again(mlflow_store: str) -> Iterator[None]:
    """Leave MLflow pointed at the store of the session."""
    yield
    mlflow.set_tracking_uri(mlflow_store)


@pytest.fixture
def name(mlflow_store: str, request: pytest.FixtureRequest) -> str:
    """A registered model of this test with four versions, none of them in use."""
    name = f"offramp-{request.node.name.replace('[', '-').replace(']', '')}"
    with reached_store():
        client = MlflowClient()
        client.create_registered_model(name)
        for _ in range(4):
            client.create_model_version(name, source="file:///nowhere")
    return name


def aliases(name: str) -> dict[str, str]:
    found = MlflowClient().get_registered_model(name).aliases
    return {alias: str(version) for alias, version in found.items()}


def back(name: str, to: str = "") -> Moved:
    return rollback(name.removeprefix("offramp-"), to=to, now=NOW)


def test_whoever_is_crowned_replaces_somebody_who_is_remembered(name: str) -> None:
    crown(name, "1")
    assert aliases(name) == {"champion": "1"}
    challenge(name, "2")
    crown(name, "3")
    assert aliases(name) == {"champion": "3", "previous": "1"}, "the challenger had lost to 1"


def test_a_rollback_goes_back_one_champion_at_a_time(name: str) -> None:
    for version in ("1", "2", "4"):
        crown(name, version)
    assert (back(name).before, aliases(name)) == ("4", {"champion": "2", "previous": "1"})
    assert (back(name).after, aliases(name)) == ("1", {"champion": "1"})
    with pytest.raises(BundleError, match=r"Version 1 of .* replaced nobody\. Name the version"):
        back(name)
    assert aliases(name) == {"champion": "1"}
    assert MlflowClient().get_model_version(name, "4").tags["offramp.rolled_back_at"] == (
        NOW.isoformat()
    )


def test_to_be_champion_already_is_no_fault(name: str) -> None:
    crown(name, "1")
    crown(name, "2")
    before = aliases(name)
    again = [back(name, to="1"), back(name, to="1")]
    assert [one.after for one in again] == ["1", "1"]
    assert "nothing was changed" in again[1].sentence
    assert "champion now, in the place of version 2" in again[0].sentence
    assert before == {"champion": "2", "previous": "1"}
    assert aliases(name) == {"champion": "1"}


def test_a_version_can_be_named_back_and_forth(name: str) -> None:
    for version in ("1", "2", "3"):
        crown(name, version)
    for version in ("1", "3", "2", "3"):
        back(name, to=version)
    assert aliases(name) == {"champion": "3", "previous": "1"}, "2 took the place of 3, not before"
    assert back(name).after == "1"


def test_a_challenger_can_be_made_champion_by_hand(name: str) -> None:
    challenge(name, "2")
    assert "is champion now, in the place of nobody" in back(name, to="2").sentence
    assert aliases(name) == {"champion": "2"}


def test_without_a_champion_there_is_nothing_to_roll_back(name: str) -> None:
    with pytest.raises(BundleError, match=r"no champion to go back to: .* has none"):
        back(name)
    with pytest.raises(BundleError, match=r"has no version '9'; it has '1', '2', '3', '4'"):
        back(name, to="9")


def test_a_predecessor_that_was_deleted_is_told(name: str) -> None:
    crown(name, "1")
    crown(name, "2")
    MlflowClient().delete_model_version(name, "1")
    with pytest.raises(BundleError, match="has no version '1'"):
        back(name)


def test_an_unknown_journey_is_told_with_the_closest(name: str) -> None:
    with pytest.raises(BundleError, match=r"has not the model .*closest"):
        back(f"{name}x")


def test_a_journey_without_a_model_has_no_champion(mlflow_store: str) -> None:
    assert champion_of("nobody_has_trained_this") is None


def test_a_dead_store_is_one_message_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hush@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(BundleError, match=r"'http://\*\*\*@127.0.0.1:9' does not do") as told:
        rollback("any", now=NOW)
    assert "hush" not in str(told.value)


def test_a_local_store_that_is_not_there_is_not_made_to_roll_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match=r"no MLflow store at 'mlflow\.db'"):
        rollback("any", now=NOW)
    assert list(tmp_path.iterdir()) == []
