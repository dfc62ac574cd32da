"""What a run leaves in a real MLflow store: enough to compare, doubt and load it; no customer."""

import json
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from journeys.definition_file import load_definition
from journeys.log import event_log
from tests.trained_model import customers_of, simulated
from training.logged_dataset import digest_of
from training.score import score_open
from training.store import use_store
from training.tracking import Tracked, track
from training.train import Trained, train
from training.trials import METRIC, TrialList

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "somewhere/events.parquet"


@pytest.fixture(scope="module", autouse=True)
def here(mlflow_store: str) -> Iterator[None]:
    """Track in the session's store, whatever other files have set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_store)
        yield


@pytest.fixture(scope="module")
def first(here: None, trained: Trained) -> Tracked:
    return track(trained, source=SOURCE, said={"customers_left_out": 3})


@pytest.fixture(scope="module")
def run(first: Tracked) -> Run:
    return MlflowClient().get_run(first.run_id)


@pytest.fixture(scope="module")
def documents(first: Tracked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every artefact of the run."""
    folder = tmp_path_factory.mktemp("artefacts")
    return Path(mlflow.artifacts.download_artifacts(run_id=first.run_id, dst_path=str(folder)))


@pytest.fixture(scope="module")
def model(first: Tracked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every file of the registered model."""
    folder = tmp_path_factory.mktemp("model")
    return Path(mlflow.artifacts.download_artifacts(first.uri, dst_path=str(folder)))


def small(name: str, *, customers: int = 300, seed: int = 5) -> Trained:
    """A model of one outcome, of a journey with a name of its own."""
    events, said = simulated(customers, seed=seed)
    said = said.model_copy(update={"name": name})
    return train(event_log(events, said), said, outcomes=["leakage"])


@pytest.fixture
def continued(first: Tracked, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that `mlflow run` has opened for this process, with the parameters it was given."""
    experiment = mlflow.set_experiment("of-somebody-else").experiment_id
    run_id = MlflowClient().create_run(experiment).info.run_id
    project = yaml.safe_load((ROOT / "MLproject").read_text())
    for name in project["entry_points"]["train"]["parameters"]:
        MlflowClient().log_param(run_id, name, "''")
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    return run_id


def test_the_first_version_is_champion(first: Tracked) -> None:
    assert first.name == "offramp-mortgage_refinance"
    assert (first.version, first.alias) == ("1", "champion")
    assert first.uri == "models:/offramp-mortgage_refinance@champion"
    aliases = MlflowClient().get_registered_model(first.name).aliases
    assert {alias: str(version) for alias, version in aliases.items()} == {"champion": "1"}


def test_parameters_say_what_was_trained_on(run: Run, trained: Trained) -> None:
    said = run.data.params
    assert said["spec_hash"] == trained.bundle.plan.spec_hash
    assert said["event_count"] == str(len(trained.data.log))
    assert said["seed"] == "1"
    assert said["customers_left_out"] == "3"
    assert {"trained_from", "trained_to", "samples", "features", "leakage_trees"} <= set(said)


def test_each_metric_stands_with_its_interval(run: Run, trained: Trained) -> None:
    for outcome, said in trained.bundle.manifest["evaluation"].items():  # type: ignore[attr-defined]
        for name, interval in said["metrics"].items():
            ends = [f"{name}", f"interval/{name}_low", f"interval/{name}_high"]
            logged = [run.data.metrics[f"{outcome}/{end}"] for end in ends]
            assert logged == [interval[end] for end in ("value", "low", "high")]
        assert f"{outcome}/auc_of_logistic_regression" in run.data.metrics


def test_a_run_says_what_it_is_and_can_be_told_from_others(run: Run, trained: Trained) -> None:
    said = trained.bundle.manifest
    assert run.info.run_name == f"v1 train {str(said['log_ends'])[:10]} seed 1"
    tags = run.data.tags
    assert tags["offramp.what"] == "train"
    assert tags["offramp.engine"] == "one machine"
    assert tags["offramp.data"] == digest_of(trained.data.log)
    assert "success, leakage, churn" in tags["mlflow.note.content"]
    assert tags["mlflow.loggedImages"] == "True"
    curve = MlflowClient().get_metric_history(run.info.run_id, "leakage/auc_after_events")
    rows = trained.bundle.manifest["evaluation"]["leakage"]["stages_by_events"]  # type: ignore[index]
    known = [row["metrics"]["auc"]["value"] for row in rows if row["metrics"]]
    assert [point.value for point in curve] == [auc for auc in known if auc is not None]
    steps = [point.step for point in curve]
    assert steps == sorted(set(steps))
    version = MlflowClient().get_model_version("offramp-mortgage_refinance", "1")
    assert "| leakage |" in version.description
    assert version.run_id == run.info.run_id


def test_documents_and_pictures_are_there(documents: Path, trained: Trained) -> None:
    said = load_definition(documents / "journey.yaml")
    assert said == trained.bundle.plan.definition
    features = json.loads((documents / "features.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in features] == [one.name for one in trained.data.plan.features]
    evaluation = json.loads((documents / "evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["evaluation"] == trained.bundle.manifest["evaluation"]
    pictures = {file.stem: file.read_bytes() for file in documents.glob("pictures/*.png")}
    kinds = ("calibration", "precision_recall", "stages", "events")
    assert set(pictures) >= {f"{one}_{kind}" for one in trained.bundle.outcomes for kind in kinds}
    tables = {file.stem for file in documents.glob("tables/*.json")}
    assert tables >= {"metrics", "stages", "earliness", "subgroups", "checks", "reliability"}
    recipes = json.loads((documents / "recipes.json").read_text(encoding="utf-8"))
    assert recipes == trained.bundle.manifest["recipes"]
    assert all(content.startswith(b"\x89PNG") for content in pictures.values())


def test_the_events_are_named_by_their_digest(run: Run, trained: Trained) -> None:
    logged = run.inputs.dataset_inputs[0].dataset
    assert logged.digest == digest_of(trained.data.log)
    assert SOURCE in logged.source
    assert json.loads(logged.profile)["num_rows"] == len(trained.data.log)
    columns = [one["name"] for one in json.loads(logged.schema)["mlflow_colspec"]]
    assert columns == list(trained.data.log.events)


def test_the_same_events_have_the_same_digest_and_others_another() -> None:
    events, said = simulated(50, seed=1)
    log = event_log(events, said)
    assert digest_of(log) == digest_of(event_log(events.copy(), said))
    later = events.assign(time=events["time"] + pd.Timedelta(microseconds=1))
    renamed = events.assign(
        region=events["region"].astype(str).where(events.index != 7, "elsewhere")
    )
    others = [events.iloc[:-1], later, renamed]
    assert len({digest_of(log), *(digest_of(event_log(other, said)) for other in others)}) == 4


def test_mlflow_answers_events_as_the_command_scores_them(first: Tracked, trained: Trained) -> None:
    events, _ = simulated(2000, seed=3)
    loaded = mlflow.pyfunc.load_model(first.uri)
    found = loaded.predict(events.drop(columns="age_band"))
    wanted = score_open(trained.data.log, trained.bundle)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    asked = {"as_of": "2026-03-02T12:00:00Z", "reasons": 1}
    answer = loaded.predict(loaded.input_example, params=asked)
    assert answer["as_of"].tolist() == [pd.Timestamp(asked["as_of"])]
    assert answer["reasons_leakage"].map(len).tolist() == [1]


def test_what_a_model_cannot_answer_is_the_callers_fault_in_one_sentence(first: Tracked) -> None:
    loaded = mlflow.pyfunc.load_model(first.uri)
    with pytest.raises(MlflowException, match="plain numbers") as fault:
        loaded.predict(loaded.input_example.assign(time=7))
    assert fault.value.get_http_status_code() == 400
    with pytest.raises(MlflowException, match=r"missing inputs \['time'\]") as fault:
        loaded.predict(loaded.input_example.drop(columns="time"))
    assert fault.value.get_http_status_code() == 400


def test_no_customer_is_logged(run: Run, documents: Path, model: Path, trained: Trained) -> None:
    files = [file for folder in (documents, model) for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 12
    content = b"".join(file.read_bytes() for file in files).decode("utf-8", errors="replace")
    told = f"{content} {run.data.to_dictionary()} {run.inputs.to_dictionary()}"
    assert [key for key in customers_of(trained.data.log) if key in told] == []


def test_nothing_is_pickled(documents: Path, model: Path) -> None:
    files = [file for folder in (documents, model) for file in folder.rglob("*") if file.is_file()]
    plain = {".json", ".txt", ".yaml", ".png", ".py", ".webp"}
    others = {file.name for file in files if file.suffix not in plain | {".whl"}}
    assert others <= {"MLmodel", "registered_model_meta", "surroundings.npz"}
    with np.load(next(model.rglob("surroundings.npz")), allow_pickle=False) as arrays:
        assert all(array.dtype != object for array in arrays.values())
    assert not any(file.read_bytes().startswith(b"\x80") for file in files)
    required = (model / "requirements.txt").read_text().splitlines()
    assert "cloudpickle" not in " ".join(required)
    assert (model / required[0]).suffix == ".whl"
    assert not any("//" in line for line in required), "a host is no requirement"


@pytest.fixture
def tried() -> TrialList:
    """Three trials as a training would tell of them, the last one pruned at once."""
    told = TrialList()
    told("leakage", 1, {"boosted.leaves": 8}, 0.31, "complete")
    told("leakage", 0, {"boosted.leaves": 31}, 0.33, "complete")
    told("churn", 0, {"forest.trees": 100}, float("nan"), "pruned")
    return told


def test_a_run_that_mlflow_has_opened_is_continued_and_holds_the_trials(
    continued: str, tried: TrialList
) -> None:
    tracked = track(small("continued"), source=SOURCE, trials=tried.told)
    assert tracked.run_id == continued
    run = MlflowClient().get_run(continued)
    assert run.data.tags["offramp.journey"] == "continued"
    said = run.data.params
    assert (said["customers"], said["seed"]) == ("''", "''"), "MLflow lets nobody change them"
    assert 200 < int(said["customer_count"]) <= 300
    assert MlflowClient().get_experiment_by_name("offramp-continued") is None
    beneath = MlflowClient().search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{continued}'"
    )
    by_name = {one.info.run_name: one for one in beneath}
    assert set(by_name) == {"leakage-trial-0", "leakage-trial-1", "churn-trial-0"}
    first = by_name["leakage-trial-0"]
    assert first.data.params == {"boosted.leaves": "31"}
    assert first.data.metrics == {METRIC: 0.33}
    assert first.info.status == "FINISHED"
    assert by_name["churn-trial-0"].data.metrics == {}
    assert by_name["churn-trial-0"].data.tags["offramp.trial"] == "pruned"
    table = mlflow.load_table("tables/trials.json", run_ids=[continued])
    assert table["trial"].tolist() == [0, 0, 1]


def test_trials_move_the_bar() -> None:
    moved: list[tuple[str, float]] = []
    told = TrialList(lambda what, share: moved.append((what, share)), expected=2)
    told("leakage", 0, {}, 0.25, "complete")
    told("churn", 0, {}, 0.5, "pruned")
    assert [share for _, share in moved] == [0.5, 1.0]
    assert moved[0][0] == "trial 1 of leakage: log loss 0.2500, complete"


def test_the_store_is_the_environments_or_a_file_here(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mlflow.get_tracking_uri()
    try:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////nowhere/else.db")
        assert use_store() == mlflow.get_tracking_uri() == "sqlite:////nowhere/else.db"
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        assert use_store() == "sqlite:///mlflow.db"
    finally:
        mlflow.set_tracking_uri(before)
