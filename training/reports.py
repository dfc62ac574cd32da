"""A report beside its model: a copy of the files in the MLflow run that trained the model."""

import re
from collections.abc import Sequence
from pathlib import Path

from mlflow.tracking import MlflowClient

from journeys.errors import BundleError
from training.store import quiet, reached_store, use_store

FOLDER = "report"

_REGISTERED = re.compile(r"models:/+(?P<name>[^@/]+)(?:@(?P<alias>[^/]+)|/(?P<version>\d+))/?")
_RUN = re.compile(r"runs:/+(?P<run>[^/]+)(/.*)?")


def keep_report(model: str, files: Sequence[Path]) -> str:
    """Log the files to the run that trained a model, and say where; an earlier copy is replaced.

    The report itself stands already: a store that takes no files is told, and is no fault.

    Parameters
    ----------
    model : an address as `serving.registry.fetch_bundle` takes it
    """
    try:
        with quiet(), reached_store():
            run = run_of(model)
            if run is None:
                return "Not kept in MLflow: the model came from a folder, not from a run."
            for file in files:
                MlflowClient(use_store()).log_artifact(run, str(file), FOLDER)
    except (BundleError, OSError) as fault:
        return f"Not kept in MLflow: {fault}"
    return f"Kept in MLflow: run {run}, under {FOLDER}/"


def run_of(model: str) -> str | None:
    """Return the id of the run that trained a model; None for a model outside MLflow."""
    if found := _RUN.fullmatch(model):
        return found["run"]
    found = _REGISTERED.fullmatch(model)
    if found is None:
        return None
    client = MlflowClient(use_store())
    if found["alias"]:
        version = client.get_model_version_by_alias(found["name"], found["alias"])
    else:
        version = client.get_model_version(found["name"], found["version"])
    run: str | None = version.run_id
    return run or None
