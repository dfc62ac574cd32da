"""The command line: one command per question, each a few lines over the rooms.

Rooms are imported inside the commands, so that ``offramp --help`` answers at once.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from offramp.console import out, say_fault, working, write_json
from offramp.options import Events, Findings, Journey, Json, Model, Outcome, Seed

if TYPE_CHECKING:
    from journeys.definition import Definition
    from journeys.definition import Outcome as OutcomeName
    from journeys.log import EventLog
    from models.bundle import Bundle

app = typer.Typer(
    name="offramp",
    help="Which customer journeys are about to leave the road, and why. "
    "Begin with `offramp demo`, or with `offramp check` on your own event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def main() -> None:
    """Run a command; a fault in the input is one clear message and exit code 1."""
    try:
        app()
    except Exception as fault:  # nobody outside sees a traceback
        sys.exit(say_fault(fault))


@app.command()
def demo(
    customers: Annotated[int, typer.Option(help="How many customers to simulate.")] = 15_000,
    seed: Seed = 7,
    folder: Annotated[str, typer.Option("--out", help="Where everything is written.")] = "out",
) -> None:
    """Take the whole road on simulated customers: journeys, models, causes, report, a score."""
    from offramp.demo import run_demo

    run_demo(customers=customers, seed=seed, folder=folder)


@app.command()
def simulate(
    folder: Annotated[str, typer.Option("--out", help="The folder to write to.")],
    scenario: Annotated[
        str, typer.Option(help="ios_upload_bug, clean, two_causes or confounded.")
    ] = "ios_upload_bug",
    customers: Annotated[int, typer.Option(help="How many customers.")] = 10_000,
    seed: Seed = 0,
) -> None:
    """Simulate customers: events.parquet, journey.yaml and truth.json (what was planted)."""
    from pathlib import Path

    from journeys.simulate import simulate as simulated
    from journeys.simulate import write_simulation

    world = simulated(scenario, customers=customers, seed=seed)
    write_simulation(world, Path(folder))
    out().print(f"{len(world.events):,} events of {customers:,} customers in {folder}/")


@app.command()
def check(events: Events, journey: Journey, json: Json = "") -> None:
    """Say what is in an event log and what is wrong with it; exit code 1 if it has a fault."""
    import pandas as pd

    from journeys.check import check_log
    from journeys.definition_file import load_definition
    from journeys.read import read_frame
    from offramp.show import checked

    definition = load_definition(journey)
    found = check_log(read_frame(events), definition, now=pd.Timestamp.now(tz="UTC"))
    out().print(checked(found))
    write_json(json, found.as_dict())
    if found.faults:
        raise typer.Exit(1)


@app.command()
def train(
    events: Events, journey: Journey, outcome: Outcome = "", json: Json = "", seed: Seed = 0
) -> None:
    """Learn to predict the outcomes; track and register the model in MLflow.

    The first model of a journey becomes `champion`, later ones `challenger`. MLFLOW_TRACKING_URI
    is honoured; the default is sqlite:///mlflow.db in the working directory.
    """
    from offramp.show import evaluated, skipped
    from training.tracking import track
    from training.train import train as trained_on

    log, definition = _read(events, journey)
    outcomes = [_outcome(definition, outcome)] if outcome else []
    with working("Training") as tell:
        trained = trained_on(log, definition, outcomes=outcomes, seed=seed, progress=tell)
        tracked = track(trained, source=events)
    manifest = trained.bundle.manifest
    out().print(evaluated(manifest["evaluation"]))
    out().print(skipped(trained.skipped))
    out().print(f"Model: {tracked.uri} (version {tracked.version}, run {tracked.run_id})")
    answer = {"model": tracked.uri, "version": tracked.version, "run_id": tracked.run_id}
    write_json(json, {**answer, "skipped": trained.skipped, "manifest": manifest})


@app.command()
def evaluate(events: Events, journey: Journey, model: Model, json: Json = "") -> None:
    """Say how good a model is on journeys that began after its training."""
    from offramp.show import evaluated
    from serving.registry import fetch_bundle
    from training.later import evaluate_later

    bundle = fetch_bundle(model)
    log, _ = _read(events, journey, bundle)
    with working("Evaluating") as tell:
        found = evaluate_later(log, bundle, progress=tell)
    out().print(evaluated(found))
    write_json(json, {"model": model, "journey": bundle.journey, "evaluation": found})


@app.command()
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
    log, _ = _read(events, journey, bundle)
    with working("Scoring"):
        scores = score_every_event(log, bundle) if every_event else score_open(log, bundle)
    write_scores(scores, file)
    what = "samples" if every_event else f"open journeys as of {log.ends:%Y-%m-%d %H:%M} UTC"
    out().print(f"{len(scores):,} {what} scored: {file}")


@app.command()
def findings(
    events: Events, journey: Journey, outcome: Outcome, json: Json = "", seed: Seed = 0
) -> None:
    """Search for what causes an outcome to go wrong: where, for whom, since when, by how much."""
    from offramp.causes import searched
    from offramp.show import found_causes
    from rootcause.findings import write_findings

    log, definition = _read(events, journey)
    found = searched(log, definition, _outcome(definition, outcome), seed=seed)
    out().print(found_causes(found))
    if json:
        write_findings(found, json)


@app.command()
def report(
    events: Events,
    journey: Journey,
    file: Annotated[str, typer.Option("--out", help="The HTML file to write.")],
    model: Model = "",
    seed: Seed = 0,
) -> None:
    """Write the root-cause report: one HTML file to read, and the same as JSON beside it."""
    from journeys.definition_file import load_definition
    from offramp.causes import reported

    page, data = reported(events, load_definition(journey), model, file, seed=seed)
    out().print(f"Report: {page}\nThe same as data: {data}")


@app.command()
def audience(
    events: Events,
    journey: Journey,
    model: Model,
    findings: Findings,
    file: Annotated[str, typer.Option("--out", help="A .parquet, .csv or .jsonl file to write.")],
    finding: Annotated[str, typer.Option(help="One finding's id; without it, all of them.")] = "",
) -> None:
    """List the customers of a finding: those affected, and those at risk of being next."""
    from pathlib import Path

    from offramp.causes import audience_in
    from training.score import require_suffix, write_scores

    require_suffix(Path(file))
    log, definition = _read(events, journey)
    people = audience_in(log, definition, model, findings, finding)
    write_scores(people, file)
    counts = people["state"].value_counts()
    said = f"{counts.get('affected', 0):,} affected, {counts.get('at_risk', 0):,} at risk"
    out().print(f"{said}: {file}")


@app.command()
def verify(
    events: Events,
    journey: Journey,
    findings: Findings,
    finding: Annotated[str, typer.Option(help="The finding's id.")],
    fixed_at: Annotated[str, typer.Option(help="When the fix was released, e.g. 2026-03-20.")],
    json: Json = "",
) -> None:
    """Say whether a fix helped: fixed, not fixed, or cannot tell yet."""
    from offramp.causes import verdict_on

    log, definition = _read(events, journey)
    verdict = verdict_on(log, definition, findings, finding, fixed_at)
    out().print(verdict.sentence, markup=False)
    write_json(json, verdict.as_dict())


@app.command()
def serve(
    model: Model,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8000,
    database: Annotated[str, typer.Option(help="Reserved for the event store.")] = "",
) -> None:
    """Answer scoring requests over HTTP; /docs shows how to ask."""
    from serving.run import serve as run

    run(model, host=host, port=port, database=database or None)


def _read(
    events: str, journey: str, bundle: "Bundle | None" = None
) -> "tuple[EventLog, Definition]":
    """Read the log for a definition, or for the one that a bundle learnt with."""
    from journeys.definition_file import load_definition
    from journeys.read import read_events

    definition = load_definition(journey)
    if bundle is not None:
        from training.score import definition_for

        definition = definition_for(bundle, definition)
    with working("Reading events"):
        return read_events(events, definition), definition


def _outcome(definition: "Definition", outcome: str) -> "OutcomeName":
    """Return the outcome if the definition asks for it."""
    from journeys.errors import DefinitionError, listed, with_closest

    for known in definition.outcomes:
        if known == outcome:
            return known
    raise DefinitionError(
        f"The journey {definition.name!r} asks for {listed(definition.outcomes)}, not for "
        f"{with_closest(outcome, definition.outcomes)}. Choose one of these, or add a rule for it "
        "to the definition."
    )
