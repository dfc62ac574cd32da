"""The page of the commands: every command and option, as `--help` has them."""

import inspect
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperArgument, TyperCommand, TyperOption

from offramp.cli import COMMANDS, app

HEAD = """# The commands

Every command and option, as `offramp COMMAND --help` tells them. A fault in the input is one
message and [exit code 1](environment.md#exit-codes), wrong usage exit code 2. Every command is an
entry point of `mlflow run` with the same words ([retraining](../retraining.md#on-a-schedule)).
"""

NOTHING = "\N{EN DASH}"
Parameter = TyperArgument | TyperOption


def commands_page() -> str:
    """Return the page, in Markdown."""
    known: dict[str, TyperCommand] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    named = {command.callback.__name__: command for command in known.values() if command.callback}
    parts = [HEAD]
    for panel, functions in COMMANDS.items():
        parts.append(f"## {panel}\n")
        parts += [_section(named[function.__name__]) for function in functions]
    return "\n".join(parts)


def _section(command: TyperCommand) -> str:
    told = inspect.cleandoc(command.help or "").replace("\f", "")
    rows = "\n".join(_rows(command))
    table = f"\n| option | takes | meaning | default |\n| --- | --- | --- | --- |\n{rows}\n"
    return f"### offramp {command.name}\n\n{told}\n{table if rows else ''}"


def _rows(command: TyperCommand) -> Iterator[str]:
    for parameter in command.params:
        assert isinstance(parameter, TyperArgument | TyperOption)
        name = ", ".join(f"`{option}`" for option in _options(parameter))
        told = _plain(getattr(parameter, "help", "") or "")
        yield f"| {name} | {_takes(parameter)} | {told} | {_default(parameter)} |"


def _options(parameter: Parameter) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(parameter.name).upper()]
    return [*parameter.opts, *parameter.secondary_opts]


def _takes(parameter: Parameter) -> str:
    kind: Any = parameter.type_descriptor.annotation
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    words: dict[Any, str] = {
        str: "text",
        list[str]: "text",
        int: "whole number",
        float: "number",
        bool: NOTHING,
    }
    taken = " or ".join(f"`{choice}`" for choice in choices) or words.get(kind, str(kind))
    return taken + (", repeatable" if parameter.multiple else "")


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "must be given"
    value = parameter.default
    if value is None or isinstance(value, bool | list) or value == "":
        return NOTHING
    return f"`{value}`"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
