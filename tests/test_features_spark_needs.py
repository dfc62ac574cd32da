"""Where Spark cannot be started, one sentence says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from features import spark_needs
from features.spark_needs import require_spark, stderr_to
from journeys.errors import OfframpError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pyspark be there, whatever this machine has."""
    monkeypatch.setattr(spark_needs, "find_spec", lambda _name: object())


def java(folder: Path, said: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    program.chmod(0o755)
    return folder


def test_an_absent_pyspark_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_needs, "find_spec", lambda _name: None)
    with pytest.raises(OfframpError, match=r"needs pyspark.*pip install 'offramp\[spark\]'"):
        require_spark()


@pytest.mark.usefixtures("installed")
def test_an_absent_java_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(OfframpError, match=r"needs Java, which is not in PATH\. .*Java 17"):
        require_spark()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(OfframpError, match=r"not in JAVA_HOME \(.*gone\)"):
        require_spark()


@pytest.mark.usefixtures("installed")
def test_an_old_java_is_said_and_a_later_one_let_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "old", 'openjdk version "11.0.2"')))
    with pytest.raises(OfframpError, match=r"needs Java 17 or later; .* is Java 11"):
        require_spark()
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "new", 'openjdk version "21.0.1"')))
    require_spark()


def test_what_a_program_warns_of_goes_to_the_file(tmp_path: Path) -> None:
    before = os.fstat(2).st_ino
    with stderr_to(tmp_path / "said"):
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'noise')"], check=True)
    assert (tmp_path / "said").read_text() == "noise"
    assert os.fstat(2).st_ino == before
