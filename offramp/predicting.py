"""The commands that use a model: on a whole log, and at the touchpoint."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from offramp.console import out, working
from offramp.engine import Where, log_in_shards
from offramp.options import Engine, Events, Journey, Kept, Model, SparkMaster


def score(  # noqa: PLR0913 - a command has this many options
    *,
    events: Events,
    journey: Journey,
    model: Model,
    file: Annotated[str, typer.Option("--out", help="A .parquet, .csv or .jsonl file to write.")],
    every_event: Annotated[
        bool, typer.Option("--every-event", help="Score every event and tick, not just the end.")
    ] = False,
    kept: Kept = "",
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
) -> None:
    """Predict every journey that is open at the end of the log.

    A log too large for memory is scored in shards (docs/scale.md): the same numbers, part by part.
    """
    from serving.registry import fetch_bundle
    from training.score import require_suffix
    from training.score_shards import score_shards

    require_suffix(Path(file))
    bundle = fetch_bundle(model)
    with log_in_shards(events, journey, Where(engine, spark_master, kept), bundle) as shards:
        with working("Scoring") as tell:
            many = score_shards(shards, bundle, file, every_event=every_event, progress=tell)
        ends = shards.whole.ends
    what = "samples" if every_event else f"open journeys as of {ends:%Y-%m-%d %H:%M} UTC"
    out().print(f"{many:,} {what} scored: {file}")


def serve(  # noqa: PLR0913 - the options of a server
    *,
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            help="models:/offramp-NAME@champion, followed when the alias moves; "
            "models:/NAME/VERSION or a bundle folder. Repeat it for several journeys.",
        ),
    ],
    journey: Annotated[
        list[str] | None,
        typer.Option(
            "--journey",
            help="A definition whose customers are answered with base rates (degraded: true) while "
            "no model of it can be had. Repeatable.",
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            help="Where events are kept: a file, sqlite:///FILE or postgresql://... "
            "Without it, requests carry their histories."
        ),
    ] = "",
    state: Annotated[
        str,
        typer.Option(help="The folder of `offramp watch`: known issues come from its findings."),
    ] = "",
    keys: Annotated[
        str,
        typer.Option(help="The file of API keys (`offramp keys add`); asked of everybody."),
    ] = "",
    cache: Annotated[
        str,
        typer.Option(
            help="Where good models are kept for when the registry is away; "
            "default: offramp/models in the user's cache."
        ),
    ] = "",
    poll: Annotated[
        float,
        typer.Option(
            help="Seconds between looks at the registry; 0: only on SIGHUP or "
            "POST /v1/model/reload.",
            min=0,
        ),
    ] = 60,
    drain: Annotated[
        float,
        typer.Option(
            help="Seconds to go on answering after SIGTERM, while /readyz says no: give a load "
            "balancer the time to look.",
            min=0,
        ),
    ] = 0,
    host: Annotated[
        str, typer.Option(help="The address to listen on; other than loopback needs --keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option(help="info has a line per request, without keys or bodies."),
    ] = "info",
) -> None:
    """Answer at the touchpoint over HTTP: /docs shows how to ask, docs/api.md explains it.

    One process answers on one core. For more, start more of them behind a load balancer, with
    PostgreSQL as their database: SQLite has a single writer, which is this process.

    OFFRAMP_PSEUDONYM_KEY, a secret of 32 bytes or more, hides customers' keys from the database.
    """
    from serving.run import serve as run
    from serving.settings import Settings

    run(
        Settings(
            models=tuple(model),
            journeys=tuple(Path(one) for one in journey or () if one),
            database=database or None,
            state=Path(state) if state else None,
            keys=Path(keys) if keys else None,
            cache=Path(cache) if cache else None,
            poll=poll,
            drain=drain,
            host=host,
            port=port,
            log_level=log_level,
        )
    )
