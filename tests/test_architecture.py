"""The rooms of the house and the arrows between them, as drawn in docs/architecture.md."""

import ast
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Room: the names of this project it may import, and the libraries that are its alone to use.
ROOMS = {
    "journeys": ("", "pyarrow pydantic yaml sqlalchemy"),
    "features": ("journeys", "numba py4j pyarrow pyspark"),
    "models": (
        "journeys.errors journeys.front features",
        "dask distributed lightgbm llvmlite numba sklearn threadpoolctl",
    ),
    "rootcause": ("journeys features models", "numba pyarrow shap scipy jinja2 matplotlib"),
    "training": ("journeys features models rootcause", "mlflow optuna pyarrow"),
    "serving": (
        "journeys features models rootcause",
        "alembic fastapi starlette uvicorn msgspec prometheus_client sqlalchemy mlflow",
    ),
    "offramp": ("journeys features models rootcause training serving", "typer rich"),
}
EVERYWHERE = sys.stdlib_module_names | {"numpy", "pandas"}
# A feature that could see a label would be a leak of the future.
NEVER = {"features": "journeys.labels"}


class Import(NamedTuple):
    """One imported name in full, and the line that imports it."""

    line: int
    name: str


def test_the_rooms_are_the_listed_packages_and_the_folders() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = {pattern.rstrip("*") for pattern in settings["packages"]["find"]["include"]}
    folders = {path.parent.name for path in ROOT.glob("[a-z]*/__init__.py")}
    assert listed == set(ROOMS)
    assert folders - {"benchmarks", "pages"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_resolves_to_this_tree(room: str) -> None:
    found = importlib.util.find_spec(room)
    assert found is not None
    assert Path(str(found.origin)).resolve() == ROOT / room / "__init__.py"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_follow_the_arrows_and_libraries_stay_in_their_rooms(room: str) -> None:
    fronts = {other: names_at_the_front(other) for other in ROOMS}
    broken = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for fault in broken_imports(path.read_text(), room, fronts)
    ]
    assert broken == []


def test_one_file_of_serving_speaks_to_mlflow() -> None:
    speaking = {
        path.name
        for path in (ROOT / "serving").glob("*.py")
        for found in imports_of(path.read_text(), "serving")
        if _within(found.name, "mlflow")
    }
    assert len(speaking) <= 1, speaking


def test_one_file_of_journeys_speaks_sql() -> None:
    speaking = {
        path.name
        for path in (ROOT / "journeys").glob("*.py")
        for found in imports_of(path.read_text(), "journeys")
        if _within(found.name, "sqlalchemy")
    }
    assert speaking == {"query.py"}


def test_one_file_knows_spark_and_imports_it_only_when_asked() -> None:
    sources = {path: path.read_text() for room in ROOMS for path in (ROOT / room).glob("*.py")}
    speaking = {
        f"{path.parent.name}/{path.name}"
        for path, source in sources.items()
        for found in imports_of(source, path.parent.name)
        if _within(found.name, "pyspark") or _within(found.name, "py4j")
    }
    assert speaking == {"features/spark.py"}
    at_once = "import sys, features.spark; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", at_once], cwd=ROOT, check=False).returncode == 0


def test_one_file_speaks_to_dask() -> None:
    speaking = {
        path.name
        for room in ROOMS
        for path in (ROOT / room).glob("*.py")
        for found in imports_of(path.read_text(), room)
        if _within(found.name, "dask") or _within(found.name, "distributed")
    }
    assert speaking == {"on_dask.py"}


# A rule that cannot fail is no rule: these sources are made up to break it, and not to.

FRONTS = {
    "journeys": {
        "EventLog": "journeys.log.EventLog",
        "BundleError": "journeys.errors.BundleError",
        "labels_of": "journeys.labels.labels_of",
    },
    "features": {"labels_again": "journeys.labels.labels_of"},
}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("features", "import journeys"),
        ("features", "import journeys.labels"),
        ("features", "from journeys import labels"),
        ("features", "from journeys import labels_of"),
        ("features", "from features import labels_again"),
        ("features", "def fold():\n    from journeys.labels import labels_of"),
        ("models", "from journeys.definition import Definition"),
        ("models", "from ..rootcause import scan"),
        ("serving", "import training.train"),
        ("journeys", "import polars as pl"),
        ("rootcause", "if True:\n    from mlflow.models import infer_signature"),
        ("training", "import_module('serving.app')"),
        ("training", "importlib.import_module(name)"),
    ],
)
def test_a_broken_arrow_is_seen(room: str, source: str) -> None:
    assert broken_imports(source, room, FRONTS) != []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("features", "from journeys import EventLog"),
        ("features", "from .kernel import fold"),
        ("features", "from features import plan"),
        ("models", "from journeys.errors import BundleError"),
        ("models", "from journeys import BundleError"),
        ("serving", "from mlflow import MlflowClient\nimport datetime as dt"),
        ("offramp", "def train():\n    from training.train import train"),
    ],
)
def test_an_arrow_of_the_drawing_is_let_pass(room: str, source: str) -> None:
    assert broken_imports(source, room, FRONTS) == []


def broken_imports(source: str, room: str, fronts: dict[str, dict[str, str]]) -> list[str]:
    """Return `line imports name` for everything this room's file may not import."""
    never = NEVER.get(room, "nothing")
    broken = []
    for found in imports_of(source, room):
        other, _, name = found.name.partition(".")
        # A name taken from a room's front is judged by the file that defines it.
        origin = fronts.get(other, {}).get(name, found.name)
        hidden = _within(origin, never) or _within(never, found.name)
        if hidden or not _may_import(room, origin):
            broken.append(f"{found.line} imports {found.name}")
    return broken


def imports_of(source: str, room: str) -> Iterator[Import]:
    """Yield every import of a file, wherever in it the import stands."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = {0: "", 1: f"{room}."}.get(level, "..")
                stem = f"{above}{module}." if module else above
                yield from (Import(node.lineno, f"{stem}{alias.name}") for alias in names)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[first, *_]):
                if called in {"import_module", "__import__"}:
                    yield Import(node.lineno, str(getattr(first, "value", "a computed name")))


def names_at_the_front(room: str) -> dict[str, str]:
    """Return where the names of a room's `__init__` come from: labels_of → journeys.labels.…"""
    source = (ROOT / room / "__init__.py").read_text()
    return {found.name.rpartition(".")[2]: found.name for found in imports_of(source, room)}


def _may_import(room: str, name: str) -> bool:
    arrows, libraries = ROOMS[room]
    top = name.partition(".")[0]
    if top in ROOMS:
        return top == room or any(_within(name, arrow) for arrow in arrows.split())
    return top in EVERYWHERE or top in libraries.split()


def _within(name: str, prefix: str) -> bool:
    return f"{name}.".startswith(f"{prefix}.")
