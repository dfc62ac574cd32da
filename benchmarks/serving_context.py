"""How fast the context of one customer is where the store knows a million of them.

The customers are copies of simulated ones, made inside the database; only those on a journey
are asked for, each time another, so that caches help no more than they would.  The latency is
measured at half of the rate at which the service is full, with arrivals that do not wait for it.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from benchmarks.postgresql import PostgreSQL
from benchmarks.record import Row, limit, record
from benchmarks.serving_bundle import DEFAULT, SEED, made, simulated
from benchmarks.serving_load import Asked, at_full_load_in_turn, at_rate
from benchmarks.serving_servers import free_port, ours, running
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import CUSTOMER, event_log, instants, microseconds
from serving.events import StoredEvent
from serving.messages import Value
from serving.store import Store

CUSTOMERS = 1_000_000
LEAST_RATIO = 5.0

_ASKED = 20_000
_AT_ONCE = 20  # copies in one transaction
_COPY = """
INSERT INTO events (customer, time, activity, channel, attributes, source, id, received)
WITH RECURSIVE copies(n) AS
    (SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM copies WHERE n < :last)
SELECT customer || '-' || n, time, activity, channel, attributes, source, id || '-' || n, received
FROM copies CROSS JOIN events WHERE arrival <= :originals ORDER BY n, arrival
"""


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=CUSTOMERS)
    asked.add_argument("--seconds", type=float, default=15.0, help="of load, each time")
    asked.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    chosen = asked.parse_args()
    events, definition = simulated()
    rows = []
    with TemporaryDirectory() as folder:
        bundle = made(Path(folder), events, definition)[DEFAULT]
        for kind in ("sqlite", "postgresql"):
            if chosen.database in (kind, "both"):
                with _database(kind, Path(folder)) as address:
                    row = measured(address, bundle, events, definition, chosen)
                rows.append({"database": kind, **row})
                print(rows[-1], flush=True)
    goals = [
        limit(
            f"p99 / p50 at half the peak, {row['database']}",
            LEAST_RATIO,
            float(str(row["p99_p50"])),
        )
        for row in rows
    ]
    path = record("serving-context", rows, goals, libraries=["fastapi", "sqlalchemy", "psycopg"])
    print(path.with_suffix(".md").read_text())


def measured(
    address: str,
    bundle: Path,
    events: pd.DataFrame,
    definition: Definition,
    chosen: argparse.Namespace,
) -> Row:
    """Fill a database, serve it, load it; latencies in milliseconds."""
    stored = filled(address, events, chosen.customers)
    port = free_port()
    asked = _contexts(port, events, definition, stored["copies"])
    command = ours(bundle, "--database", address, "--log-level", "warning")
    with running(command, Asked(port, "/readyz")):
        at_full_load_in_turn(asked[:2_000], 3.0)  # compiled, connected
        peak = at_full_load_in_turn(asked, chosen.seconds)
        half = at_rate(asked, peak.per_second / 2, chosen.seconds)
    return {
        "customers": stored["customers"],
        "events": stored["events"],
        "peak_per_second": round(peak.per_second),
        "p50_ms": round(half.p50, 2),
        "p99_ms": round(half.p99, 2),
        "p99_p50": round(half.p99 / half.p50, 2),
        "errors": peak.errors + half.errors,
    }


def filled(address: str, events: pd.DataFrame, customers: int) -> dict[str, int]:
    """Fill an empty database with copies of the customers of a log; return what is in it."""
    copies = max(1, customers // events["customer_id"].nunique())
    store = Store.open(address)
    try:
        for some in np.array_split(np.arange(len(events)), len(events) // 5_000 + 1):
            store.append(list(_kept(events.iloc[some])))
        for first in range(1, copies, _AT_ONCE):
            last = min(first + _AT_ONCE, copies) - 1
            these = {"first": first, "last": last, "originals": len(events)}
            store.write(partial(_copy, these))
        with store.engine.connect() as connection:
            count = connection.execute(text("SELECT count(*) FROM events")).scalar()
    finally:
        store.close()
    people = copies * events["customer_id"].nunique()
    return {"customers": people, "events": int(count or 0), "copies": copies}


def _copy(these: dict[str, int], connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(_COPY), these)


def _kept(events: pd.DataFrame) -> Iterator[StoredEvent]:
    own = ("customer_id", "time", "activity", "channel")
    plain = events.astype(object).where(events.notna(), None)
    times = microseconds(events["time"])
    for (row, said), at in zip(plain.iterrows(), times, strict=True):
        attributes: dict[str, Value] = {
            str(name): value
            for name, value in said.items()
            if name not in own and value is not None
        }
        channel = None if said["channel"] is None else str(said["channel"])
        named = (str(said["customer_id"]), int(at), str(said["activity"]), channel)
        yield StoredEvent(*named, attributes, "benchmark", str(row), int(at))


def _contexts(
    port: int, events: pd.DataFrame, definition: Definition, copies: int
) -> Sequence[Asked]:
    """Return requests for customers who are on the journey, in a random order."""
    log = event_log(events, definition)
    journeys = find_journeys(log, definition)
    keys = log.events[CUSTOMER].cat.categories
    waiting = sorted({keys[at] for at in journeys["customer"][journeys["state"] == "open"]})
    draw = np.random.default_rng(SEED)
    as_of = quote(instants(np.array([log.times.max()]))[0].isoformat())
    asked = []
    for who, copy in zip(
        draw.choice(waiting, _ASKED), draw.integers(0, copies, _ASKED), strict=True
    ):
        name = quote(f"{who}-{copy}" if copy else str(who), safe="")
        asked.append(Asked(port, f"/v1/customers/{name}/context?as_of={as_of}"))
    return asked


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield str(folder / "events.db")
        return
    server = PostgreSQL()
    try:
        yield server.new_database("context")
    finally:
        server.throw_away()


if __name__ == "__main__":
    main()
