"""The bundle behind BentoML, in an environment of its own; it needs LightGBM and numpy only.

``SERVING_BUNDLE`` is the bundle's folder: BentoML gives a service no arguments.
"""

import json
import os
from pathlib import Path
from typing import Any

import bentoml  # in an environment of its own
import lightgbm as lgb
import numpy as np


@bentoml.service(workers=1)
class Scores:
    """Trees and curves of a bundle whose outcomes have one member each."""

    def __init__(self) -> None:
        folder = Path(os.environ["SERVING_BUNDLE"])
        listed = json.loads((folder / "models.json").read_text())
        curves = json.loads((folder / "calibration.json").read_text())
        self.outcomes = [
            (lgb.Booster(model_file=folder / one["file"]), curves[name])
            for name, (one,) in listed.items()
        ]

    @bentoml.api(route="/v1/score")  # type: ignore[untyped-decorator]
    def score(self, inputs: list[list[float]]) -> dict[str, Any]:
        """Return the probability of each outcome."""
        X = np.asarray(inputs, dtype=np.float32)
        found = [
            np.interp(
                booster.predict(X, raw_score=True, num_threads=1),
                curve["margin"],
                curve["probability"][0],
            )
            for booster, curve in self.outcomes
        ]
        return {"predictions": np.column_stack(found).tolist()}
