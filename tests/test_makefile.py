"""`make` explains itself, and what CI runs is what everybody runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.M)


def test_make_alone_lists_every_target() -> None:
    listed = re.findall(r"^  make (\S+) +\S+", made(), re.M)
    assert listed == [*TARGETS[:-1], "benchmark-%", TARGETS[-1]]


def test_no_target_is_taken_for_a_file() -> None:
    phony = re.findall(r"^\.PHONY: (.+)", MAKEFILE, re.M)[0].split()
    assert sorted(phony) == sorted(TARGETS)


def test_check_is_format_lint_types_and_tests() -> None:
    commands = made("--dry-run", "check")
    steps = ["ruff format --check .", "ruff check .", "mypy", "python -m pytest"]
    places = [commands.index(step) for step in steps]
    assert places == sorted(places)


def test_continuous_integration_runs_make_and_ends_with_the_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    calls = [line for line in lines if line.startswith("make ")]
    assert calls[-1] == "make check"
    assert {call.removeprefix("make ") for call in calls} <= set(TARGETS)


@pytest.mark.parametrize("name", ["incidents", "outcome-auc"])
def test_a_benchmark_is_a_module_with_underscores(name: str) -> None:
    commands = made("--dry-run", f"benchmark-{name}")
    assert f"python -m benchmarks.{name.replace('-', '_')}\n" in commands


def test_an_old_python_is_told_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1 || exit 1\n')
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    failed = _make("setup", f"PYTHON={old}", folder=tmp_path)
    assert failed.returncode != 0
    assert "needs Python 3.11 or later; found: Python 3.9.1" in failed.stderr


def test_without_java_the_tests_on_spark_say_what_to_install(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".setup-done").touch()
    failed = _make("test-spark", "JAVA_HOME=/nowhere", folder=tmp_path)
    assert failed.returncode != 0
    assert "Spark needs Java 17 or later, and /nowhere/bin/java does not run" in failed.stderr
    assert not (tmp_path / ".venv" / ".spark-done").exists()


def made(*arguments: str) -> str:
    """Return what make prints in the checkout."""
    finished = _make(*arguments, folder=ROOT)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _make(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # Under `make test` the outer make would pass its own flags on.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=folder, env=outside, text=True, capture_output=True, check=False
    )
