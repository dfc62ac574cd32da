"""The versions of a journey's model in the registry: who is champion, who was, and why.

Three aliases: ``champion`` is used, ``previous`` was champion before it, ``challenger`` is the
newest that was not promoted.  Tags of each version say why it stands where it stands, and in
``offramp.replaced`` whom it replaced: a rollback follows them back, one step at a time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import pandas as pd
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from journeys.errors import BundleError, listed, with_closest
from models.bundle import Bundle, load_bundle
from training.signature import example_of, requirements, signature_of
from training.store import quiet, reached_store, require_local_store_exists
from training.wheel import wheel_of_offramp

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
REPLACED = "offramp.replaced"


@dataclass(frozen=True, eq=False)
class Champion:
    """The version in use; ``bundle`` is None where this code cannot use it, and ``fault`` why."""

    version: str
    manifest: Mapping[str, object]
    bundle: Bundle | None
    fault: str = ""


@dataclass(frozen=True)
class Moved:
    """What a rollback did: the champion before and after; equal when there was nothing to do."""

    name: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        if self.before == self.after:
            return f"Version {self.after} of {self.name} is champion already; nothing was changed."
        return (
            f"Version {self.after} of {self.name} is champion now, in the place of "
            f"{f'version {self.before}' if self.before else 'nobody'}. "
            "A running service that was started with the champion takes it at its next look "
            "(offramp serve --poll)."
        )


def name_of(journey: str) -> str:
    """Return the name under which a journey's model is registered."""
    return f"offramp-{journey}"


def register(bundle: Bundle, folder: Path, *, described: str = "") -> str:
    """Log the bundle as a model from code, with the wheel that reads it; return its version.

    Parameters
    ----------
    described : what a person reads of the version, as Markdown
    """
    name = name_of(bundle.journey)
    with TemporaryDirectory() as place:
        wheel = wheel_of_offramp(Path(place))
        logged = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            artifacts={"bundle": str(folder)},
            code_paths=[str(wheel)],
            signature=signature_of(bundle),
            input_example=example_of(bundle),
            pip_requirements=requirements(f"code/{wheel.name}"),
            registered_model_name=name,
        )
    version = str(logged.registered_model_version)
    client = MlflowClient()
    client.update_model_version(name, version, described)
    client.update_registered_model(name, _about(bundle))
    return version


def _about(bundle: Bundle) -> str:
    return (
        f"Predicts {', '.join(bundle.outcomes)} of the journey {bundle.journey}, from a frame of "
        f"events. The alias {CHAMPION} is in use, {CHALLENGER} waits, {PREVIOUS} was in use before."
    )


def champion_of(journey: str) -> Champion | None:
    """Return the champion of a journey's model; None where there is none."""
    name = name_of(journey)
    with quiet(), reached_store(), TemporaryDirectory() as folder:
        found = _registered(name)
        if found is None or CHAMPION not in found.aliases:
            return None
        version = str(found.aliases[CHAMPION])
        fetched = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}", dst_path=folder)
        place = next(Path(fetched).rglob("manifest.json")).parent
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        try:
            return Champion(version, manifest, load_bundle(place))
        except BundleError as fault:
            return Champion(version, manifest, None, str(fault).replace(str(place), name))


def crown(name: str, version: str) -> None:
    """Make a version champion, remember whom it replaced, and retire the challenger before it."""
    client, found = MlflowClient(), _registered(name)
    aliases = found.aliases if found is not None else {}
    before = aliases.get(CHAMPION)
    if before is not None and str(before) != version:
        client.set_model_version_tag(name, version, REPLACED, str(before))
        client.set_registered_model_alias(name, PREVIOUS, str(before))
    client.set_registered_model_alias(name, CHAMPION, version)
    if CHALLENGER in aliases:
        client.delete_registered_model_alias(name, CHALLENGER)


def challenge(name: str, version: str) -> None:
    """Make a version the challenger: registered, comparable, not in use."""
    MlflowClient().set_registered_model_alias(name, CHALLENGER, version)


def tag(name: str, version: str, tags: Mapping[str, str]) -> None:
    """Write tags on a version."""
    for key, value in tags.items():
        MlflowClient().set_model_version_tag(name, version, key, value)


def rollback(journey: str, *, to: str = "", now: pd.Timestamp) -> Moved:
    """Make the previous champion, or the version ``to``, the champion.

    Doing so again goes one champion further back; to be champion already is no fault.

    Raises
    ------
    BundleError
        If there is no such model or version, no champion, or nobody before it.
    """
    name = name_of(journey)
    require_local_store_exists()
    with reached_store():
        client, found = MlflowClient(), _require_registered(name)
        tags = _tags_by_version(name)
        before = str(found.aliases.get(CHAMPION, ""))
        line = list(_replaced_by(before, tags))
        after = to or _first_of(line, name, before)
        if after not in tags:
            known = sorted(tags, key=int)
            raise BundleError(
                f"{name!r} has no version {after!r}; it has {listed(known)}. "
                "Name one of these: offramp rollback --journey JOURNEY --to VERSION."
            )
        if after in line:
            tag(name, before, {"offramp.rolled_back_at": now.isoformat()})
            client.set_registered_model_alias(name, CHAMPION, after)
            _remember_previous(name, next(_replaced_by(after, tags), ""))
        elif after != before:
            crown(name, after)
    return Moved(name, before, after)


def _first_of(line: Sequence[str], name: str, champion: str) -> str:
    if line:
        return line[0]
    nobody = f"Version {champion} of {name!r} replaced nobody" if champion else f"{name!r} has none"
    raise BundleError(
        f"There is no champion to go back to: {nobody}. Name the version that shall be champion: "
        "offramp rollback --journey JOURNEY --to VERSION."
    )


def _replaced_by(version: str, tags: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the champions before a version, the latest first."""
    while version := tags.get(version, {}).get(REPLACED, ""):
        yield version


def _remember_previous(name: str, version: str) -> None:
    if version:
        MlflowClient().set_registered_model_alias(name, PREVIOUS, version)
    else:
        MlflowClient().delete_registered_model_alias(name, PREVIOUS)


def _tags_by_version(name: str) -> dict[str, dict[str, str]]:
    found = MlflowClient().search_model_versions(f"name = '{name}'")
    return {str(one.version): dict(one.tags) for one in found}


def _registered(name: str) -> RegisteredModel | None:
    try:
        return MlflowClient().get_registered_model(name)
    except MlflowException as fault:
        if fault.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _require_registered(name: str) -> RegisteredModel:
    found = _registered(name)
    if found is None:
        names = [one.name for one in MlflowClient().search_registered_models(max_results=1000)]
        raise BundleError(
            f"The registry has not the model {with_closest(name, names)}; it has {listed(names)}. "
            "Correct the journey, or set MLFLOW_TRACKING_URI to the store that has it."
        )
    return found
