"""`offramp evaluate` as a user runs it: what it says, writes and tracks."""

import json
import sys
from io import StringIO
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from rich.console import Console

from journeys.definition_file import definition_text
from models import save_bundle
from offramp.cli import main
from offramp.show_evaluation import examination
from training.later import Examination
from training.tracked_examination import track_examination
from training.train import Trained


@pytest.fixture(scope="module")
def folder(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a model was trained on, the model, and what evaluate says of them."""
    folder = tmp_path_factory.mktemp("evaluate")
    trained.data.log.events.to_parquet(folder / "events.parquet")
    definition = trained.bundle.plan.definition
    (folder / "journey.yaml").write_text(definition_text(definition))
    save_bundle(trained.bundle, folder / "bundle")
    since = max(split.at for split in trained.data.splits.values()) - pd.Timedelta(days=20)
    words = ["--since", since.isoformat(), "--precision", ".3", "--out", str(folder / "out")]
    files = ["--events", str(folder / "events.parquet"), "--journey", str(folder / "journey.yaml")]
    with pytest.MonkeyPatch.context() as patch:
        model = ["--model", str(folder / "bundle")]
        patch.setattr(sys, "argv", ["offramp", "evaluate", *files, *model, *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code in (0, None)
    return folder


def test_out_holds_the_document_its_tables_and_its_pictures(folder: Path) -> None:
    written = json.loads((folder / "out" / "evaluation.json").read_text())
    assert written["drift"]["verdict"] in ("nothing moved", "wait", "retrain")
    assert written["evaluation"]["leakage"]["earliness"]["precision_asked"] == 0.3
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"metrics.csv", "checks.csv", "drift_features.csv", "leakage_earliness.png"} <= names
    metrics = pd.read_csv(folder / "out" / "metrics.csv")
    assert {"value", "low", "high"} <= set(metrics)


def test_a_registered_models_examination_is_tracked_with_metrics_and_files(
    folder: Path, trained: Trained, mlflow_store: str
) -> None:
    written = json.loads((folder / "out" / "evaluation.json").read_text())
    found = Examination(trained.bundle, written["evaluation"], written["drift"])
    run = mlflow.get_run(track_examination(found, "models:/x@champion", source="a test"))
    assert run.data.tags["offramp.drift"] == written["drift"]["verdict"]
    assert "leakage/auc" in run.data.metrics
    kept = {one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert {"evaluation.json", "metrics.csv", "leakage_calibration.png"} <= kept


def test_what_is_shown_names_the_verdict_the_checks_and_the_hours(
    folder: Path, trained: Trained
) -> None:
    written = json.loads((folder / "out" / "evaluation.json").read_text())
    found = Examination(trained.bundle, written["evaluation"], written["drift"])
    console = Console(record=True, width=140, file=StringIO())
    console.print(examination(found))
    said = console.export_text()
    assert written["drift"]["verdict"] in said
    for words in ("30 % precision", "future removed", "what the last event alone tells"):
        assert words in said


def test_a_terminal_of_80_columns_has_room_for_the_names_of_the_stages(
    folder: Path, trained: Trained
) -> None:
    """The column of the names was once squeezed to nothing: numbers of nobody knew what."""
    written = json.loads((folder / "out" / "evaluation.json").read_text())
    console = Console(record=True, width=80, file=StringIO())
    console.print(examination(Examination(trained.bundle, written["evaluation"], None)))
    said = console.export_text()
    assert all(words in said for words in ("where in the journey", "second quarter", "2 events"))


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--precision", "1.5"], "ask for one between 0 and 1"), (["--since", "soon"], "is no time")],
)
def test_what_cannot_be_asked_is_refused_in_one_message(
    folder: Path,
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = ["--events", str(folder / "events.parquet"), "--journey", str(folder / "journey.yaml")]
    monkeypatch.setattr(
        sys, "argv", ["offramp", "evaluate", *files, "--model", str(folder / "bundle"), *words]
    )
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert said in capsys.readouterr().err
