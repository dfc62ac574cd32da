"""What breaks, what the service does then, and what is lost: `make benchmark-faults`.

Each fault is made for real, against a real server: processes are killed, disks filled, databases
stopped.  docs/reliability.md states the behaviour; here it is shown, and what was lost is counted:
of acknowledged events, of requests that should have been answered.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import fault_ingest, fault_load, registry_faults
from benchmarks.record import limit, record
from benchmarks.service_world import service_world

Row = dict[str, object]


def faults(bundle: Path, times: int) -> list[Callable[[], Row]]:
    """Return the faults, each to be called for its row."""
    return [
        lambda: fault_ingest.killed_while_ingesting(bundle, times=times),
        lambda: fault_ingest.database_killed(bundle),
        lambda: fault_ingest.database_gone_and_back(bundle),
        lambda: fault_ingest.disk_full(bundle),
        fault_ingest.clock_jump,
        lambda: registry_faults.registry_gone(bundle),
        lambda: registry_faults.corrupted_bundle(bundle),
        lambda: fault_load.slow_clients(bundle),
        lambda: fault_load.long_journey(bundle),
        lambda: fault_load.overload(bundle),
    ]


def main() -> None:
    """Make every fault, print and record what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, help="a bundle's folder; without it one is trained")
    parser.add_argument("--times", type=int, default=50, help="how often the service is killed")
    asked = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        bundle = asked.bundle or service_world(Path(folder)).bundle
        for fault in faults(bundle, asked.times):
            rows.append(fault())
            print(json.dumps(rows[-1]), flush=True)
    goals = [
        limit("acknowledged events and answers lost", 0, _sum(rows, "lost")),
        limit("events kept twice", 0, _sum(rows, "twice")),
    ]
    print(record("faults", rows, goals, libraries=["uvicorn", "sqlalchemy", "psycopg"]))


def _sum(rows: list[Row], column: str) -> float:
    return sum(float(str(row.get(column, 0))) for row in rows)


if __name__ == "__main__":
    main()
