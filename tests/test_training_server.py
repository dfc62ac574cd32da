"""A tracking server as companies run one: PostgreSQL behind it, files through it, over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from benchmarks.postgresql import PostgreSQL
from benchmarks.serving_servers import free_port
from journeys.errors import BundleError
from models import load_bundle
from serving.registry import fetch_bundle
from tests.trained_model import simulated
from training.score import score_open
from training.store import require_store
from training.tracking import Tracked, register_kept, track
from training.train import Trained
from training.versions import rollback

SOURCE = "postgresql://somebody:secret@somewhere/events"
PATIENCE = 120.0


@pytest.fixture(scope="module")
def small(trained: Trained) -> Trained:
    """Return the small model with one of its outcomes, of which less has to be drawn."""
    bundle = trained.bundle
    said = bundle.manifest["evaluation"]
    assert isinstance(said, dict)
    manifest = bundle.manifest | {
        "evaluation": {"leakage": said["leakage"]},
        "outcomes": ["leakage"],
    }
    outcomes = {"leakage": bundle.outcomes["leakage"]}
    data = replace(trained.data, splits={"leakage": trained.data.splits["leakage"]})
    return replace(trained, bundle=replace(bundle, outcomes=outcomes, manifest=manifest), data=data)


@pytest.fixture(scope="module")
def server(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a tracking server; this process tracks there until the module is done."""
    folder = tmp_path_factory.mktemp("tracking")
    database = postgresql.new_database("mlflow").replace("postgresql:", "postgresql+psycopg:")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    places = ["--backend-store-uri", database, "--artifacts-destination", str(folder / "files")]
    words = ["server", *places, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    before = mlflow.get_tracking_uri()
    with (
        running(words, f"{address}/health", folder / "server.log"),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("MLFLOW_TRACKING_URI", address)
        yield address
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def first(server: str, small: Trained) -> Tracked:
    return track(small, source=SOURCE, promote="always")


@contextmanager
def running(words: list[str], ready: str, log: Path) -> Iterator[None]:
    """Run a command of MLflow until the block ends."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # it looks for uvicorn there
    kept = {name: value for name, value in os.environ.items() if "ARTIFACT_ROOT" not in name}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words],
            stdout=said,
            stderr=said,
            env=kept | {"PATH": path, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    try:
        begun = time.monotonic()
        while not answers(ready):
            gone = process.poll() is not None or time.monotonic() - begun > PATIENCE
            assert not gone, log.read_text()[-2000:]
            time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.mark.slow
def test_the_model_is_served_by_mlflow_and_answers_every_form_of_a_frame(
    first: Tracked, small: Trained, tmp_path: Path
) -> None:
    events, _ = simulated(2000, seed=3)
    scores = score_open(small.data.log, small.bundle).head(3)
    some = events[events["customer_id"].isin(scores["customer_id"])].drop(columns="age_band")
    plain = some.assign(time=some["time"].map(pd.Timestamp.isoformat)).astype(object)
    plain = plain.where(plain.notna(), None)
    asked = {"as_of": scores["as_of"].iloc[0].isoformat()}
    split = plain.to_dict("split", index=False)
    bodies = {
        "dataframe_split": {name: split[name] for name in ("columns", "data")},
        "dataframe_records": plain.to_dict("records"),
        "inputs": plain.to_dict("list"),
    }
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["models", "serve", "-m", first.uri, "--env-manager", "local", "--port", str(port)]
    with running(words, f"{url}/ping", tmp_path / "served.log"):
        for form, body in bodies.items():
            status, answer = posted(url, {form: body, "params": asked})
            assert status == 200, answer
            found = pd.DataFrame(answer["predictions"])
            assert found["p_leakage"].tolist() == scores["p_leakage"].tolist(), form
            assert found["journey_id"].tolist() == scores["journey_id"].tolist()
        history = {
            name: [values] if name != "customer_id" else values[:1]
            for name, values in plain[plain["customer_id"] == scores["customer_id"][0]]
            .to_dict("list")
            .items()
        }
        _, answer = posted(url, {"inputs": history, "params": asked})
        assert answer["predictions"][0]["p_leakage"] == scores["p_leakage"][0]
        for wrong, told in (
            ({"dataframe_records": plain.drop(columns="time").to_dict("records")}, "['time']"),
            ({"inputs": plain.assign(time=7).to_dict("list")}, "plain numbers"),
            ({"dataframe_records": []}, "missing inputs"),
            ({"events": []}, "dataframe_split"),
        ):
            status, answer = posted(url, wrong)
            assert status == 400
            assert told in answer["message"]
            assert "stack_trace" not in answer


def posted(url: str, body: object) -> tuple[int, dict[str, object]]:
    """Send a body as JSON; return the status and the answer."""
    data = json.dumps(body).encode()
    request = Request(f"{url}/invocations", data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as fault:
        return fault.code, json.loads(fault.read())


def test_a_model_is_tracked_rolled_back_and_fetched_over_http(
    first: Tracked, small: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that the store did not take at first: it was kept, and is registered later."""
    run = MlflowClient().get_run(first.run_id)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:")
    assert "secret" not in str(run.to_dictionary())
    assert fetch_bundle(first.uri).manifest["version"] == first.version == "1"
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as away:
        away.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        away.setenv("MLFLOW_TRACKING_URI", f"http://somebody:secret@127.0.0.1:{free_port()}")
        with pytest.raises(BundleError, match="does not do what was asked"):
            require_store()
        with pytest.raises(BundleError, match="Nothing is lost") as fault:
            track(small, source=SOURCE)
    assert "secret" not in str(fault.value)
    (kept,) = tmp_path.iterdir()
    assert str(kept) in str(fault.value)
    assert list(load_bundle(kept).outcomes) == ["leakage"]
    assert register_kept(kept) == "2"
    aliases = MlflowClient().get_registered_model("offramp-mortgage_refinance").aliases
    assert str(aliases["challenger"]) == "2"
    now = pd.Timestamp.now(tz="UTC")
    assert rollback("mortgage_refinance", to="2", now=now).after == "2"
    assert fetch_bundle(first.uri).manifest["version"] == "2"
    assert rollback("mortgage_refinance", now=now).after == "1"
    assert fetch_bundle(first.uri).manifest["version"] == "1"
