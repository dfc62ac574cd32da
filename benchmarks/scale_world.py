"""A simulated log of any size, in partitions: independent worlds of one scenario, side by side.

Every world has its own seed and its own customers and the same planted cause; one is in memory at a
time.  ``python -m benchmarks.scale_world --events 1e7 --out DIR`` writes ``DIR/log/world=000/…``.
A world that is there stays.  With ``--distinct 10`` the eleventh world is the first again, its
customers under other keys: what it costs to work on it is the same, what could be learnt from it
is not more.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from journeys.simulate import MAIN_JOURNEY, Simulation, simulate, write_simulation

SCENARIO = "ios_upload_bug"
EVENTS_A_CUSTOMER = 20.3
CUSTOMERS_A_WORLD = 50_000


def main() -> None:
    """Write a log of about so many events; say how many it has."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, required=True, help="about how many")
    asked.add_argument("--out", type=Path, required=True, help="the folder to write to")
    asked.add_argument("--distinct", type=int, default=0, help="worlds, then again; 0: all")
    given = asked.parse_args()
    print(json.dumps(write_worlds(round(given.events), given.out, distinct=given.distinct)))


def write_worlds(events: int, folder: Path, *, distinct: int = 0) -> dict[str, int]:
    """Write ``log/world=NNN/events.parquet`` and ``journey.yaml``; return what there is."""
    left, written, worlds = max(round(events / EVENTS_A_CUSTOMER), 1), 0, 0
    customers = left
    while left:
        some = min(left, CUSTOMERS_A_WORLD)
        if distinct and worlds >= distinct and some == CUSTOMERS_A_WORLD:
            written += _write_again(worlds, worlds % distinct, folder)
        else:
            written += _write_world(worlds, some, folder)
        left, worlds = left - some, worlds + 1
    return {"events": written, "customers": customers, "worlds": worlds, "distinct": distinct}


def _write_world(number: int, customers: int, folder: Path) -> int:
    there = _place(number, folder) / "events.parquet"
    if there.is_file():
        return int(pq.read_metadata(there).num_rows)
    made = simulate(SCENARIO, customers=customers, seed=number)
    place = _place(number, folder)
    if number:
        keys = made.events["customer_id"].map(lambda key: f"w{number}-{key}")
        made = Simulation(made.events.assign(customer_id=keys), made.definitions, made.truth)
    write_simulation(made, place)
    for file in (*place.glob("*.yaml"), place / "truth.json"):
        file.replace(folder / file.name)
    assert (folder / "journey.yaml").is_file(), MAIN_JOURNEY
    return len(made.events)


def _write_again(number: int, like: int, folder: Path) -> int:
    """Write a world that is there, its customers under keys that begin with another number."""
    table = pq.read_table(_place(like, folder) / "events.parquet", partitioning=None)
    keys = table.column("customer_id").cast("string")
    again = pc.binary_join_element_wise(f"again{number}", keys, "-")
    place = _place(number, folder)
    place.mkdir(parents=True, exist_ok=True)
    table = table.set_column(table.column_names.index("customer_id"), "customer_id", again)
    pq.write_table(table, place / "events.parquet", compression="lz4")
    return int(table.num_rows)


def _place(number: int, folder: Path) -> Path:
    return folder / "log" / f"world={number:03}"


if __name__ == "__main__":
    pd.set_option("display.width", 120)
    main()
