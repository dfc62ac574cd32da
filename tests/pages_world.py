"""The folder in which the pages are tried: a simulated lender, models, findings, a watch."""

import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import mlflow
import pandas as pd

from benchmarks.service_world import found_in
from journeys.definition_file import load_definition
from journeys.log import event_log
from journeys.simulate import simulate, write_simulation
from models import Bundle, save_bundle
from offramp.cli import main
from tests.quick_bundle import quick_bundle
from training.store import quiet
from training.versions import crown, name_of, register

CUSTOMERS = 1_000
JOURNEYS = ("journey", "money_transfer")
FRIDAY = pd.Timestamp("2026-04-17", tz="UTC")


def prepare(folder: Path) -> None:
    """Write what the pages take for granted, and register a champion of two journeys."""
    world = simulate("ios_upload_bug", customers=CUSTOMERS, seed=7)
    write_simulation(world, folder / "world")
    for name in ("events.parquet", "journey.yaml"):
        (folder / name).symlink_to(folder / "world" / name)
    events = world.events
    events[events["time"] < FRIDAY].to_parquet(folder / "friday.parquet")
    for name in JOURNEYS:
        definition = load_definition(folder / "world" / f"{name}.yaml")
        bundle = quick_bundle(event_log(events, definition), definition)
        saved = save_bundle(bundle, folder / f"{name}-bundle")
        _crowned(bundle, saved)
    definition = load_definition(folder / "journey.yaml")
    state, _ = found_in(folder, events, definition, folder / "journey-bundle")
    state.rename(folder / "watch")


def _crowned(bundle: Bundle, saved: Path) -> None:
    with quiet(), mlflow.start_run(run_name="pages"):
        version = register(bundle, saved)
    crown(name_of(bundle.journey), version)


def offramp(words: Sequence[str]) -> tuple[int, str]:
    """Run a command of the command line in this process; return its exit code and what it said."""
    said, before = io.StringIO(), sys.argv
    sys.argv = ["offramp", *words]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main()
    except SystemExit as stop:
        return int(stop.code or 0), said.getvalue()
    finally:
        sys.argv = before
    return 0, said.getvalue()
