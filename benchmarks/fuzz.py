"""A hundred thousand calls that try to make a running service stumble: `make benchmark-fuzz`.

A real server with every part (events in a database, findings, audiences, keys) is asked by its own
description, with and against it, and with spoilt copies of examples that work.  No answer may be a
5xx, and every answer must be one that the description promises.
"""

import argparse
import json
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from benchmarks.fuzz_calls import Tally, all_of, described_calls, spoilt_calls
from benchmarks.record import limit, record
from benchmarks.served import Running, running
from benchmarks.service_world import cloud_events, service_world
from serving.client import Offramp

_SEED = 20260322
_SHARE_BY_DESCRIPTION = 0.02
_STORED = 2_000


def main() -> None:
    """Make the calls, print and record what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=inf, help="of spoilt calls, at most")
    parser.add_argument("--seed", type=int, default=_SEED)
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        world = service_world(folder)
        with running(folder, *world.options(str(folder / "events.db"))) as server:
            with Offramp(server.address, world.key, timeout=60) as client:
                client.send(cloud_events(world.events.tail(_STORED)))
            tallies = fuzzed(
                server, world.key, calls=asked.calls, of=asked.seed, seconds=asked.seconds
            )
    rows = [_row(name, tally) for name, tally in all_of(tallies)]
    for row in rows:
        print(json.dumps(row))
    made = sum(tally.calls for tally in tallies)
    goals = [
        limit("answers of 500 and more, or none", 0, sum(tally.faults for tally in tallies)),
        limit("answers the description does not promise", 0, sum(bool(r["broken"]) for r in rows)),
        {"what": "calls", "goal": asked.calls, "value": made, "met": made >= 0.95 * asked.calls},
    ]
    print(record("fuzz", rows, goals, libraries=["schemathesis", "hypothesis", "uvicorn"]))


def fuzzed(server: Running, key: str, *, calls: int, of: int, seconds: float = inf) -> list[Tally]:
    """Ask a server so many times, and return what came of it."""
    headers = {"Authorization": f"Bearer {key}"}
    document = requests.get(f"{server.address}/openapi.json", headers=headers, timeout=30).json()
    operations = sum(len(methods) for methods in document["paths"].values())
    each = max(2, round(calls * _SHARE_BY_DESCRIPTION / operations))
    described = described_calls(document, server.address, key, each=each, of=of)
    left = calls - sum(tally.calls for tally in described)
    return described + spoilt_calls(
        document, server.address, key, calls=left, of=of, seconds=seconds
    )


def _row(name: str, tally: Tally) -> dict[str, object]:
    answers = " ".join(f"{status}: {count:,}" for status, count in sorted(tally.statuses.items()))
    return {
        "operation": name,
        "calls": tally.calls,
        "answers": answers,
        "faults": tally.faults,
        "broken": "; ".join(tally.broken),
    }


if __name__ == "__main__":
    main()
