"""The command that says how good a model is on journeys that began after its training."""

from typing import Annotated

from typer import Option

from offramp.console import out, working, write_json
from offramp.options import Events, Journey, Json, Model
from offramp.reading import read_log


def evaluate(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    events: Events,
    journey: Journey,
    model: Model,
    json: Json = "",
    folder: Annotated[
        str, Option("--out", help="A folder for evaluation.json, tables (CSV) and pictures (PNG).")
    ] = "",
    precision: Annotated[
        float, Option(help="The share of warnings that must come true, for hours of warning.")
    ] = 0.5,
    since: Annotated[
        str, Option(help="Only what began since this time, and what has moved since the training.")
    ] = "",
) -> None:
    """Say how good a model is on journeys that began after its training, and what has moved.

    A model of the registry is tracked in MLflow: metrics, tables, pictures, the verdict on drift.
    """
    from offramp.show_evaluation import examination
    from serving.registry import fetch_bundle
    from training.evaluation_files import write_examination
    from training.later import examined

    bundle = fetch_bundle(model)
    log, _ = read_log(events, journey, bundle)
    with working("Evaluating") as tell:
        found = examined(log, bundle, since=since or None, precision=precision, progress=tell)
    out().print(examination(found))
    write_json(json, found.document(model))
    if model.startswith("models:/"):
        from training.tracked_examination import track_examination

        out().print(f"Tracked: run {track_examination(found, model, source=events)}")
    if folder:
        write_examination(found, model, folder)
        out().print(f"Everything: {folder}/evaluation.json, tables and pictures beside it")
