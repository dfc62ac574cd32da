"""A copy of the report goes to the run that trained the model; a store in trouble is no fault."""

from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from training.reports import keep_report, run_of


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    return tmp_path


def test_a_copy_lies_with_the_run_that_trained_the_model(store: Path) -> None:
    page = store / "report.html"
    page.write_text("<p>whole</p>")
    with mlflow.start_run() as run:
        pass
    client = MlflowClient()
    client.create_registered_model("offramp-loan")
    version = client.create_model_version("offramp-loan", source="there", run_id=run.info.run_id)
    client.set_registered_model_alias("offramp-loan", "champion", version.version)
    for model in (
        "models:/offramp-loan@champion",
        "models:/offramp-loan/1",
        f"runs:/{run.info.run_id}/m",
    ):
        assert run_of(model) == run.info.run_id
        assert keep_report(model, [page]) == f"Kept in MLflow: run {run.info.run_id}, under report/"
    kept = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="report")
    assert [one.path for one in kept] == ["report/report.html"]


def test_a_bundle_folder_and_an_unknown_model_are_told_and_are_no_fault(store: Path) -> None:
    page = store / "report.html"
    page.write_text("")
    assert keep_report("some/folder", [page]).startswith(
        "Not kept in MLflow: the model came from a"
    )
    assert keep_report("models:/nobody@champion", [page]).startswith("Not kept in MLflow: ")
