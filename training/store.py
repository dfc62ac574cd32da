"""Where runs and models are kept: ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in this directory."""

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from journeys.errors import BundleError, told_by_mlflow

DEFAULT_STORE = "sqlite:///mlflow.db"
_KIND = "mlflow.experimentKind"  # else MLflow shows the pages of language models
_SILENCE = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # the address may hold a password
}


def use_store() -> str:
    """Point MLflow at ``MLFLOW_TRACKING_URI``, else at ``mlflow.db`` in the working directory."""
    for chatty in ("alembic", "mlflow"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for silent, said in _SILENCE.items():
        os.environ.setdefault(silent, said)
    address = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    mlflow.set_tracking_uri(address)
    return address


@contextmanager
def reached_store(retries: int = 2) -> Iterator[None]:
    """Use the store; say in one message, soon and without a password, when it does not answer.

    ``retries`` double their wait each time: 2 take some seconds, 5 a minute.

    Raises
    ------
    BundleError
        If MLflow cannot do what is asked within.
    """
    address = use_store()
    wanted = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries), "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
    added = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    except (MlflowException, OSError) as fault:
        told = told_by_mlflow(fault)
        message = f"The MLflow store {address!r} does not do what was asked: {told}"
        raise BundleError(re.sub(r"//[^/@\s]*@", "//***@", message)) from None
    finally:
        for name in added:
            del os.environ[name]


def require_store() -> None:
    """Ask the store something small, which makes a local one if there is none.

    Raises
    ------
    BundleError
        If it does not answer.
    """
    with quiet(), reached_store():
        MlflowClient().search_registered_models(max_results=1)


def require_local_store_exists() -> None:
    """Refuse a local database that is not there: MLflow would make an empty one.

    Raises
    ------
    BundleError
        If there is none.
    """
    address = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    path = address.removeprefix("sqlite:///")
    if path != address and not Path(path).is_file():
        raise BundleError(
            f"There is no MLflow store at {path!r}. Go to the directory in which the model was "
            "trained, or set MLFLOW_TRACKING_URI to the store that has it."
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow's chatter, and its advice on what is so on purpose, off the user's screen."""
    told = (".*input example.*", ".*noload.*", ".*.str. dtypes are.*", "Operation with range.*")
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        for advice in told:
            warnings.filterwarnings("ignore", message=advice)
        yield


def named_by_others() -> bool:
    """Say whether `mlflow run` has opened a run for this process, not yet gone on with."""
    return "MLFLOW_RUN_ID" in os.environ


@contextmanager
def open_run(journey: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Open a run, or go on with the one that `mlflow run` has opened for this process."""
    if not named_by_others():
        experiment = mlflow.set_experiment(f"offramp-{journey}")
        if _KIND not in experiment.tags:
            mlflow.set_experiment_tag(_KIND, "custom_model_development")
    with mlflow.start_run(run_name=None if named_by_others() else name) as run:
        mlflow.set_tags(dict(tags))
        yield run.info.run_id


def log_parameters(run_id: str, said: Mapping[str, object]) -> None:
    """Log what describes a run; what `mlflow run` has logged under a name stays as it was given."""
    given = MlflowClient().get_run(run_id).data.params
    mlflow.log_params({name: value for name, value in said.items() if name not in given})
