"""Simulate a bank's customers on three journeys at once, with causes planted or none.

A customer is on several journeys at once and comes back; what they live makes them call, give up
and close the account.  The hazards stand as tables in `journeys.scripts`, what is planted in
`journeys.scenarios`, and `journeys.truth` states its true effect.

What it makes, measured with `find_journeys` and `labels_of` (``ios_upload_bug``, 20,000 customers,
seed 7): 405,622 events over 194 days in 3 s (2,030,468 of 100,000 customers in 17 s, one core).

==================  ========  =================  =======  =======  =======
journey             journeys  median success in  success  leakage  churn
==================  ========  =================  =======  =======  =======
mortgage_refinance    16,745  17.7 days             .641     .112     .080
phone_activation       5,669  1.1 days              .769     .112     .053
money_transfer        18,288  1.4 hours             .771     .057     .044
==================  ========  =================  =======  =======  =======

The rates are those asked at the start of a journey, of those whose label is closed.  At the first
document upload, where the bug strikes, they are .777, .156 and .065.  1,116 journeys upload on iOS
8.2.0; the true effect on them is +15.1 points of leakage within 7 days, +11.0 of not succeeding
and +8.8 of churn within 30 days (5,730 journeys, +15.2, +11.2, +9.0 at 100,000 customers).
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from journeys.calendar import LOG_DAYS, LOG_STARTS, make_calendar
from journeys.definition_file import parse_definition
from journeys.departures import set_out
from journeys.dice import Dice, Floats
from journeys.errors import RequestError, listed, with_closest
from journeys.frame import account_closings, events_frame
from journeys.scenarios import PLANNED, Scenario
from journeys.scripts import SCRIPTS, Script
from journeys.truth import truth_of
from journeys.walk import Walk, World
from journeys.world import make_customers
from journeys.writing import whole_file

SCENARIOS = MappingProxyType({name: planned.about for name, planned in PLANNED.items()})
MAIN_JOURNEY = "mortgage_refinance"
_ROWS_A_GROUP = 131_072


@dataclass(frozen=True)
class Simulation:
    """A simulated log, the definitions of its journeys and what is true in it."""

    events: pd.DataFrame  # the file's columns; time in UTC, ascending
    definitions: dict[str, str]  # name -> YAML
    truth: dict[str, object]


def simulate(scenario: str, *, customers: int, seed: int) -> Simulation:
    """Return the world of a scenario; the same arguments give the same events, bit for bit.

    The customers of a small world are the first customers of a large one of the same seed.

    Raises
    ------
    RequestError
        If there is no such scenario, or nobody to simulate.
    """
    planned = _planned(scenario, customers)
    lives = lives_of(scenario, customers=customers, seed=seed)
    definitions = {script.name: _shipped(script.name) for script in SCRIPTS}
    return Simulation(
        events=events_frame(lives.walks.values(), lives.world, lives.closes, Dice(seed, customers)),
        definitions=definitions,
        truth={
            "scenario": scenario,
            "seed": seed,
            "customers": customers,
            "log_starts": _text(0),
            "log_ends": _text(LOG_DAYS),
            "main_journey": MAIN_JOURNEY,
            "causes": [
                truth_of(
                    cause,
                    lives.walks[cause.journey],
                    parse_definition(definitions[cause.journey], source=cause.journey),
                    closes=lives.closes,
                    seed=seed,
                )
                for cause in planned.causes
            ],
        },
    )


@dataclass(frozen=True)
class Lives:
    """What the customers of a world live, hidden things included; `simulate` shows its events.

    ``walks`` by the script's name; ``closes``: when each customer closes the account, in seconds
    since the log starts, inf for never.
    """

    world: World
    walks: dict[str, Walk]
    closes: Floats


def lives_of(scenario: str, *, customers: int, seed: int) -> Lives:
    """Return what is behind the events of a scenario; raises as `simulate` does."""
    planned = _planned(scenario, customers)
    calendar = make_calendar(seed, step_change=planned.step_change)
    world = World(make_customers(seed, customers), calendar)
    walks = {script.name: _walk(script, world, planned, seed=seed) for script in SCRIPTS}
    return Lives(world, walks, account_closings(walks.values(), world, Dice(seed, customers)))


def write_simulation(simulation: Simulation, folder: Path) -> None:
    """Write events.parquet, journey.yaml (the main journey), the other two and truth.json.

    Each file is written beside its place and then moved there, so none is ever half-written.
    """
    _put(folder / "events.parquet", _parquet(simulation.events))
    for name, text in simulation.definitions.items():
        file = "journey.yaml" if name == MAIN_JOURNEY else f"{name}.yaml"
        _put(folder / file, text.encode())
    _put(folder / "truth.json", f"{json.dumps(simulation.truth, indent=1)}\n".encode())


def _planned(scenario: str, customers: int) -> Scenario:
    if scenario not in PLANNED:
        raise RequestError(
            f"There is no scenario {with_closest(scenario, PLANNED)}; choose {listed(PLANNED)}."
        )
    if customers < 1:
        raise RequestError(f"{customers} customers cannot be simulated; ask for at least 1.")
    return PLANNED[scenario]


def _walk(script: Script, world: World, planned: Scenario, *, seed: int) -> Walk:
    journeys = set_out(
        script, world.customers, world.calendar, seed=seed, skewed=planned.skewed_partner
    )
    dice = Dice(seed, len(journeys))
    return Walk(script, journeys, world, causes=planned.causes, dice=dice).finish()


def _shipped(name: str) -> str:
    return (files("journeys") / "definitions" / f"{name}.yaml").read_text(encoding="utf-8")


def _text(day: int) -> str:
    return f"{(LOG_STARTS + np.timedelta64(day, 'D')).astype('datetime64[s]')}Z"


def _parquet(events: pd.DataFrame) -> bytes:
    written = BytesIO()
    # column by column: pandas' own metadata would carry its version, and change the bytes with it
    naive = events.assign(time=events["time"].dt.tz_convert(None))
    table = pa.table({name: pa.array(column) for name, column in naive.items()})
    utc = table["time"].cast(pa.timestamp("us", tz="UTC"))
    table = table.set_column(table.schema.get_field_index("time"), "time", utc)
    pq.write_table(table, written, row_group_size=_ROWS_A_GROUP, compression="zstd")
    return written.getvalue()


def _put(path: Path, content: bytes) -> None:
    with whole_file(path) as beside:
        beside.write_bytes(content)
