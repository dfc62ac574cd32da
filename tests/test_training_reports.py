"""A copy of the report goes to the run that trained the model; a store in trouble is no fault."""

from pathlib import Path

from mlflow.tracking import MlflowClient

from training.reports import keep_report, run_of


def test_a_copy_lies_with_the_run_that_trained_the_model(mlflow_store: str, tmp_path: Path) -> None:
    """The run is made by the client: what other tests have set for the process is not asked."""
    page = tmp_path / "report.html"
    page.write_text("<p>whole</p>")
    client = MlflowClient(mlflow_store)
    run = client.create_run(client.create_experiment("of reported loans")).info.run_id
    client.create_registered_model("offramp-reported_loan")
    version = client.create_model_version("offramp-reported_loan", source="there", run_id=run)
    client.set_registered_model_alias("offramp-reported_loan", "champion", version.version)
    for model in (
        "models:/offramp-reported_loan@champion",
        "models:/offramp-reported_loan/1",
        f"runs:/{run}/m",
    ):
        assert run_of(model) == run
        assert keep_report(model, [page]) == f"Kept in MLflow: run {run}, under report/"
    kept = client.list_artifacts(run, "report")
    assert [one.path for one in kept] == ["report/report.html"]


def test_a_bundle_folder_and_an_unknown_model_are_told_and_are_no_fault(
    mlflow_store: str, tmp_path: Path
) -> None:
    assert mlflow_store
    page = tmp_path / "report.html"
    page.write_text("")
    assert keep_report("some/folder", [page]).startswith(
        "Not kept in MLflow: the model came from a"
    )
    assert keep_report("models:/nobody@champion", [page]).startswith("Not kept in MLflow: ")
