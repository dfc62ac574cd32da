"""What a run says of the customers it has learnt from: how many there were, and what that loses."""

from collections.abc import Mapping
from typing import Any

import mlflow
import pandas as pd


def log_sample(manifest: Mapping[str, Any]) -> None:
    """Log the road and the counts as parameters, losses as metrics, and the learning curves.

    A manifest that says nothing of it (of a log learnt from as a whole) adds nothing.
    """
    said = manifest.get("learnt_from")
    if said is None:
        return
    mlflow.log_params({"road": said["road"], "customers_of_log": said["of"]})
    losses = manifest.get("sample_loss", {})
    ends = {"": "loss", "_low": "low", "_high": "high"}
    mlflow.log_metrics(
        {
            f"{outcome}.sample_loss{end}": loss[name]
            for outcome, loss in losses.items()
            for end, name in ends.items()
            if loss[name] is not None
        }
    )
    rows = [{"outcome": o} | point for o, loss in losses.items() for point in loss["points"]]
    if rows:
        mlflow.log_table(pd.DataFrame(rows), "tables/learning_curve.json")
