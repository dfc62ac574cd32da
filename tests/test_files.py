"""What a file of this project may be: a paragraph, well named, and without code hidden in data."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["journeys", "features", "models", "rootcause", "training", "serving", "offramp"]
FILES = [
    path
    for folder in [*ROOMS, "benchmarks", "pages", "tests"]
    for path in ROOT.glob(f"{folder}/*.py")
]
DATA_FOLDERS = {"definitions", "mappings", "migrations", "templates", "__pycache__"}
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
LONGEST = 300


def test_a_file_is_a_paragraph() -> None:
    lengths = {_shown(path): path.read_text().count("\n") for path in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_has_an_empty_word_for_a_name() -> None:
    assert [_shown(path) for path in FILES if says_nothing(path.stem)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_folder_is_inside_a_room_but_its_data(room: str) -> None:
    assert {path.name for path in (ROOT / room).iterdir() if path.is_dir()} <= DATA_FOLDERS


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_runs_code_hidden_in_data(room: str) -> None:
    broken = [
        f"{_shown(path)}:{danger}"
        for path in (ROOT / room).rglob("*.py")
        for danger in dangers(path.read_text())
    ]
    assert broken == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import dump",
        "eval('1')",
        "def f():\n    exec(text)",
        "pd.read_pickle(path)",
    ],
)
def test_a_danger_is_seen(source: str) -> None:
    assert list(dangers(source)) != []


def test_what_only_looks_dangerous_is_let_pass() -> None:
    assert list(dangers("import re\nre.compile('a')\n# eval(x)\nevaluate(1)")) == []


def test_an_empty_word_is_seen() -> None:
    assert says_nothing("time_utils")
    assert not says_nothing("baselines")


def dangers(source: str) -> Iterator[str]:
    """Yield `line what` for every import or call that could run code kept as text or bytes."""
    unsafe = re.compile(r"(cloud)?pickle|joblib|dill|marshal|shelve")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if any(unsafe.match(alias.name) for alias in names):
                yield f"{node.lineno} imports {names[0].name}"
            case ast.ImportFrom(module=str(module)) if unsafe.match(module):
                yield f"{node.lineno} imports {module}"
            # Only the built-in ones: `re.compile` and `model.eval` are other functions.
            case ast.Call(func=ast.Name(id="eval" | "exec" | "compile" as called)):
                yield f"{node.lineno} calls {called}"
            case ast.Attribute(attr="read_pickle" | "to_pickle" as called):
                yield f"{node.lineno} calls {called}"


def says_nothing(name: str) -> bool:
    return not EMPTY_WORDS.isdisjoint(name.split("_"))


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
