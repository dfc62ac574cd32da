"""What `offramp evaluate` leaves in MLflow: metrics, tables, pictures and the verdict."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from journeys.query import masked
from training.drift import drift_metrics
from training.evaluation_files import write_examination
from training.evaluation_views import evaluation_metrics
from training.later import Examination
from training.run_page import log_evaluation
from training.store import log_parameters, open_run, quiet, use_store


def track_examination(found: Examination, model: str, *, source: str) -> str:
    """Log an examination beside the runs of its journey; return the id of the run.

    Parameters
    ----------
    model : the URI it was fetched by
    source : where the event log came from; neither events nor customer keys are logged
    """
    use_store()
    bundle = found.bundle
    name = f"evaluate {model.removeprefix('models:/')}"
    tags = {"offramp.journey": bundle.journey, "offramp.what": "evaluate"}
    with quiet(), open_run(bundle.journey, name, tags) as run_id, TemporaryDirectory() as folder:
        said = {"model": model, "events": masked(source), **_kept(bundle.manifest)}
        log_parameters(run_id, said)
        mlflow.log_metrics(evaluation_metrics(found.evaluation))
        log_evaluation(found.evaluation)
        if found.drift is not None:
            mlflow.log_metrics(drift_metrics(found.drift))
            mlflow.set_tag("offramp.drift", str(found.drift["verdict"]))
        mlflow.log_artifacts(str(write_examination(found, model, Path(folder) / "evaluation")))
    return run_id


def _kept(manifest: Mapping[str, object]) -> dict[str, object]:
    return {name: manifest[name] for name in ("spec_hash", "code_version", "trained_to")}
