"""What a command needs is imported, what it does not need is not: a word of help comes at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, names_at_the_front

HEAVY = (
    "alembic fastapi jinja2 lightgbm matplotlib mlflow numba numpy optuna pandas pyarrow pydantic "
    "scipy shap sklearn sqlalchemy"
)
ON_DEMAND = ["journeys", "models", "rootcause", "serving"]
LOG = "customer_id,time,activity,channel\na,2026-01-01,begun,app\na,2026-01-02,paid,app\n"
JOURNEY = "name: loan\nstart: {activity: begun}\nsuccess: {activity: paid, within: 2d}\n"


def after(source: str, folder: Path) -> tuple[str, set[str]]:
    """Return what a program says, and which of the heavy libraries it has imported at its end."""
    program = f"import sys\n{source}\nprint('imported:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    said, _, imported = done.stdout.rpartition("imported:")
    return said, set(HEAVY.split()) & set(imported.split())


def command(*words: str) -> str:
    call = "from offramp.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    return f"sys.argv = {['offramp', *words]}\n{call}"


def test_help_needs_no_heavy_library(tmp_path: Path) -> None:
    said, imported = after(command("--help"), tmp_path)
    assert "offramp demo" in said
    assert imported == set()


def test_a_log_is_checked_without_models_and_without_their_store(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "loan.yaml").write_text(JOURNEY)
    words = ("check", "--events", "log.csv", "--journey", "loan.yaml")
    said, imported = after(command(*words), tmp_path)
    assert "2 events of 1 customer" in said
    assert imported == {"numpy", "pandas", "pyarrow", "pydantic"}


def test_one_file_of_a_room_is_imported_without_the_rest_of_it(tmp_path: Path) -> None:
    _, imported = after("import rootcause.wording", tmp_path)
    assert imported <= {"numpy", "pandas", "pyarrow"}


@pytest.mark.parametrize("room", ON_DEMAND)
def test_no_file_of_a_room_has_the_name_of_something_that_it_offers(room: str) -> None:
    """Python puts an imported file where the front's own name would be."""
    files = {path.stem for path in (ROOT / room).glob("*.py")}
    assert files & names_at_the_front(room).keys() == set()
