"""The command line: one command per question, each a few lines over the rooms.

Rooms are imported inside the commands, so that ``offramp --help`` answers at once.
"""

import sys
from collections.abc import Callable

import typer

from offramp import (
    comparing,
    converting,
    erased,
    evaluating,
    explaining,
    fixing,
    gathering,
    injecting,
    keeping,
    learning,
    looking,
    predicting,
    reporting,
    watching,
)
from offramp.console import say_fault
from offramp.convert_first import ConvertFirst

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Look": (
        looking.demo,
        looking.simulate,
        looking.check,
        converting.convert,
        comparing.portfolio,
    ),
    "Make a model": (learning.train, evaluating.evaluate, learning.retrain, learning.rollback),
    "Use it": (predicting.score, predicting.serve, keeping.keys, erased.erased),
    "Ask why": (
        explaining.findings,
        reporting.report,
        gathering.audience,
        injecting.inject,
    ),
    "Mend": (fixing.verify, fixing.whatif),
    "Keep watch": (watching.watch, watching.finding),
}

app = typer.Typer(
    name="offramp",
    help="Which customer journeys are about to leave the road, and why. "
    "Begin with `offramp demo`, or with `offramp check` on your own event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(cls=ConvertFirst, rich_help_panel=panel)(command)


def main() -> None:
    """Run a command; a fault in the input is one clear message and exit code 1."""
    try:
        app()
    except Exception as fault:  # nobody outside sees a traceback
        sys.exit(say_fault(fault))
