"""The commands that look: the demo, simulated customers, and what is in an event log."""

from typing import Annotated

import typer

from offramp.console import out, write_json
from offramp.options import Events, Form, Json, Kept, Query, Seed


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
    from offramp.checked import looked_at
    from offramp.guessing import guessed_stub, say_stub
    from offramp.reading import defined
    from offramp.show import checked

    if guess or not journey:
        say_stub(guessed_stub(events, form=form, query=query, name=journey), stub)
        return
    found = looked_at(events, defined(journey, form=form, query=query), kept)
    out().print(checked(found))
    write_json(json, found.as_dict())
    if found.faults:
        raise typer.Exit(1)
