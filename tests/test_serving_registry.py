"""From an address to a checked bundle: a folder, a real MLflow store, and all that can be wrong."""

import json
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from journeys.errors import BundleError
from models import save_bundle
from serving.registry import DEFAULT_STORE, fetch_bundle, store_address
from tests.serving_bundle import small_bundle
from training.store import require_store

NAME = "offramp-served_loan"
WAITING = "offramp-waiting_loan"

_MODEL = """
from pathlib import Path
import mlflow
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def load_context(self, context):
        Path(context.artifacts["bundle"]).joinpath("RAN").touch()
        raise RuntimeError("the model's code ran")

    def predict(self, context, model_input, params=None):
        return model_input

mlflow.models.set_model(Model())
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(small_bundle(), tmp_path_factory.mktemp("registry") / "bundle")


@pytest.fixture(scope="session")
def run_id(mlflow_store: str, folder: Path) -> str:
    """Register the bundle twice as training does, with code that would fail; return a run."""
    mlflow.set_tracking_uri(mlflow_store)
    mlflow.set_experiment("served")  # MLflow remembers that of other tests, of other stores
    code = folder.parent / "model.py"
    code.write_text(_MODEL)
    tensor = Schema([TensorSpec(np.dtype(np.float32), (-1, 3))])
    with warnings.catch_warnings(), mlflow.start_run() as run:
        warnings.simplefilter("ignore")  # MLflow asks for an example and for type hints
        for _ in range(2):
            mlflow.pyfunc.log_model(
                name=NAME,
                python_model=str(code),
                artifacts={"bundle": str(folder)},
                signature=ModelSignature(inputs=tensor, outputs=tensor),
                pip_requirements=[],
                registered_model_name=NAME,
            )
        mlflow.log_text("nothing", "notes/readme.txt")
    MlflowClient().set_registered_model_alias(NAME, "champion", "2")
    MlflowClient().create_registered_model(WAITING)
    return str(run.info.run_id)


def test_a_folder_is_a_bundle(folder: Path) -> None:
    assert fetch_bundle(str(folder)).plan.spec_hash == small_bundle().plan.spec_hash
    assert fetch_bundle(folder.as_uri()).journey == "loan"


@pytest.mark.parametrize(
    ("address", "version"),
    [
        (f"models:/{NAME}@champion", "2"),
        (f"models:/{NAME}/1", "1"),
        (f"runs:/{{run}}/{NAME}", None),
    ],
)
def test_a_logged_model_is_fetched_without_running_its_code(
    address: str, version: str | None, run_id: str
) -> None:
    bundle = fetch_bundle(address.format(run=run_id))
    assert bundle.manifest.get("version") == version
    X = np.zeros((3, len(bundle.plan.features)), dtype=np.float32)
    for outcome, model in small_bundle().outcomes.items():
        assert bundle.outcomes[outcome].predict(X).p.tolist() == model.predict(X).p.tolist()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "models:/offramp-served_laon@champion",
            "has not a model 'offramp-served_laon' .closest: 'offramp-served_loan'",
        ),
        (f"models:/{NAME}@champoin", "the alias 'champoin' .closest: 'champion'.* aliases: 'champ"),
        (
            f"models:/{WAITING}@champion",
            "No version has been promoted: .* offramp rollback --journey waiting_loan --to VERSION",
        ),
        (f"models:/{NAME}/7", "has not version 7 of 'offramp-served_loan'. Its versions: '1', '2'"),
        ("models:/what?", "Cannot fetch"),
        ("runs:/0123456789/model", "Cannot fetch"),
        ("runs:/{run}/notes", "is not a bundle of Offramp"),
        ("s4://bucket/model", "Cannot fetch"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(address: str, words: str, run_id: str) -> None:
    with pytest.raises(BundleError, match=words):
        fetch_bundle(address.format(run=run_id))


def test_a_store_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hush@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(BundleError, match=r"store 'http://\*\*\*@127.0.0.1:9'") as told:
        fetch_bundle(f"models:/{NAME}@champion")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not know who asks .401.* MLFLOW_TRACKING_PASSWORD"),
        (403, "may not do that .403"),
    ],
)
def test_a_wrong_password_is_told_as_one_and_without_it(
    status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own door, or that of a proxy before it, whose page nobody wants to read."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>no entry</html>")

        do_POST = do_GET

    with HTTPServer(("127.0.0.1", 0), Door) as door:
        Thread(target=door.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{door.server_port}")
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hush")
        for ask in (require_store, lambda: fetch_bundle(f"models:/{NAME}@champion")):
            with pytest.raises(BundleError, match=words) as told:
                ask()
            assert "hush" not in str(told.value)
        door.shutdown()


def test_without_a_store_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert store_address() == DEFAULT_STORE
    with pytest.raises(BundleError, match=r"there is no MLflow store at 'mlflow\.db'"):
        fetch_bundle(f"models:/{NAME}@champion")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_lacks_something_is_a_damaged_bundle(tmp_path: Path) -> None:
    folder = save_bundle(small_bundle(), tmp_path / "bundle")
    manifest = json.loads((folder / "manifest.json").read_text())
    for key in ("files", "definition", "spec_hash", "outcomes"):
        rest = {name: value for name, value in manifest.items() if name != key}
        (folder / "manifest.json").write_text(json.dumps(rest))
        with pytest.raises(BundleError):
            fetch_bundle(str(folder))


def test_another_folder_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle at"):
        fetch_bundle(str(tmp_path))
