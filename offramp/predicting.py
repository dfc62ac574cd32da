"""The commands that use a model: on a whole log, and at the touchpoint."""

from typing import Annotated

import typer

from offramp.console import out, working
from offramp.options import Events, Journey, Model
from offramp.reading import read_log


def score(
    events: Events,
    journey: Journey,
    model: Model,
    file: Annotated[str, typer.Option("--out", help="A .parquet, .csv or .jsonl file to write.")],
    every_event: Annotated[
        bool, typer.Option("--every-event", help="Score every event and tick, not just the end.")
    ] = False,
) -> None:
    """Predict every journey that is open at the end of the log."""
    from pathlib import Path

    from serving.registry import fetch_bundle
    from training.score import require_suffix, score_every_event, score_open, write_scores

    require_suffix(Path(file))
    bundle = fetch_bundle(model)
    log, _ = read_log(events, journey, bundle)
    with working("Scoring"):
        scores = score_every_event(log, bundle) if every_event else score_open(log, bundle)
    write_scores(scores, file)
    what = "samples" if every_event else f"open journeys as of {log.ends:%Y-%m-%d %H:%M} UTC"
    out().print(f"{len(scores):,} {what} scored: {file}")


def serve(
    model: Model,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
    database: Annotated[str, typer.Option(help="Reserved for the event store.")] = "",
) -> None:
    """Answer scoring requests over HTTP; /docs shows how to ask."""
    from serving.run import serve as run

    run(model, host=host, port=port, database=database or None)
