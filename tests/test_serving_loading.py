"""Which model answers: the registry's, the cache's, or base rates; all on a real MLflow store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import save_bundle
from serving.loading import Loader
from serving.model_cache import ModelCache
from serving.registry_process import RegistryProcess
from tests.serving_bundle import small_bundle

NAME = "offramp-loaded_loan"
CHAMPION = f"models:/{NAME}@champion"
EVENTS = [{"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}]


@pytest.fixture(scope="module")
def process() -> Iterator[RegistryProcess]:
    with RegistryProcess() as process:
        yield process


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(small_bundle(), tmp_path_factory.mktemp("loading") / "bundle")


@pytest.fixture
def store(mlflow_store: str, tmp_path: Path) -> dict[str, str]:
    """Return an empty store of one's own, at a place that the registry's process is told of."""
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(mlflow_store.removeprefix("sqlite:///")) as made:
        made.execute("VACUUM INTO ?", (str(path),))
    return {"MLFLOW_TRACKING_URI": f"sqlite:///{path}"}


@pytest.fixture
def loader(
    store: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loader]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store["MLFLOW_TRACKING_URI"])
    with RegistryProcess() as process:  # it has the environment that it was started with
        yield Loader(process, ModelCache(tmp_path / "cache"), (), lambda: 7)
