"""The entry points of MLproject are the commands of the command line, word for word."""

import re
import string
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PROJECT = yaml.safe_load((ROOT / "MLproject").read_text())
ENTRY_POINTS: dict[str, dict[str, Any]] = PROJECT["entry_points"]


def test_every_command_is_an_entry_point(commands: dict[str, set[str]]) -> None:
    assert set(ENTRY_POINTS) == set(commands)


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_entry_point_passes_its_parameters_to_the_options_of_the_same_name(
    name: str, commands: dict[str, set[str]]
) -> None:
    """What stands first, without an option, is the command's argument of that name."""
    parameters = set(ENTRY_POINTS[name].get("parameters", {}))
    command = ENTRY_POINTS[name]["command"]
    passed = dict(re.findall(r"(--[a-z-]+) \{([a-z-]+)\}", command))
    called = re.search(rf"python -m offramp {name}(?: \{{([a-z-]+)\}})?( |$)", command)
    assert called
    argument = {called[1]} - {None}
    assert passed == {f"--{parameter}": parameter for parameter in parameters - argument}
    assert {*passed, *argument} <= commands[name]


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_a_command_holds_no_parameter_that_is_not_declared(name: str) -> None:
    fields = {field for _, field, _, _ in string.Formatter().parse(ENTRY_POINTS[name]["command"])}
    assert fields - {None} == set(ENTRY_POINTS[name].get("parameters", {}))


def test_the_environment_is_pinned_by_the_constraints() -> None:
    environment = yaml.safe_load((ROOT / PROJECT["python_env"]).read_text())
    assert environment["dependencies"] == ["-c constraints.txt", "."]
