"""The bundle: fitted models and a manifest in a folder; data only, no code, no pickle.

```
manifest.json     name, journey, code version, spec_hash, definition, training window, label rates,
                  evaluation with intervals, sha256 of every other file and of itself
models.json       per outcome its members: their kind, file and weight
success.boosted.txt, success.linear.json …   one file per member: LightGBM's text, or JSON
calibration.json  the curves of each outcome
vocabulary.json   the values known from training
surroundings.npz  what was known of others, and when (counts; arrays only)
ahead.json        what those who stood somewhere did next (counts); absent in older bundles
```
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from features.plan import Plan
from features.stored import plan_as_dict, plan_from_dict
from features.surroundings import Surroundings
from journeys.errors import BundleError
from models.ahead import Ahead
from models.blend import Blend, Member
from models.calibration import Calibration
from models.linear import Linear
from models.outcome import OutcomeModel
from models.trees import Trees

FORMAT = 2
_MANIFEST, _MODELS = "manifest.json", "models.json"
_CALIBRATION, _VOCABULARY = "calibration.json", "vocabulary.json"
_SURROUNDINGS, _AHEAD = "surroundings.npz", "ahead.json"
_KINDS: dict[str, type[Trees] | type[Linear]] = {"trees": Trees, "linear": Linear}
_SUFFIXES = {"trees": "txt", "linear": "json"}


@dataclass(frozen=True)
class Bundle:
    """Everything that predicts the outcomes of one journey definition.

    ``manifest`` holds plain data: ``name``, ``journey``, ``code_version``, ``spec_hash``,
    ``definition``, ``trained_from`` and ``trained_to`` (UTC, ISO), ``label_rates``, ``evaluation``
    and, once saved, ``files`` with their sha256 and the manifest's own ``sha256``.  ``ahead``: the
    typical paths, None in a bundle that was made without them.
    """

    plan: Plan
    outcomes: dict[str, OutcomeModel]
    manifest: dict[str, object]
    ahead: Ahead | None = field(default=None, repr=False)

    @property
    def journey(self) -> str:
        """The name of the journey definition."""
        return self.plan.definition.name


def bundle_of(
    plan: Plan,
    outcomes: dict[str, OutcomeModel],
    described: Mapping[str, object],
    *,
    ahead: Ahead | None = None,
) -> Bundle:
    """Return a bundle of fitted models; ``described`` adds windows, rates and evaluation."""
    stored = plan_as_dict(plan)
    manifest = {
        "format": FORMAT,
        "name": f"offramp-{plan.definition.name}",
        "journey": plan.definition.name,
        "code_version": version("offramp"),
        "spec_hash": stored["spec_hash"],
        "outcomes": list(outcomes),
        "definition": stored["definition"],
        **described,
    }
    return Bundle(plan, outcomes, manifest, ahead)


def save_bundle(bundle: Bundle, folder: str | Path) -> Path:
    """Write a bundle beside its place, then move it there; return the folder.

    Raises
    ------
    BundleError
        If something stands there already, or the place cannot be written to.
    """
    folder = Path(folder)
    if folder.exists():
        raise BundleError(f"{str(folder)!r} exists already; name a new folder for the bundle.")
    beside = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for name, content in _files(bundle).items():
            (beside / name).write_bytes(content)
        beside.chmod(0o755)
        beside.rename(folder)
    except OSError as fault:
        raise BundleError(
            f"The bundle cannot be written to {str(folder)!r}: {fault.strerror}. "
            "Name a new folder in a place that may be written to."
        ) from fault
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
    return folder


def load_bundle(folder: str | Path) -> Bundle:
    """Read a bundle after checking that it is whole and made for this code.

    Raises
    ------
    BundleError
        If a file is missing or its bytes have changed, or if this code would compute other
        features than those that the models learnt from.
    """
    folder = Path(folder)
    manifest = _checked_manifest(folder)
    plan = plan_from_dict(manifest["definition"], _read_json(folder / _VOCABULARY))
    if plan.spec_hash != manifest["spec_hash"]:
        raise BundleError(
            f"The bundle {str(folder)!r} was trained with features {manifest['spec_hash']}, this "
            f"code computes {plan.spec_hash}; train it again with this version of Offramp."
        )
    if _SURROUNDINGS in manifest["files"]:
        known = Surroundings.from_bytes((folder / _SURROUNDINGS).read_bytes())
        plan = plan.with_surroundings(known)
    curves, models = _read_json(folder / _CALIBRATION), _read_json(folder / _MODELS)
    outcomes = {
        name: OutcomeModel(_blend(folder, models[name]), Calibration.from_dict(curves[name]))
        for name in manifest["outcomes"]
    }
    return Bundle(plan, outcomes, manifest, _ahead(folder, manifest))


def _ahead(folder: Path, manifest: Mapping[str, Any]) -> Ahead | None:
    if _AHEAD not in manifest["files"]:
        return None
    return Ahead.from_dict(_read_json(folder / _AHEAD))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle, which is as it was saved; nothing is said of other files.

    Raises
    ------
    BundleError
        If there is none, it was made by other code, or its bytes have changed.
    """
    if not (folder / _MANIFEST).is_file():
        raise BundleError(
            f"There is no bundle at {str(folder)!r}: it has no {_MANIFEST}. Give the folder that "
            "training wrote, or a model of the registry such as models:/offramp-NAME@champion."
        )
    manifest = _read_json(folder / _MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"The bundle {str(folder)!r} has format {manifest.get('format')!r}, this code reads "
            f"format {FORMAT}; train it again with this version of Offramp."
        )
    if not _is_as_saved(manifest, folder / _MANIFEST):
        raise _changed(_MANIFEST, folder)
    return manifest


def _blend(folder: Path, said: list[dict[str, Any]]) -> Blend:
    """Return the members that ``models.json`` lists for one outcome."""
    texts = {one["name"]: (folder / one["file"]).read_text(encoding="utf-8") for one in said}
    members = {one["name"]: _KINDS[one["kind"]].from_text(texts[one["name"]]) for one in said}
    return Blend(members, {one["name"]: one["weight"] for one in said})


def _listed(outcome: str, blend: Blend) -> list[dict[str, Any]]:
    """Return what ``models.json`` says of one outcome's members."""
    kinds = {name: _kind(member) for name, member in blend.members.items()}
    return [
        {
            "name": name,
            "kind": kind,
            "file": f"{outcome}.{name}.{_SUFFIXES[kind]}",
            "weight": blend.weights[name],
        }
        for name, kind in kinds.items()
    ]


def _kind(member: Member) -> str:
    return next(kind for kind, one in _KINDS.items() if isinstance(member, one))


def _files(bundle: Bundle) -> dict[str, bytes]:
    """Return the content of each file of the folder, the manifest last."""
    curves = {name: model.calibration.as_dict() for name, model in bundle.outcomes.items()}
    listed = {name: _listed(name, model.blend) for name, model in bundle.outcomes.items()}
    files = {
        one["file"]: bundle.outcomes[name].blend.members[one["name"]].to_text()
        for name, each in listed.items()
        for one in each
    }
    files[_MODELS] = _json(listed)
    files[_CALIBRATION] = _json(curves)
    files[_VOCABULARY] = _json(plan_as_dict(bundle.plan)["vocabulary"])
    if bundle.ahead is not None:
        files[_AHEAD] = _json(bundle.ahead.as_dict())
    written = {name: text.encode() for name, text in files.items()}
    if bundle.plan.surroundings is not None:
        written[_SURROUNDINGS] = bundle.plan.surroundings.to_bytes()
    digests = {name: _sha256(written[name]) for name in sorted(written)}
    manifest = bundle.manifest | {"files": digests}
    return written | {_MANIFEST: _json(manifest | {"sha256": _own_sha256(manifest)}).encode()}


def _checked_manifest(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    for name, expected in manifest["files"].items():
        if not (folder / name).is_file():
            raise BundleError(f"The bundle {str(folder)!r} lacks {name}; fetch or train it again.")
        if _sha256((folder / name).read_bytes()) != expected:
            raise _changed(name, folder)
    return manifest


def _is_as_saved(manifest: dict[str, object], path: Path) -> bool:
    try:
        written = _json(manifest).encode()
    except ValueError:  # changed bytes can make a number infinite or a text unwritable
        return False
    return written == path.read_bytes() and manifest.get("sha256") == _own_sha256(manifest)


def _changed(name: str, folder: Path) -> BundleError:
    return BundleError(
        f"The file {name} of the bundle {str(folder)!r} is not the one that was saved "
        "(its sha256 differs); fetch or train the bundle again."
    )


def _own_sha256(manifest: dict[str, object]) -> str:
    """Return the digest of a manifest without the place where the digest stands."""
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    return _sha256(_json(rest).encode())


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _read_json(path: Path) -> dict:  # type: ignore[type-arg]  # read from JSON
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        raise BundleError(
            f"{str(path)!r} cannot be read; fetch or train the bundle again."
        ) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
