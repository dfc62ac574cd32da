"""README's promises are kept: its Python runs, its commands exist, and it leaves none out."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
OFFRAMP = re.compile(r"(?:\$ )?(?:\.venv/bin/)?(offramp .+)")
MLFLOW = re.compile(r"(?:\$ )?(?:\.venv/bin/)?(mlflow run .+)")


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*): .*## ", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.slow
def test_the_python_of_the_readme_runs(
    readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    names: dict[str, object] = {"__name__": "readme"}
    for number, block in enumerate(blocks(readme, "python"), start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), names)


def test_every_command_line_of_the_readme_exists(
    readme: str, commands: dict[str, set[str]]
) -> None:
    lines = list(command_lines(readme, OFFRAMP))
    assert lines, "README shows no offramp command"
    assert [fault for line in lines for fault in unknown_words(line, commands)] == []


def test_every_mlflow_run_of_the_readme_exists(readme: str) -> None:
    entry_points = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    for line in command_lines(readme, MLFLOW):
        words = shlex.split(line, comments=True)
        given = {
            value.partition("=")[0] for option, value in itertools.pairwise(words) if option == "-P"
        }
        assert given <= set(entry_points[words[words.index("-e") + 1]]["parameters"]), line


def test_every_command_is_in_the_readme(readme: str, commands: dict[str, set[str]]) -> None:
    assert {name for name in commands if f"offramp {name}" not in readme} == set()


def test_the_make_targets_and_the_readme_agree(readme: str, targets: set[str]) -> None:
    benchmarks = {f"benchmark-{path.stem}" for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
    known = targets | {"benchmark-NAME"} | {name.replace("_", "-") for name in benchmarks}
    assert make_targets(readme) - known == set()
    assert targets - make_targets(readme) == set()


SAMPLE = """
You make sense of it: `make check`.

```console
$ make setup test   # installs what it needs
$ offramp check --events log.csv \\
    --journy journey.yaml
3 journeys
$ offramp chekc
```
"""
SAMPLE_COMMANDS = {"check": {"--events", "--journey"}}


def test_an_unknown_command_or_option_is_seen() -> None:
    lines = list(command_lines(SAMPLE, OFFRAMP))
    assert len(lines) == 2
    assert [*unknown_words(lines[0], SAMPLE_COMMANDS)] == ["offramp check --journy"]
    assert [*unknown_words(lines[1], SAMPLE_COMMANDS)] == ["offramp chekc"]


def test_only_code_names_a_make_target() -> None:
    assert make_targets(SAMPLE) == {"check", "setup", "test"}


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language (a regular expression)."""
    return re.findall(rf"^```(?:{language})\n(.*?)^```$", text, re.M | re.S)


def command_lines(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the matching command lines of the shell blocks, continued lines joined."""
    for block in blocks(text, "console|sh|bash|shell"):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            if match := pattern.match(line):
                yield match[1]


def unknown_words(line: str, commands: dict[str, set[str]]) -> Iterator[str]:
    """Yield the command, or else the options, of a command line that do not exist."""
    _, command, *words = shlex.split(line, comments=True)
    if command not in commands:
        if command != "--help":
            yield f"offramp {command}"
        return
    for option in (word.partition("=")[0] for word in words if word.startswith("--")):
        if option not in commands[command] | {"--help"}:
            yield f"offramp {command} {option}"


def make_targets(text: str) -> set[str]:
    """Return the targets named after `make` in code, not in prose."""
    code = [*blocks(text, r"\w*"), *re.findall(r"`([^`\n]+)`", text)]
    lines = "\n".join(code).splitlines()
    calls = re.findall(r"^(?:\$ )?make +([^#\n]*)", "\n".join(lines), re.M)
    return {word for call in calls for word in call.split() if "=" not in word}
