"""The context of a customer from a store of a million: latency at half of what it can do."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from benchmarks.record import Row
from benchmarks.serving_bundle import SEED
from benchmarks.serving_load import Asked, at_full_load_in_turn, at_rate
from benchmarks.serving_servers import free_port, ours, running
from serving.schema import EVENTS as TABLE
from serving.store import Store

_AS_OF = "2026-03-02T20:00:00Z"
_FEWEST, _MOST = 3, 9  # events of a customer
_AT_ONCE = 50_000
_ASKED = 5_000  # customers, drawn by chance


def contexts(bundle: Path, folder: Path, told: dict[str, object], asked: argparse.Namespace) -> Row:
    """Fill a store, and return latencies of contexts at half the most that was answered.

    ``told`` is the history of one customer, of which each of the store has the beginning.
    """
    database = folder / "store.db"
    begun = time.perf_counter()
    n_events = fill(database, told, asked.customers)
    filled = time.perf_counter() - begun
    command = ours(bundle, "--database", str(database))
    drawn = np.random.default_rng(SEED).integers(0, asked.customers, _ASKED)
    with running(command, Asked(free_port(), "/readyz"), core=0) as server:
        paths = [f"/v1/customers/{key_of(one)}/context?as_of={_AS_OF}" for one in drawn.tolist()]
        requests = [Asked(server.port, path) for path in paths]
        at_full_load_in_turn(requests, 2.0)
        peak = at_full_load_in_turn(requests, asked.seconds)
        half = at_rate(requests, peak.per_second / 2, 2 * asked.seconds)
    return {
        "what": f"context, {asked.customers:,} customers, {n_events:,} events",
        "requests_per_second": half.per_second,
        "p50_ms": half.p50,
        "p99_ms": half.p99,
        "p99_of_p50": half.p99 / half.p50,
        "peak_per_second": peak.per_second,
        "errors": peak.errors + half.errors,
        "loader": "in-house, open loop",
        "seconds": filled,
    }


def key_of(customer: int) -> str:
    """Return the key of a customer by number."""
    return f"c-{customer:07d}"


def fill(database: Path, told: dict[str, object], customers: int) -> int:
    """Write every customer's first event, then every second one, and so on; return how many."""
    store = Store.open(f"sqlite:///{database}")
    count = 0
    try:
        for rows in _batches(told, customers):
            with store.engine.begin() as connection:
                connection.execute(TABLE.insert(), rows)
            count += len(rows)
    finally:
        store.close()
    return count


def _batches(told: dict[str, object], customers: int) -> Iterator[list[dict[str, object]]]:
    lengths = np.random.default_rng(SEED).integers(_FEWEST, _MOST + 1, customers)
    events = told["events"]
    assert isinstance(events, list)
    for number, event in enumerate(events[:_MOST]):
        rest = {name: event[name] for name in event if name not in ("time", "activity", "channel")}
        at = pd.Timestamp(event["time"]).value // 1_000
        same = {
            "activity": event["activity"],
            "channel": event.get("channel"),
            "attributes": msgspec.json.encode(rest).decode(),
            "source": "benchmark",
        }
        having = np.flatnonzero(lengths > number).tolist()
        for first in range(0, len(having), _AT_ONCE):
            yield [
                {
                    **same,
                    "customer": key_of(one),
                    "time": at + one % 3_600_000_000,
                    "id": f"{one}-{number}",
                    "received": at,
                }
                for one in having[first : first + _AT_ONCE]
            ]
