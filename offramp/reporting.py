"""The command that writes the page to hand over."""

from typing import Annotated

import typer

from offramp.comparing import Journeys
from offramp.console import out
from offramp.options import Events, Model, Seed

State = Annotated[
    str, typer.Option("--state", help="The folder of `offramp watch`: owners, fixes, verdicts.")
]
Keep = Annotated[
    bool,
    typer.Option(
        "--mlflow/--no-mlflow",
        help="Keep a copy with the run that trained the model (models:/ and runs:/ only).",
    ),
]


def report(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    events: Events,
    journey: Journeys,
    file: Annotated[str, typer.Option("--out", help="The HTML file to write.")],
    model: Model = "",
    state: State = "",
    mlflow: Keep = True,
    seed: Seed = 0,
) -> None:
    """Write the root-cause report: one HTML file to read, and the same as JSON beside it.

    Causes are searched in the first --journey; every further one is ranked beside it.
    """
    from offramp.reported import reported, sources_of

    page, data = reported(sources_of(events, journey, model, state), file, seed=seed)
    out().print(f"Report: {page}\nThe same as data: {data}")
    if model and mlflow:
        from training.reports import keep_report

        out().print(keep_report(model, [page, data]), markup=False)
