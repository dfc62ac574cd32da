"""All outcomes of a bundle, made ready for one row of features at a time."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.outcome import OutcomeModel

Floats = NDArray[np.float64]
Row = NDArray[np.float32]


class RowModels:
    """Models of all outcomes for one row of features, float32 of shape (n_features,).

    ``outcomes`` are the models by name; results have one line each, in their order.
    """

    def __init__(self, outcomes: Mapping[str, OutcomeModel]) -> None:
        self.outcomes = dict(outcomes)

    def margins(self, row: Row) -> Floats:
        """Return the log odds before calibration, shape (n_outcomes,), as `OutcomeModel.margin`."""
        return np.array([model.margin(row[None])[0] for model in self.outcomes.values()])

    def predict(self, row: Row) -> Floats:
        """Return p, low and high, shape (n_outcomes, 3), to the bit as `OutcomeModel.predict`."""
        found = [model.predict(row[None]) for model in self.outcomes.values()]
        return np.array([(each.p[0], each.low[0], each.high[0]) for each in found])

    def contributions(self, row: Row) -> Floats:
        """Return SHAP values in log odds, shape (n_outcomes, n_features + 1), the base last."""
        return np.array([model.contributions(row[None])[0] for model in self.outcomes.values()])
