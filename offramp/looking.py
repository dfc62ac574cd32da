"""The commands that look: the demo, simulated customers, and what is in an event log."""

from typing import TYPE_CHECKING, Annotated

import typer

from offramp.console import out, working, write_json
from offramp.options import Events, Form, Json, Kept, Query, Seed
from offramp.reading import events_that_fit, shards_of

if TYPE_CHECKING:
    from journeys.check import LogCheck
    from journeys.definition import Definition


def demo(
    customers: Annotated[int, typer.Option(help="How many customers to simulate.")] = 15_000,
    seed: Seed = 7,
    folder: Annotated[str, typer.Option("--out", help="Where everything is written.")] = "out",
) -> None:
    """Take the whole road on simulated customers: journeys, models, causes, report, a score."""
    from offramp.demo import run_demo

    run_demo(customers=customers, seed=seed, folder=folder)


def simulate(
    folder: Annotated[str, typer.Option("--out", help="The folder to write to.")],
    scenario: Annotated[
        str,
        typer.Option(help="ios_upload_bug, ios_upload_bug_fixed, clean, two_causes or confounded."),
    ] = "ios_upload_bug",
    customers: Annotated[int, typer.Option(help="How many customers.")] = 10_000,
    seed: Seed = 0,
) -> None:
    """Simulate customers: events.parquet, journey.yaml and truth.json (what was planted)."""
    from pathlib import Path

    from journeys.simulate import simulate as simulated
    from journeys.simulate import write_simulation
    from rootcause.wording import things

    world = simulated(scenario, customers=customers, seed=seed)
    write_simulation(world, Path(folder))
    out().print(
        f"{things(len(world.events), 'event')} of {things(customers, 'customer')} in {folder}/"
    )


def check(  # noqa: PLR0913 - a command has this many options
    events: Events,
    journey: Annotated[
        str,
        typer.Option(
            "--journey",
            help="The journey definition, a YAML file (docs/definition.md); without it, one is "
            "guessed.",
        ),
    ] = "",
    *,
    guess: Annotated[
        bool, typer.Option("--guess", help="Guess a definition, whether there is one or not.")
    ] = False,
    stub: Annotated[
        str, typer.Option("--out", help="Write the guessed definition to this YAML file.")
    ] = "",
    form: Form = "",
    query: Query = "",
    json: Json = "",
    kept: Kept = "",
) -> None:
    """Say what is in an event log and what is wrong with it; exit code 1 if it has a fault.

    Without --journey the log is unknown: which column is the customer, the time, the activity, what
    starts and ends a journey is guessed, and written as a definition with the evidence beside it.
    """
    from offramp.guessing import guessed_stub, say_stub
    from offramp.reading import defined
    from offramp.show import checked

    if guess or not journey:
        say_stub(guessed_stub(events, form=form, query=query, name=journey), stub)
        return
    found = _looked_at(events, defined(journey, form=form, query=query), kept)
    out().print(checked(found))
    write_json(json, found.as_dict())
    if found.faults:
        raise typer.Exit(1)


def _looked_at(events: str, definition: "Definition", kept: str) -> "LogCheck":
    """Return what is in a log, held or, where it is too large for that, in shards."""
    from pathlib import Path

    import pandas as pd

    from journeys.batches import events_in, named_columns
    from journeys.check import check_log
    from journeys.check_shards import check_shards
    from journeys.read import read_as

    now = pd.Timestamp.now(tz="UTC")
    if events_in(events, definition) <= events_that_fit():
        return check_log(read_as(events, definition), definition, now=now)
    shards = shards_of(events, definition, kept=kept)
    names = named_columns(Path(events), definition) or ()
    with working("Checking") as tell:
        return check_shards(shards, now=now, columns=names, progress=tell)
