"""Base rates: what can honestly be said of a customer when there is no model.

Where the customer stands is known from the definition alone.  What is likely is not: it is the
outcome's share among all journeys that a model once learnt from, or nothing at all.  An answer of
base rates says so (``degraded``), has no reasons, and abstains from advice.
"""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from features.find_one import Lived, OneCustomer
from journeys.definition import Definition
from journeys.errors import BundleError, DefinitionError
from journeys.log import ACTIVITY
from models.bundle import read_manifest
from serving.advice import NO_MODEL
from serving.histories import Timed, utc_text
from serving.messages import STARTED, JourneyPrediction, ModelInfo
from serving.registry import registered_name
from serving.road import Standing, note_of

_logger = logging.getLogger("offramp.serving")


class BaseRates:
    """Stands in for the `Scorer` of one journey, and is asked as that is.

    Parameters
    ----------
    definition : of the journey
    rates : the share of each outcome among the samples learnt from; an outcome of unknown rate
        (None) gets no probability.  A rate is no prediction: its interval is all of [0, 1].
    info : the model that the rates come from, or that there is none
    """

    degraded = True

    def __init__(
        self, definition: Definition, rates: Mapping[str, float | None], info: ModelInfo
    ) -> None:
        self.definition, self.info, self.rates = definition, info, dict(rates)
        self._journeys = OneCustomer(definition)

    def predict(self, history: Timed, *, explain: int) -> Standing:  # noqa: ARG002 - as a Scorer
        """Return where a customer stands, with base rates in place of probabilities."""
        columns = {name: history.values(name, self.definition) for name in self._journeys.fields}
        lived = self._journeys.lived(history.times, columns, history.as_of)
        if lived.begins is None:
            return Standing(None, note_of(lived, self.definition), 0, ended=lived.ended)
        prediction = self._prediction(history, lived, lived.begins, str(columns[ACTIVITY][-1]))
        return Standing(prediction, "", 0, None, lived.begins, lived.ended)

    def _prediction(
        self, history: Timed, lived: Lived, begins: int, step: str
    ) -> JourneyPrediction:
        started = history.times[begins]
        known = {outcome: rate for outcome, rate in self.rates.items() if rate is not None}
        return JourneyPrediction(
            journey=self.definition.name,
            step=step,
            started=utc_text(started),
            age_hours=(history.as_of - started) / 1e6 / 3600,
            p=known,
            interval=dict.fromkeys(known, (0.0, 1.0)),
            base_rate=self.rates,
            happened=list(lived.happened),
            reasons={},
            stage=lived.stage or STARTED,
            abstain=NO_MODEL,
        )


def base_rates_in(folder: Path) -> BaseRates | None:
    """Return the base rates of the manifest in a folder, if there is one that is as it was saved.

    The rest of the bundle may be damaged, or made for other features: the rates are not.
    """
    for path in sorted(folder.rglob("manifest.json")):
        try:
            manifest = read_manifest(path.parent)
            definition = Definition.from_dict(manifest["definition"])
            rates = {name: manifest["label_rates"].get(name) for name in manifest["outcomes"]}
        except (BundleError, DefinitionError, KeyError, TypeError, ValueError) as fault:
            _logger.debug("no base rates in %s: %s", path, fault)
            continue
        info = ModelInfo(
            name=str(manifest["name"]),
            version="base rates",
            journey=definition.name,
            outcomes=list(rates),
            spec_hash=str(manifest["spec_hash"]),
            code_version=str(manifest["code_version"]),
            trained_to=str(manifest.get("trained_to")),
        )
        return BaseRates(definition, rates, info)
    return None


def base_rates_for(uri: str, definitions: Sequence[Definition]) -> BaseRates | None:
    """Return base rates without rates: the definition of a registered model's journey, if given."""
    name = registered_name(uri) or ""
    for definition in definitions:
        if name == f"offramp-{definition.name}":
            outcomes = definition.outcomes
            info = ModelInfo(
                name=name,
                version="nothing",
                journey=definition.name,
                outcomes=list(outcomes),
                spec_hash="",
                code_version=version("offramp"),
                trained_to=None,
            )
            return BaseRates(definition, dict.fromkeys(outcomes), info)
    return None
