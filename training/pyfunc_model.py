"""The model as MLflow loads it: a frame of events in, a frame of predictions out.

MLflow logs this file itself (models from code), so nothing is pickled; the fitted models are the
bundle beside it, and what reads it is the installed Offramp (docs/adr/0027).
"""

from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

from journeys.errors import OfframpError
from models.bundle import load_bundle
from training.predicted import Asked, Predictor


class EventsModel(PythonModel):  # type: ignore[misc]  # mlflow is untyped here
    """Predict the outcomes of the journeys in a frame, see `training.predicted.Predictor`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle that was logged, checking its hashes."""
        self.predictor = Predictor(load_bundle(context.artifacts["bundle"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow passes it
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return the predictions; a fault in the input is the caller's, with one clear message."""
        try:
            return self.predictor.predict(model_input, Asked(**(params or {})))
        except OfframpError as fault:
            raise MlflowException(str(fault), error_code=INVALID_PARAMETER_VALUE) from None


mlflow.models.set_model(EventsModel())
