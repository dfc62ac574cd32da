"""The road of one customer: a history in, where they stand out, in microseconds.

No table is built and no library of models is called: events are looked up, folded and scored by
compiled code that was made ready when the bundle came.  `offramp score` takes the same kernel over
a table, so the numbers agree to the last bit (docs/adr/0018).
"""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.find_one import Ended, Lived
from features.typed import TypedEvents, Written
from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL
from models import Bundle
from models.reasons import reasons_of_row
from models.row import RowModels, Shapley
from serving.histories import Timed, column_of, utc_text
from serving.messages import STARTED, JourneyPrediction, ModelInfo


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one customer stands on one journey.

    Attributes
    ----------
    prediction : of the open journey; None where none is open
    note : why none is open; empty where one is
    unknown_values : how many activities, channels and attribute values training never saw
    row : float32 (n_features,), the features of the open journey; None where none is open
    begins : which of the history's events begins the open journey; None where none is open
    ended : the customer's earlier journeys, ascending
    told_values : how many activities, channels and attribute values there are at all
    """

    prediction: JourneyPrediction | None
    note: str
    unknown_values: int
    row: NDArray[np.float32] | None = None
    begins: int | None = None
    ended: tuple[Ended, ...] = ()
    told_values: int = 0


class Scorer:
    """A bundle made ready for one history at a time; keep it as long as the bundle.

    It may be used by several threads at once.  ``degraded``: a model answers, no base rate.
    ``shapley`` as `RowModels` takes it.
    """

    degraded = False

    def __init__(self, bundle: Bundle, *, shapley: Shapley = "compiled") -> None:
        self.bundle = bundle
        self.definition: Definition = bundle.plan.definition
        self.info: ModelInfo = model_info(bundle)
        self.events = TypedEvents(bundle.plan)
        self._models = RowModels(bundle.outcomes, shapley=shapley)
        names = (ACTIVITY, CHANNEL, *self.definition.fields)
        self.columns = {name: column_of(name, self.definition) for name in names}
        rates = bundle.manifest.get("label_rates")
        known_rates = rates if isinstance(rates, dict) else {}
        self._base_rate = {outcome: known_rates.get(outcome) for outcome in bundle.outcomes}

    def predict(self, history: Timed, *, explain: int) -> Standing:
        """Return where a customer stands, with the ``explain`` strongest reasons per outcome."""
        if history.scanned is not None:
            return self._standing(history, *history.scanned, explain)
        columns = {name: history.columns[column] for name, column in self.columns.items()}
        written = self.events.written(history.times, columns)
        return self._standing(history, written, str(columns[ACTIVITY][-1]), explain)

    def _standing(self, history: Timed, written: Written, step: str, explain: int) -> Standing:
        lived, row, told, never_seen = self.events.stood(written, history.as_of)
        if row is None:
            note = note_of(lived, self.definition)
            return Standing(None, note, never_seen, ended=lived.ended, told_values=told)
        prediction = self._prediction(history, lived, step, row, explain)
        return Standing(prediction, "", never_seen, row, lived.begins, lived.ended, told)

    def of_nothing(self) -> list[float]:
        """Return what each outcome's model predicts where nothing is known."""
        nothing = np.full(len(self.bundle.plan.features), np.nan, dtype=np.float32)
        return [float(p) for p in self._models.predict(nothing)[:, 0]]

    def _prediction(
        self, history: Timed, lived: Lived, step: str, row: NDArray[np.float32], explain: int
    ) -> JourneyPrediction:
        models = self._models
        found = dict(zip(models.outcomes, models.predict(row).tolist(), strict=True))
        started = history.times[lived.begins or 0]
        return JourneyPrediction(
            journey=self.definition.name,
            step=step,
            started=utc_text(started),
            age_hours=(history.as_of - started) / 1e6 / 3600,
            p={outcome: p for outcome, (p, _, _) in found.items()},
            interval={outcome: (low, high) for outcome, (_, low, high) in found.items()},
            base_rate=self._base_rate,
            happened=list(lived.happened),
            reasons=reasons_of_row(models, row, self.bundle.plan, most=explain) if explain else {},
            stage=lived.stage or STARTED,
        )


def note_of(lived: Lived, definition: Definition) -> str:
    """Say why no journey is open; the customer's last journey has the last word."""
    name = definition.name
    if not lived.ended:
        return f"No event starts the journey {name!r}."
    last = lived.ended[-1]
    return f"The last journey {name!r} ended at {utc_text(last.end)}: {last.state}."


def model_info(bundle: Bundle) -> ModelInfo:
    """Return what an answer says of the model behind it."""
    said = bundle.manifest
    files = json.dumps(said.get("files", {}), sort_keys=True)
    trained_to, around = said.get("trained_to"), bundle.plan.surroundings
    return ModelInfo(
        name=str(said["name"]),
        version=str(said.get("version") or hashlib.sha256(files.encode()).hexdigest()[:12]),
        journey=bundle.journey,
        outcomes=list(bundle.outcomes),
        spec_hash=bundle.plan.spec_hash,
        code_version=str(said["code_version"]),
        trained_to=None if trained_to is None else str(trained_to),
        surroundings_until=None if around is None else utc_text(around.until),
    )
