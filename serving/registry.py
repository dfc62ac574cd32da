"""The model registry: from an address to a checked bundle; the one file that speaks to MLflow.

Only data is fetched: the bundle inside a logged model is read, the model's code is never run.
MLflow is imported when a registry is asked, so that a folder is served without it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.exc import SQLAlchemyError

from journeys.errors import BundleError, listed, with_closest
from models import Bundle, load_bundle

DEFAULT_STORE = "sqlite:///mlflow.db"

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/")
_REGISTERED = re.compile(r"models:/+(?P<name>[^@/]+)(?:@(?P<alias>[^/]+)|/(?P<version>\d+))/?")
_MANIFEST = "manifest.json"


def fetch_bundle(uri: str) -> Bundle:
    """Return the bundle at an address, after checking that it is whole and made for this code.

    Parameters
    ----------
    uri : str
        A bundle's folder; ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``; or any other address
        of logged artefacts that MLflow knows, such as ``runs:/RUN/NAME``.  The store is
        ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the working directory.

    Raises
    ------
    BundleError
        If nothing is there, the store cannot be reached, or the bundle is damaged.
    """
    if not _ADDRESS.match(uri):
        return _loaded(Path(uri), uri)
    if uri.startswith("file:"):
        return _loaded(Path(re.sub(r"^file:(//)?", "", uri)), uri)
    store = store_address()
    _require_store(store, uri)
    with _mlflow_quiet(), TemporaryDirectory(prefix="offramp-") as folder:
        version = _version(uri, store)
        _download(uri, store, folder)
        bundle = _loaded(_bundle_folder(Path(folder), uri), uri)
    if version is None:
        return bundle
    return replace(bundle, manifest=bundle.manifest | {"version": version})


def store_address() -> str:
    """Return where MLflow keeps its models: ``MLFLOW_TRACKING_URI``, else a local database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE


def _loaded(folder: Path, uri: str) -> Bundle:
    try:
        return load_bundle(folder)
    except BundleError:
        raise
    except Exception as error:  # whatever changed bytes of a manifest lead to
        raise BundleError(
            f"The bundle {uri!r} is damaged: {_MANIFEST} does not hold what it must "
            f"({type(error).__name__}). Fetch it again, or train it again."
        ) from error


def _require_store(store: str, uri: str) -> None:
    """Refuse a local database that is not there: MLflow would make an empty one."""
    path = store.removeprefix("sqlite:///")
    if path != store and not Path(path).is_file():
        raise BundleError(
            f"Cannot fetch {uri!r}: there is no MLflow store at {path!r}. Train a model in this "
            "directory first, or set MLFLOW_TRACKING_URI to the store that has it."
        )


@contextmanager
def _mlflow_quiet() -> Iterator[None]:
    """Let MLflow draw no progress bar and give up on a dead server in seconds, not minutes."""
    wanted = {
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    }
    added = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _version(uri: str, store: str) -> str | None:
    """Return the version that a name with an alias or a version stands for; None for others.

    Asked first, so that a wrong name is told with what the registry has.
    """
    asked = _REGISTERED.fullmatch(uri)
    if asked is None:
        return None
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    name = asked["name"]
    try:
        client = MlflowClient(tracking_uri=store)
        names = [model.name for model in client.search_registered_models(max_results=1000)]
        if name not in names:
            raise BundleError(_absent(f"a model {with_closest(name, names)}", "models", names, uri))
        if asked["version"]:
            versions = sorted(
                (one.version for one in client.search_model_versions(f"name = '{name}'")), key=int
            )
            if asked["version"] not in map(str, versions):
                wanted = f"version {asked['version']} of {name!r}"
                raise BundleError(_absent(wanted, "versions", versions, uri))
            return asked["version"]
        aliases = client.get_registered_model(name).aliases
        if asked["alias"] not in aliases:
            wanted = f"the alias {with_closest(asked['alias'], aliases)} of {name!r}"
            told = _absent(wanted, "aliases", sorted(aliases), uri)
            if asked["alias"] == "champion":
                told += f" {_nobody_is_champion(name)}"
            raise BundleError(told)
        return str(aliases[asked["alias"]])
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise BundleError(_unreachable(uri, store, error)) from None


def _download(uri: str, store: str, folder: str) -> None:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    try:
        download_artifacts(uri, dst_path=folder, tracking_uri=store)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise BundleError(_unreachable(uri, store, error)) from None


def _bundle_folder(folder: Path, uri: str) -> Path:
    """Return the folder with a manifest, wherever in the artefacts it stands."""
    found = sorted(folder.rglob(_MANIFEST), key=lambda path: len(path.parts))
    if not found:
        raise BundleError(
            f"{uri!r} is not a bundle of Offramp: its artefacts hold no {_MANIFEST}. Give a model "
            "that `offramp train` registered, such as models:/offramp-NAME@champion."
        )
    return found[0].parent


def _absent(wanted: str, kind: str, there: list[str], uri: str) -> str:
    return (
        f"Cannot fetch {uri!r}: the registry has not {wanted}. Its {kind}: {listed(there)}. "
        "Correct the address, train a model first, or set MLFLOW_TRACKING_URI to the store that "
        "has it."
    )


def _nobody_is_champion(name: str) -> str:
    journey = name.removeprefix("offramp-")
    return (
        "No version has been promoted: `offramp train` said why, and the tags of each version do "
        f"(offramp.why). Use one by its number, models:/{name}/VERSION, or make it champion: "
        f"offramp rollback --journey {journey} --to VERSION."
    )


def _unreachable(uri: str, store: str, error: Exception) -> str:
    told = str(error).strip().splitlines() or [type(error).__name__]
    message = (
        f"Cannot fetch {uri!r} from the MLflow store {store!r}: {told[0][:300]}. "
        "Check the address and MLFLOW_TRACKING_URI, and that the store is up."
    )
    return re.sub(r"//[^/@\s]*@", "//***@", message)  # no password in a message
