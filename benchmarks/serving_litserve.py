"""The bundle behind LitServe: a row of features in, a probability of each outcome out."""

import argparse
from pathlib import Path
from typing import Any

import litserve as ls
import numpy as np

from models import load_bundle


class Scores(ls.LitAPI):  # type: ignore[misc]  # it is untyped
    """The models of a bundle, in a worker of LitServe."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(api_path="/v1/score")
        self.folder = bundle

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's
        """Load the models, in the worker."""
        self.bundle = load_bundle(self.folder)

    def decode_request(self, request: dict[str, Any]) -> Any:
        """Return the row as an array."""
        return np.asarray(request["inputs"], dtype=np.float32)

    def predict(self, X: Any) -> Any:
        """Return a column an outcome."""
        return np.column_stack([one.predict(X).p for one in self.bundle.outcomes.values()])

    def encode_response(self, output: Any) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--bundle", type=Path, required=True)
    asked.add_argument("--port", type=int, required=True)
    chosen = asked.parse_args()
    server = ls.LitServer(Scores(chosen.bundle), accelerator="cpu", workers_per_device=1)
    server.run(port=chosen.port, host="127.0.0.1", num_api_servers=1, generate_client_file=False)
