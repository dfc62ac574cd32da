"""All that is learnt from: samples, labels, features, and who learns where."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.plan import Plan
from journeys.definition import Outcome
from journeys.log import EventLog, microseconds
from journeys.split import Split
from models.part import Part, journey_weight

EVENNESS = 0.5


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A log with what was made of it; samples, labels and rows of ``X`` go side by side."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame
    labels: dict[Outcome, pd.DataFrame]
    splits: dict[Outcome, Split]
    plan: Plan
    X: NDArray[np.float32]

    def part(self, outcome: Outcome, chosen: NDArray[np.bool_]) -> Part:
        """Return some samples with their labels, each weighed as one of its journey's."""
        rows = np.flatnonzero(chosen)
        journey = self.samples["journey"].to_numpy()[rows]
        labels = self.labels[outcome].iloc[rows]
        return Part(
            X=self.X[rows],
            y=labels["y"].to_numpy(),
            customers=self.customers[rows],
            weight=journey_weight(journey, evenness=EVENNESS),
            started=microseconds(self.journeys["start"])[journey],
            closed_at=microseconds(labels["closed_at"]),
        )

    @property
    def customers(self) -> NDArray[np.int64]:
        """The customer code of each sample."""
        of_journey = self.journeys["customer"].to_numpy(dtype=np.int64)
        return np.asarray(of_journey[self.samples["journey"].to_numpy()])
