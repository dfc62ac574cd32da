"""Say whether the installed packages are whole: importable, complete and not the checkout's."""

import sys
import tomllib
from importlib import import_module
from pathlib import Path


def main(checkout: Path) -> None:
    """Fail on the first package that is missing, shadowed by the checkout or incomplete."""
    settings = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["setuptools"]
    for pattern in settings["packages"]["find"]["include"]:
        name = pattern.rstrip("*")
        installed = Path(import_module(name).__file__ or "").parent
        if checkout in installed.parents:
            sys.exit(f"{name} was imported from the checkout, so the wheel was not tried.")
        wanted = _files(checkout / name, ["*.py", *settings["package-data"].get(name, [])])
        if missing := wanted - _files(installed, ["**/*"]):
            sys.exit(f"The wheel lacks {sorted(missing)} of {name}.")


def _files(folder: Path, patterns: list[str]) -> set[str]:
    found = (path for pattern in patterns for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix() for path in found if path.is_file()}


main(Path(sys.argv[1]))
