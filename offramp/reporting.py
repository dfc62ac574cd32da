"""The command that writes the page to hand over."""

from typing import Annotated

import typer

from offramp.comparing import Journeys
from offramp.console import out
from offramp.engine import Where
from offramp.options import Engine, Events, Kept, Model, Seed, SparkMaster

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
    kept: Kept = "",
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
) -> None:
    """Write the root-cause report: one HTML file to read, and the same as JSON beside it.

    Causes are searched in the first --journey; every further one is ranked beside it.

    Of a log too large for memory, or on Spark, findings and measures are of all customers, pictures
    and lists of at most 200,000; the page says where (docs/scale.md).
    """
    from offramp.reported import reported, sources_of

    where = Where(engine, spark_master, kept)
    page, data = reported(sources_of(events, journey, model, state, where), file, seed=seed)
    out().print(f"Report: {page}\nThe same as data: {data}")
    if model and mlflow:
        from training.reports import keep_report

        out().print(keep_report(model, [page, data]), markup=False)
