"""What a training run leaves in MLflow: everything needed to compare it, doubt it and load it."""

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import Schema, TensorSpec

from journeys.definition_file import definition_text
from journeys.log import EventLog
from models.bundle import Bundle, save_bundle
from rootcause.figures import png_bytes
from rootcause.plots import precision_recall_figure, reliability_figure
from training.train import Trained

DEFAULT_STORE = "sqlite:///mlflow.db"
_REQUIREMENTS = ("offramp", "lightgbm", "numpy", "pandas", "scikit-learn", "numba", "mlflow")


@dataclass(frozen=True)
class Tracked:
    """Where a training run stands: ``uri`` loads it, by its alias in the registry."""

    run_id: str
    name: str
    version: str
    alias: str

    @property
    def uri(self) -> str:
        """The model by name and alias, as ``offramp score --model`` takes it."""
        return f"models:/{self.name}@{self.alias}"


def use_store() -> str:
    """Point MLflow at ``MLFLOW_TRACKING_URI``, else at ``mlflow.db`` in the working directory."""
    for chatty in ("alembic", "mlflow"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    address = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    mlflow.set_tracking_uri(address)
    return address


def track(trained: Trained, *, source: str) -> Tracked:
    """Log a training run and register its bundle.

    The first version of a journey's model becomes ``champion``, every later one ``challenger``.
    ``source`` says where the event log came from; neither events nor customer keys are logged.
    """
    use_store()
    bundle = trained.bundle
    with _quiet(), _run(bundle.journey) as run_id, TemporaryDirectory() as folder:
        mlflow.log_params(_parameters(trained))
        mlflow.log_metrics(_metrics(bundle))
        mlflow.log_input(_dataset(trained.data.log, source), context="training")
        _log_documents(bundle)
        _log_pictures(bundle)
        saved = save_bundle(bundle, Path(folder) / "bundle")
        version = _register(bundle, saved)
    return Tracked(run_id, _name(bundle), version, _alias(_name(bundle), version))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's chatter, and its advice on what is so on purpose, off the user's screen."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        for advice in (".*input example.*", ".*noload.*"):
            warnings.filterwarnings("ignore", message=advice)
        yield


@contextmanager
def _run(journey: str) -> Iterator[str]:
    """Open a run, or go on with the one that `mlflow run` has opened for this process."""
    if "MLFLOW_RUN_ID" not in os.environ:
        mlflow.set_experiment(f"offramp-{journey}")
    with mlflow.start_run(
        run_name=None if "MLFLOW_RUN_ID" in os.environ else f"train-{journey}"
    ) as run:
        mlflow.set_tag("offramp.journey", journey)
        yield run.info.run_id


def _name(bundle: Bundle) -> str:
    return f"offramp-{bundle.journey}"


def _parameters(trained: Trained) -> dict[str, object]:
    manifest = trained.bundle.manifest
    kept = ("spec_hash", "code_version", "seed", "trained_from", "trained_to", "log_ends")
    settings = {
        f"{outcome}_trees": model.trees.n_trees
        for outcome, model in trained.bundle.outcomes.items()
    }
    return (
        {name: manifest[name] for name in kept}
        | settings
        | {
            "customers": manifest["customers"],
            "journeys": manifest["journeys"],
            "event_count": len(trained.data.log),
            "samples": len(trained.data.samples),
            "features": len(trained.data.plan.features),
        }
    )


def _metrics(bundle: Bundle) -> dict[str, float]:
    """Return ``outcome.metric``, its ``_low`` and ``_high``, and each baseline's AUC."""
    found: dict[str, float | None] = {}
    for outcome, said in _evaluation(bundle).items():
        for metric, interval in said["metrics"].items():
            found[f"{outcome}.{metric}"] = interval["value"]
            found[f"{outcome}.{metric}_low"] = interval["low"]
            found[f"{outcome}.{metric}_high"] = interval["high"]
        for baseline, metrics in said["baselines"].items():
            found[f"{outcome}.auc_of_{baseline.replace(' ', '_')}"] = metrics["auc"]["value"]
    return {name: value for name, value in found.items() if value is not None}


def _evaluation(bundle: Bundle) -> dict:  # type: ignore[type-arg]  # plain data of the manifest
    return bundle.manifest["evaluation"]  # type: ignore[return-value]


def _dataset(log: EventLog, source: str) -> MetaDataset:
    """Describe the log by its source and digest alone: no event and no customer key is logged."""
    origin = CodeDatasetSource({"offramp.events": source})
    return MetaDataset(origin, name="event log", digest=digest_of(log))


def digest_of(log: EventLog) -> str:
    """Return a digest of all events of the log, in order: the same events, the same digest."""
    rows = pd.util.hash_pandas_object(log.events.drop(columns="time"), index=False).to_numpy()
    return hashlib.sha256(log.times.tobytes() + rows.tobytes()).hexdigest()[:16]


def _log_documents(bundle: Bundle) -> None:
    features = [
        {"name": one.name, "unit": one.unit, "tier": one.tier, "words": one.words}
        for one in bundle.plan.features
    ]
    mlflow.log_text(definition_text(bundle.plan.definition), "journey.yaml")
    mlflow.log_dict(_evaluation(bundle), "evaluation.json")
    mlflow.log_text(json.dumps(features, indent=1, ensure_ascii=False), "features.json")


def _log_pictures(bundle: Bundle) -> None:
    for outcome, said in _evaluation(bundle).items():
        bins, curve = (pd.DataFrame(said[name]) for name in ("reliability", "precision_recall"))
        pictures = {"calibration": reliability_figure(bins, words=f"probability of {outcome}")}
        if len(curve):
            pictures["precision_recall"] = precision_recall_figure(
                curve, base_rate=said["base_rate"]
            )
        for name, figure in pictures.items():
            _log_png(png_bytes(figure), f"pictures/{outcome}_{name}.png")


def _log_png(content: bytes, path: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / Path(path).name
        file.write_bytes(content)
        mlflow.log_artifact(str(file), str(Path(path).parent))


def _register(bundle: Bundle, folder: Path) -> str:
    """Log the bundle as a model from code with a tensor signature; return its version."""
    n_features, n_outcomes = len(bundle.plan.features), len(bundle.outcomes)
    signature = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, n_features))]),
        outputs=Schema([TensorSpec(np.dtype(np.float64), (-1, n_outcomes))]),
    )
    logged = mlflow.pyfunc.log_model(
        name=_name(bundle),
        python_model=str(Path(__file__).with_name("pyfunc_model.py")),
        artifacts={"bundle": str(folder)},
        signature=signature,
        pip_requirements=list(_REQUIREMENTS),
        registered_model_name=_name(bundle),
    )
    return str(logged.registered_model_version)


def _alias(name: str, version: str) -> str:
    client = MlflowClient()
    aliases = client.get_registered_model(name).aliases
    alias = "challenger" if "champion" in aliases else "champion"
    client.set_registered_model_alias(name, alias, version)
    return alias
