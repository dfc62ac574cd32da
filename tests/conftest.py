"""What every test may rely on: reproducible examples, no windows, and a real MLflow store."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import matplotlib as mpl
import pytest
import typer
from hypothesis import settings

from tests.offramp_run import Answer, Command, Run

if TYPE_CHECKING:
    from benchmarks.postgresql import PostgreSQL
    from serving.store import Store
    from tests.story_world import Desk
    from training.train import Trained

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")
mpl.use("Agg")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first: a long one at the end would keep one worker waiting."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
def postgresql() -> Iterator["PostgreSQL"]:
    """Return a running PostgreSQL that the whole session shares."""
    from benchmarks.postgresql import NoPostgreSQLError, PostgreSQL

    try:
        server = PostgreSQL()
    except NoPostgreSQLError as fault:
        pytest.skip(f"No PostgreSQL can be started here: {fault}")
    yield server
    server.throw_away()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "events.db")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database(f"test_{uuid4().hex}")


@pytest.fixture
def store(database: str) -> Iterator["Store"]:
    """Return an empty event store of each kind."""
    from serving.store import Store

    opened = Store.open(database)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Desk"]:
    """Return a touchpoint before a running server that knows simulated customers; for stories."""
    from tests.story_world import open_desk

    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="session")
def trained() -> "Trained":
    """Return one small trained model, made once: nobody may change it."""
    from tests.trained_model import small_model

    return small_model()


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command of the command line, in this process, as a user does."""
    from offramp.cli import main

    def offramp(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["offramp", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return offramp


@pytest.fixture
def run(call: Command) -> Run:
    """Run a command; return its exit code and what it said, in one line."""

    def offramp(*words: object) -> tuple[int, str]:
        said = call(*words)
        return said.code, said.words

    return offramp


@pytest.fixture(scope="session")
def commands() -> dict[str, set[str]]:
    """Return the options of every offramp command: {"check": {"--events", "--journey", ...}}."""
    from offramp.cli import app

    group = typer.main.get_command(app)
    return {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }
