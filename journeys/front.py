"""A room's front opens on demand: one of its names is imported when it is asked for, not before.

Python runs `journeys/__init__.py` before `journeys/errors.py`. Were all names of a front imported
there, a word of help would wait for pandas, and a line of words for the whole search.
"""

import ast
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any


def on_demand(room: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a room's front.

    What the front offers stands in it as imports under ``if TYPE_CHECKING``: there a type checker
    reads them, and here the first question does. No file of the room may have the name of
    something that it offers: Python puts imported files in the same place.
    """

    @cache
    def places() -> dict[str, str]:
        source = Path(str(sys.modules[room].__file__)).read_text(encoding="utf-8")
        lines = [line for line in ast.walk(ast.parse(source)) if isinstance(line, ast.ImportFrom)]
        return {
            alias.name: f"{line.module}:{alias.name}"
            for line in lines
            if str(line.module).startswith(f"{room}.")
            for alias in line.names
        }

    def named(name: str) -> Any:
        # Python looks for dunder names of every module: they are never offered.
        if name.startswith("_") or name not in places():
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return resolve_name(places()[name])

    def names() -> list[str]:
        return sorted({*vars(sys.modules[room]), *places()})

    return named, names
