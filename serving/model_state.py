"""What is told of the models that answer: which, since when, from where, and how the last try went.

Addresses of machines and places on disks are for the log, not for whoever may ask.
"""

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from serving.histories import utc_text
from serving.messages import ModelInfo
from serving.registry import is_folder
from serving.road import Scorer
from serving.served import Origin, Reload, Served, Source
from serving.without_model import BaseRates

_WHY = {
    "loaded": "",
    "unchanged": "Nothing was new.",
    "refused": "It is not there, damaged, or fails its self-test; what answered before stays. "
    "The log says more.",
    "away": "The registry does not answer; what answered before stays.",
}


class LastReload(Struct, frozen=True):
    """How the last try to load went, when (UTC), and with which version of the registry."""

    at: str
    result: Literal["loaded", "unchanged", "refused", "away"]
    version: str | None
    why: str


class ServedModel(ModelInfo, frozen=True, kw_only=True):
    """A model that answers, or (``degraded``) the base rates that stand in for it.

    ``source`` is what gave the bundle: the ``registry``, the ``cache`` of an earlier start, a
    ``folder``; ``nothing`` for base rates.  ``registry_away_since`` is null while it answers.
    Times are UTC.
    """

    degraded: bool
    address: str
    source: Source
    loaded_at: str
    registry_away_since: str | None = None
    last_reload: LastReload | None = None


class ModelsAnswer(Struct, frozen=True):
    """The models that answer, one per journey, with what training measured of each."""

    models: list[ServedModel]
    evaluation: dict[str, Any]  # the manifest's own; msgspec knows no schema of object


class ReloadAsked(Struct, frozen=True):
    """The registry will be looked at; ``/v1/model`` tells what came of it."""

    status: str


def state_of(served: Served) -> ModelsAnswer:
    """Return what is told of all that answers."""
    origins = {origin.journey: origin for origin in served.origins}
    everyone = served.everyone
    return ModelsAnswer(
        [_told(one, origins[one.definition.name]) for one in everyone],
        {one.definition.name: _evaluation(one) for one in everyone},
    )


def _told(answering: Scorer | BaseRates, origin: Origin) -> ServedModel:
    return ServedModel(
        **asdict(answering.info),
        degraded=answering.degraded,
        address="a folder" if is_folder(origin.uri) else origin.uri,
        source=origin.source,
        loaded_at=utc_text(origin.loaded_at),
        registry_away_since=None if origin.away_since is None else utc_text(origin.away_since),
        last_reload=None if origin.reload is None else _last(origin.reload),
    )


def _last(reload: Reload) -> LastReload:
    return LastReload(utc_text(reload.at), reload.result, reload.version, _WHY[reload.result])


def _evaluation(answering: Scorer | BaseRates) -> object:
    return answering.bundle.manifest.get("evaluation") if isinstance(answering, Scorer) else None


EXAMPLE = ModelsAnswer(
    [
        ServedModel(
            name="offramp-mortgage_refinance",
            version="3",
            journey="mortgage_refinance",
            outcomes=["success", "leakage", "churn"],
            spec_hash="62f1bad7f94bac04",
            code_version="0.1.0",
            trained_to="2026-02-18T10:32:14Z",
            surroundings_until="2026-04-26T23:53:35Z",
            degraded=False,
            address="models:/offramp-mortgage_refinance@champion",
            source="registry",
            loaded_at="2026-04-27T03:00:12Z",
            registry_away_since=None,
            last_reload=LastReload("2026-04-27T03:00:12Z", "loaded", "3", ""),
        )
    ],
    {"mortgage_refinance": {"leakage": {"base_rate": 0.106}}},
)
