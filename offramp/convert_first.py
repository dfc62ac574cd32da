"""What a command says that is given a form or a query as an option, which only two of them take."""

import shlex

import typer
from typer.core import TyperCommand

from journeys.errors import OfframpError
from offramp.console import say_fault

_ELSEWHERE = ("--form", "--query")
_FILE = "events.parquet"


class ConvertFirst(TyperCommand):
    """A command that names the way for a log which is no rows of a file.

    A form and a query belong to the definition, so that every command reads the log alike; only
    `check` and `convert`, which come before there is one, take them as options.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Parse the words of the command line; a usage error with the command that helps."""
        known = {name for one in self.params for name in one.opts}
        asked = [name for name in _ELSEWHERE if name not in known and _given(args, name)]
        if "--events" in known and asked:
            say_fault(OfframpError(_way(str(ctx.info_name), args, asked)))
            raise typer.Exit(2)
        return super().parse_args(ctx, args)


def _way(command: str, args: list[str], asked: list[str]) -> str:
    from journeys.query import masked

    events = masked(_given(args, "--events") or "EVENTS")
    said = [word for name in asked for word in (name, _given(args, name))]
    convert = ["offramp", "convert", "--events", events, *said, "--out", _FILE]
    keys = " and ".join(f"`{name.removeprefix('--')}:`" for name in asked)
    return (
        f"offramp {command} takes no {' and no '.join(asked)}: the definition says it ({keys}), so "
        f"that every command reads the log alike. Or write the events first, then give --events "
        f"{_FILE}:\n\n  {shlex.join(convert)}\n"
    )


def _given(args: list[str], name: str) -> str:
    """Return what is said of an option on the command line, empty if nothing."""
    for place, word in enumerate(args):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name:
            return (*args, "…")[place + 1]
    return ""
