"""A simulated log of any size, in partitions: independent worlds of one scenario, side by side.

Every world has its own seed and its own customers and the same planted cause; one is in memory at a
time.  ``python -m benchmarks.scale_world --events 1e7 --out DIR`` writes ``DIR/log/world=000/…``.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from journeys.simulate import MAIN_JOURNEY, simulate, write_simulation

SCENARIO = "ios_upload_bug"
EVENTS_A_CUSTOMER = 20.3
CUSTOMERS_A_WORLD = 50_000


def main() -> None:
    """Write a log of about so many events; say how many it has."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, required=True, help="about how many")
    asked.add_argument("--out", type=Path, required=True, help="the folder to write to")
    given = asked.parse_args()
    print(json.dumps(write_worlds(round(given.events), given.out)))


def write_worlds(events: int, folder: Path) -> dict[str, int]:
    """Write ``log/world=NNN/events.parquet`` and ``journey.yaml``; return what there is."""
    left, written, worlds = max(round(events / EVENTS_A_CUSTOMER), 1), 0, 0
    customers = left
    while left:
        some = min(left, CUSTOMERS_A_WORLD)
        written += _write_world(worlds, some, folder)
        left, worlds = left - some, worlds + 1
    return {"events": written, "customers": customers, "worlds": worlds}


def _write_world(number: int, customers: int, folder: Path) -> int:
    made = simulate(SCENARIO, customers=customers, seed=number)
    place = folder / "log" / f"world={number:03}"
    write_simulation(made, place)
    for file in (*place.glob("*.yaml"), place / "truth.json"):
        file.replace(folder / file.name)
    if number:
        keys = made.events["customer_id"].map(lambda key: f"w{number}-{key}")
        made.events.assign(customer_id=keys).to_parquet(place / "events.parquet", index=False)
    assert (folder / "journey.yaml").is_file(), MAIN_JOURNEY
    return len(made.events)


if __name__ == "__main__":
    pd.set_option("display.width", 120)
    main()
