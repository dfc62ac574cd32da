"""The road of one customer: a history in, where they stand out, in microseconds.

No table is built and no library of models is called: events are looked up, folded and scored by
compiled code that was made ready when the bundle came.  `offramp score` takes the same kernel over
a table, so the numbers agree to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Raw
from numpy.typing import NDArray

from journeys.definition import Definition
from models import Bundle
from serving import scoring
from serving.histories import Timed
from serving.messages import JourneyPrediction, ModelInfo, ScoreAnswer


@dataclass(frozen=True)
class Standing:
    """Where one customer stands on one journey.

    Attributes
    ----------
    prediction : of the open journey; None where none is open
    note : why none is open; empty where one is
    unknown_values : how many activities, channels and attribute values training never saw
    row : float32 (n_features,), the features of the open journey; None where none is open
    begins : which of the history's events begins the open journey; None where none is open
    """

    prediction: JourneyPrediction | None
    note: str
    unknown_values: int
    row: NDArray[np.float32] | None = None
    begins: int | None = None


class Scorer:
    """A bundle made ready for one history at a time; keep it as long as the bundle.

    It may be used by several threads at once.
    """

    degraded = False

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.definition: Definition = bundle.plan.definition
        self.info: ModelInfo = scoring.model_info(bundle)

    def predict(self, history: Timed, *, explain: int) -> Standing:
        """Return where a customer stands, with the ``explain`` strongest reasons per outcome."""
        return scoring.stand(self.bundle, history, explain)


def score(scorers: Sequence[Scorer], raw: Sequence[Raw], *, explain: int) -> ScoreAnswer:
    """Answer a request; a history that cannot be scored gets its problem and holds up no other.

    Parameters
    ----------
    scorers : one per journey, at least one
    raw : histories as JSON, at least one
    explain : how many reasons each prediction gets

    Raises
    ------
    Refused
        If not one history can be scored.
    """
    return scoring.score([one.bundle for one in scorers], raw, explain=explain)
