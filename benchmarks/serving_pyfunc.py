"""The peer behind `mlflow models serve`: rows of features in, probabilities out."""

import mlflow
import numpy as np
from mlflow.pyfunc import PythonModel, PythonModelContext

from models.bundle import load_bundle


class FeaturesModel(PythonModel):  # type: ignore[misc]  # mlflow is untyped here
    """Predict every outcome of a bundle from features."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle that was saved beside this file."""
        self.bundle = load_bundle(context.artifacts["bundle"])

    def predict(self, model_input: np.ndarray, params: object = None) -> np.ndarray:  # noqa: ARG002 - MLflow checks both names
        """Return one column an outcome, in the bundle's order, for rows of features."""
        X = np.asarray(model_input, dtype=np.float32)
        return np.column_stack([one.predict(X).p for one in self.bundle.outcomes.values()])


mlflow.models.set_model(FeaturesModel())
