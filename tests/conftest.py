"""What every test may rely on: reproducible examples, no windows, and a real MLflow store."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
import typer
from hypothesis import settings

if TYPE_CHECKING:
    from training.train import Trained

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")
mpl.use("Agg")


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an empty MLflow store that the whole session shares.

    One store a session, because a new one migrates its schema for seconds. Tests keep out of each
    other's way by the names of their journeys.
    """
    folder: Path = tmp_path_factory.mktemp("mlflow")
    address = f"sqlite:///{folder / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        # MLflow offers no public setting for this; without it artefacts land in the checkout.
        patch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", str(folder / "artifacts"))
        yield address


@pytest.fixture(scope="session")
def trained() -> "Trained":
    """Return one small trained model, made once: nobody may change it."""
    from tests.trained_model import small_model

    return small_model()


@pytest.fixture(scope="session")
def commands() -> dict[str, set[str]]:
    """Return the options of every offramp command: {"check": {"--events", "--journey", ...}}."""
    from offramp.cli import app

    group = typer.main.get_command(app)
    return {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }
