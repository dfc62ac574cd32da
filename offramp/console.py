"""What the command line says and how: results on stdout, progress and faults on stderr."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from journeys.errors import OfframpError
from journeys.writing import whole_file

Tell = Callable[[str, float], None]

DEBUG = "OFFRAMP_DEBUG"


def out() -> Console:
    """Return the console for results."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


@contextmanager
def working(what: str) -> Iterator[Tell]:
    """Show a bar while long work goes on; yield the callback that moves it."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[label]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(what, total=1.0, label="")

        def tell(label: str, share: float) -> None:
            progress.update(task, completed=min(share, 1.0), label=label)

        yield tell


def write_json(path: str | None, content: dict[str, object]) -> None:
    """Write plain data beside its place, then move it there; do nothing without a path."""
    if not path:
        return
    with whole_file(path) as beside:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        beside.write_text(f"{text}\n", encoding="utf-8")


def say_fault(fault: Exception) -> int:
    """Say on stderr what went wrong, in one message, and return the exit code."""
    if os.environ.get(DEBUG):
        raise fault
    if isinstance(fault, OfframpError):
        said = str(fault)
    elif isinstance(fault, OSError):
        said = f"{fault.strerror or fault}: {fault.filename}" if fault.filename else str(fault)
    else:
        said = (
            f"Something went wrong that Offramp did not foresee ({type(fault).__name__}: {fault}). "
            f"Please report it; {DEBUG}=1 shows where it happened."
        )
    Console(stderr=True, highlight=False, soft_wrap=True).print(said, style="red", markup=False)
    return 1
