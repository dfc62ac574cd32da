"""Each room says in its front what it is and what it offers, and every offer explains itself."""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_architecture import names_at_the_front

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("[a-z]*/__init__.py"))


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(request.param)


def test_a_room_says_what_it_is(package: ModuleType) -> None:
    assert len(package.__doc__ or "") > 80, f"{package.__name__} needs a paragraph"


def test_the_exported_names_are_sorted_and_there(package: ModuleType) -> None:
    names = list(package.__all__)
    assert names == sorted(names, key=_rank)
    assert [name for name in names if not hasattr(package, name)] == []


def test_what_is_public_is_exported(package: ModuleType) -> None:
    offered = names_at_the_front(package.__name__).keys() - {"TYPE_CHECKING", "on_demand"}
    assert offered == set(package.__all__)
    assert offered <= set(dir(package))


def test_what_nobody_offers_is_not_there(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=package.__name__):
        package.nothing_of_the_kind  # noqa: B018 - asking is the test


def test_every_exported_name_has_a_docstring(package: ModuleType) -> None:
    silent = [name for name in package.__all__ if not explains_itself(getattr(package, name))]
    assert silent == []


def test_a_front_holds_no_code(package: ModuleType) -> None:
    body = ast.parse(Path(str(package.__file__)).read_text()).body
    front = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    kept = [line for line in body if not is_checked_only(line)]
    assert [ast.unparse(line) for line in kept if not isinstance(line, front)] == []


def test_silence_is_seen() -> None:
    class Silent:
        pass

    assert not explains_itself(Silent)
    assert not explains_itself(lambda: None)
    assert explains_itself(len)


def is_checked_only(line: ast.stmt) -> bool:
    """Return whether a line is the imports of a front that opens on demand."""
    match line:
        case ast.If(ast.Name("TYPE_CHECKING"), body, [ast.ImportFrom(), ast.Assign()]):
            return all(isinstance(one, ast.ImportFrom) for one in body)
    return False


def explains_itself(value: object) -> bool:
    """Return whether a function or class has words of its own; a constant needs none."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return True
    # A dataclass without words is given its signature: "Name(field: type)".
    words = value.__doc__ or ""
    return bool(words) and not words.startswith(f"{value.__name__}(")


def _rank(name: str) -> tuple[int, str]:
    # The order ruff sorts __all__ in: CONSTANTS, Classes, functions.
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
