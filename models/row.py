"""All outcomes of a bundle, made ready for one row of features at a time.

Members, lines and curves are packed into arrays once; then one compiled call answers for all
outcomes, with the numbers that the models give a table: probabilities to the bit, Shapley values up
to rounding.  What the arrays cannot hold is asked of the models themselves.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numba import config
from numpy.typing import NDArray

from models.outcome import OutcomeModel
from models.packed import ROUNDING, Packed, answer, explain, packed, strongest

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Row = NDArray[np.float32]
Shapley = Literal["compiled", "lightgbm"]
"""Whose Shapley values: those of `models.tree_shap`, or LightGBM's, many times slower."""


class RowModels:
    """Models of all outcomes for one row of features, float32 of shape (n_features,).

    Safe for threads.  Results have a line for each outcome, in the order of ``outcomes``.

    Parameters
    ----------
    outcomes : the models by name, at least one
    shapley : whose Shapley values `contributions` gives
    """

    def __init__(
        self,
        outcomes: Mapping[str, OutcomeModel],
        *,
        shapley: Shapley = "compiled",
    ) -> None:
        self.outcomes = dict(outcomes)
        compiles = not config.DISABLE_JIT
        self._packed = packed(list(self.outcomes.values())) if compiles else None
        self._explains = self._packed if shapley == "compiled" else None

    def margins(self, row: Row) -> Floats:
        """Return the log odds before calibration, shape (n_outcomes,), as `OutcomeModel.margin`."""
        if self._packed is None:
            return np.array([model.margin(row[None])[0] for model in self.outcomes.values()])
        return self._answered(self._packed, row)[:, 0]

    def predict(self, row: Row) -> Floats:
        """Return p, low and high, shape (n_outcomes, 3), as `OutcomeModel.predict`."""
        if self._packed is None:
            found = [model.predict(row[None]) for model in self.outcomes.values()]
            return np.array([(each.p[0], each.low[0], each.high[0]) for each in found])
        return self._answered(self._packed, row)[:, 1:]

    def contributions(self, row: Row) -> Floats:
        """Return SHAP values in log odds, shape (n_outcomes, n_features + 1), the base last."""
        if self._explains is None:
            return np.array([model.contributions(row[None])[0] for model in self.outcomes.values()])
        found = np.zeros((len(self.outcomes), len(row) + 1))
        explain(self._explains.arrays, row, self._explains.room_to_explain(), found)
        return found

    def strongest(self, row: Row, *, most: int) -> tuple[Places, Floats]:
        """Return the features of largest Shapley value, and what they are worth in probability.

        Both (n_outcomes, most), the strongest first; a place of -1: no other has any worth.
        """
        shape = len(self.outcomes), most
        places, points = np.full(shape, -1), np.zeros(shape)
        worths = self.contributions(row)
        if self._packed is not None:
            strongest(self._packed.arrays, row, worths, places, points)
            return places, points
        for outcome, model in enumerate(self.outcomes.values()):
            found, worth = strongest_of(model, row, worths[outcome], most=most)
            places[outcome, : len(found)], points[outcome, : len(found)] = found, worth
        return places, points

    def _answered(self, packed: Packed, row: Row) -> Floats:
        found = np.empty((len(self.outcomes), 4))
        answer(packed.arrays, row, packed.room(), found)
        return found


def strongest_of(
    model: OutcomeModel, row: Row, contributions: Floats, *, most: int
) -> tuple[Places, Floats]:
    """Return the features of largest contribution to a row's margin, and their points."""
    places = np.argsort(-np.abs(contributions[:-1]), kind="stable")[:most]
    places = places[np.abs(contributions[places]) > ROUNDING]
    margin = contributions.sum()
    margins = np.concatenate([[margin], margin - contributions[places]])
    stage = np.repeat(model.calibration.stage_of(row[None]), len(margins))
    probability = model.calibration(margins, stage)
    return places, probability[0] - probability[1:]
