"""Say whether the installed packages are whole: importable, complete and not the checkout's."""

import sys
import tomllib
from importlib import import_module
from pathlib import Path


def main(checkout: Path) -> None:
    """Fail on the first package that is shadowed by the checkout or has left a file behind."""
    settings = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["setuptools"]
    for pattern in settings["packages"]["find"]["include"]:
        name = pattern.rstrip("*")
        installed = Path(import_module(name).__file__ or "").parent
        if checkout in installed.parents:
            sys.exit(f"{name} was imported from the checkout, so the wheel was not tried.")
        if missing := _files(checkout / name) - _files(installed):
            sys.exit(f"The wheel lacks {sorted(missing)} of {name}.")


def _files(folder: Path) -> set[str]:
    # The caches hold compiled code, Python's and numba's: made where it runs, never shipped.
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


main(Path(sys.argv[1]))
