"""The model registry: from an address to a checked bundle; the one file that speaks to MLflow.

Only data is fetched: the bundle inside a logged model is read, the model's code is never run.
MLflow is imported when a registry is asked, so that a folder is served without it; the service
asks in a process of its own (`serving.registry_process`), which runs `answer_questions` here.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TextIO

from sqlalchemy.exc import SQLAlchemyError

from journeys.errors import (
    BundleError,
    RegistryAwayError,
    listed,
    told_by_mlflow,
    with_closest,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from models import Bundle

DEFAULT_STORE = "sqlite:///mlflow.db"

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/")
_REGISTERED = re.compile(r"models:/+(?P<name>[^@/]+)(?:@(?P<alias>[^/]+)|/(?P<version>\d+))/?")
_MANIFEST = "manifest.json"
_PAGE = 1000


class Found(NamedTuple):
    """What stands at an address: its version, and the bundle's folder if it was fetched.

    ``version`` is None for an address that has none, such as ``runs:/RUN/NAME``.
    """

    version: str | None
    folder: Path | None


def is_folder(uri: str) -> bool:
    """Say whether an address is a folder of this machine, which needs no registry."""
    return not _ADDRESS.match(uri) or uri.startswith("file:")


def folder_of(uri: str) -> Path:
    """Return the folder that such an address names."""
    return Path(re.sub(r"^file:(//)?", "", uri))


def registered_name(uri: str) -> str | None:
    """Return the name of a registered model; None for another address.

    >>> registered_name("models:/offramp-loan@champion")
    'offramp-loan'
    """
    asked = _REGISTERED.fullmatch(uri)
    return asked["name"] if asked else None


def fetch_bundle(uri: str) -> "Bundle":
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
    if is_folder(uri):
        return loaded(folder_of(uri), uri)
    with TemporaryDirectory(prefix="offramp-") as folder:
        version, bundle = fetch(uri, (), Path(folder))
        return loaded(bundle or Path(folder), uri, version)


def fetch(uri: str, known: Collection[str], into: Path) -> Found:
    """Fetch what stands at an address of the registry into a folder, unless it is known already.

    Parameters
    ----------
    uri : see `fetch_bundle`
    known : versions that are not fetched again, only told
    into : an empty folder

    Raises
    ------
    RegistryAwayError
        If the store does not answer.
    BundleError
        If it answers that nothing is there, or what is there is no bundle.
    """
    store = store_address()
    _require_store(store, uri)
    with _mlflow_quiet():
        version = _version(uri, store)
        if version is not None and version in known:
            return Found(version, None)
        _download(uri, store, str(into))
    return Found(version, _bundle_folder(into, uri))


def answer_questions(questions: TextIO, answers: TextIO) -> None:
    """Answer one JSON line with another until there are no more: what `fetch` finds.

    A question has ``uri``, ``known`` and ``into``; its answer ``version`` and ``folder``, or
    ``error`` and whether the registry is ``away``.
    """
    from mlflow import MlflowClient  # noqa: F401 - imported ahead of the first question

    for line in questions:
        asked = json.loads(line)
        answer: dict[str, object]
        try:
            version, folder = fetch(asked["uri"], asked["known"], Path(asked["into"]))
            answer = {"version": version, "folder": None if folder is None else str(folder)}
        except BundleError as error:
            answer = {"error": str(error), "away": isinstance(error, RegistryAwayError)}
        except Exception as error:  # a fault of MLflow's must not end the answers
            away = _unreachable(asked["uri"], store_address(), error)
            answer = {"error": str(away), "away": True}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def store_address() -> str:
    """Return where MLflow keeps its models: ``MLFLOW_TRACKING_URI``, else a local database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE


def loaded(folder: Path, uri: str, version: str | None = None) -> "Bundle":
    """Return the bundle of a folder, checked; ``version`` is the registry's.

    Raises
    ------
    BundleError
        If it is damaged or made for other code; the message names the address it came from.
    """
    from models import load_bundle

    try:
        bundle = load_bundle(folder)
    except BundleError:
        raise
    except Exception as error:  # whatever changed bytes of a manifest lead to
        raise BundleError(
            f"The bundle {uri!r} is damaged: {_MANIFEST} does not hold what it must "
            f"({type(error).__name__}). Fetch it again, or train it again."
        ) from error
    if version is None:
        return bundle
    return replace(bundle, manifest=bundle.manifest | {"version": version})


def _require_store(store: str, uri: str) -> None:
    """Refuse a local database that is not there: MLflow would make an empty one."""
    path = store.removeprefix("sqlite:///")
    if path != store and not Path(path).is_file():
        raise RegistryAwayError(
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
    """Return the version that a name with an alias or a version stands for; None for others."""
    asked = _REGISTERED.fullmatch(uri)
    if asked is None:
        return None
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(tracking_uri=store)
        try:
            if asked["version"]:
                return str(client.get_model_version(asked["name"], asked["version"]).version)
            return str(client.get_model_version_by_alias(asked["name"], asked["alias"]).version)
        except MlflowException as error:
            missing = _missing(uri, asked, client)
            if missing is None:
                raise
            raise BundleError(missing) from error
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise _unreachable(uri, store, error) from None


def _missing(uri: str, asked: re.Match[str], client: "MlflowClient") -> str | None:
    """Say what the registry has instead of a wrong name; None if all of it is there."""
    name = asked["name"]
    names = _all_models(client)
    if name not in names:
        return _absent(f"a model {with_closest(name, names)}", "models", names, uri)
    if asked["version"]:
        found = client.search_model_versions(f"name = '{name}'")
        versions = sorted((str(one.version) for one in found), key=int)
        if asked["version"] in versions:
            return None
        return _absent(f"version {asked['version']} of {name!r}", "versions", versions, uri)
    aliases = client.get_registered_model(name).aliases
    if asked["alias"] in aliases:
        return None
    wanted = f"the alias {with_closest(asked['alias'], aliases)} of {name!r}"
    told = _absent(wanted, "aliases", sorted(aliases), uri)
    return f"{told} {_nobody_is_champion(name)}" if asked["alias"] == "champion" else told


def _all_models(client: "MlflowClient") -> list[str]:
    """Return the names of all registered models, page by page."""
    names: list[str] = []
    token: str | None = None
    while True:
        page = client.search_registered_models(max_results=_PAGE, page_token=token)
        names += [model.name for model in page]
        token = page.token
        if not token:
            return names


def _download(uri: str, store: str, folder: str) -> None:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    try:
        download_artifacts(uri, dst_path=folder, tracking_uri=store)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise _unreachable(uri, store, error) from None


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


def _unreachable(uri: str, store: str, error: Exception) -> RegistryAwayError:
    message = f"Cannot fetch {uri!r} from the MLflow store {store!r}: {told_by_mlflow(error)}"
    return RegistryAwayError(re.sub(r"//[^/@\s]*@", "//***@", message))  # no password in it
