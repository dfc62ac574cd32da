"""The commands that look: the demo, simulated customers, and what is in an event log."""

from typing import Annotated

import typer

from offramp.console import out, write_json
from offramp.options import Events, Journey, Json, Seed


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


def check(events: Events, journey: Journey, json: Json = "") -> None:
    """Say what is in an event log and what is wrong with it; exit code 1 if it has a fault."""
    import pandas as pd

    from journeys.check import check_log
    from journeys.definition_file import load_definition
    from journeys.read import read_as
    from offramp.show import checked

    definition = load_definition(journey)
    found = check_log(read_as(events, definition), definition, now=pd.Timestamp.now(tz="UTC"))
    out().print(checked(found))
    write_json(json, found.as_dict())
    if found.faults:
        raise typer.Exit(1)
