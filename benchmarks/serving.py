"""How many requests a second one worker answers, beside an empty server and beside its peers.

One request holds one journey of thirty events, and asks for three outcomes.  All servers run in the
same minutes, in turn and again; ratios are taken within a turn.  Peers get a row of features that
is computed already and give no reasons, so they do less than we do.
"""

import argparse
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from benchmarks.record import Row, goal, limit, record
from benchmarks.serving_bundle import DEFAULT, LARGE, SEED, body_of, made, simulated
from benchmarks.serving_load import Asked, Loaded, at_full_load, at_rate, loader
from benchmarks.serving_row import features_of, one_row
from benchmarks.serving_servers import (
    Server,
    app,
    bentoml,
    free_port,
    litserve,
    mlflow,
    ours,
    running,
)
from models import load_bundle

EMPTY, PLAIN, REASONS = "empty FastAPI", "offramp, no reasons", "offramp, five reasons"
SLOW = "offramp, five reasons by pred_contrib"
MLFLOW, LITSERVE, BENTOML = "mlflow models serve", "LitServe", "BentoML"
SCORE = "/v1/score"
START, MEMORY = "start to ready, numba's cache warm", "memory over many requests"


@dataclass(frozen=True, eq=False)
class Contender:
    """A server, the request it is loaded with, and the path that says that it is ready."""

    name: str
    command: Callable[[], list[str]]
    path: str
    body: bytes
    ready: str = "/readyz"
    environment: Mapping[str, str] | None = None
    ours: bool = True


@dataclass(frozen=True)
class Run:
    """What a server did under load, and the microseconds of a core that each request took it."""

    load: Loaded
    core_us: float


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=5.0, help="of load, each time")
    asked.add_argument("--requests", type=int, default=100_000, help="over which memory is watched")
    asked.add_argument("--no-peers", action="store_true", help="leave out other people's servers")
    chosen = asked.parse_args()
    with TemporaryDirectory() as folder:
        events, definition = simulated()
        bundles = made(Path(folder), events, definition)
        bodies = {explain: body_of(events, definition, explain=explain) for explain in (0, 5)}
        rows = [row for name in bundles for row in one_row(load_bundle(bundles[name]), name, SEED)]
        rows.append(started(bundles[LARGE], chosen.repeats))
        contenders = [*own(bundles, bodies), *peers(bundles[LARGE], Path(folder))]
        loads, absent = raced(
            [one for one in contenders if one.ours or not chosen.no_peers], chosen
        )
        rows += [*medians(loads), *absent]
        rows.append(
            at_half_load(
                bundles[LARGE], bodies[0], median_rate([one.load for one in loads[PLAIN]]), chosen
            )
        )
        rows.append(remembered(bundles[LARGE], bodies, chosen))
    libraries = ["fastapi", "lightgbm", "mlflow", "numba", "numpy", "uvicorn"]
    path = record("serving", rows, goals(rows, loads), libraries=libraries)
    print(path.with_suffix(".md").read_text())


def own(bundles: Mapping[str, Path], bodies: Mapping[int, bytes]) -> list[Contender]:
    """Return the empty server and ours, with and without what makes it slow."""
    large, default = bundles[LARGE], bundles[DEFAULT]
    return [
        Contender(EMPTY, lambda: app("empty", large), SCORE, bodies[0]),
        Contender(PLAIN, lambda: ours(large), SCORE, bodies[0]),
        Contender(REASONS, lambda: ours(large), SCORE, bodies[5]),
        Contender(SLOW, lambda: app("pred_contrib", large), SCORE, bodies[5]),
        Contender(f"{PLAIN}, {DEFAULT}", lambda: ours(default), SCORE, bodies[0]),
        Contender(f"{REASONS}, {DEFAULT}", lambda: ours(default), SCORE, bodies[5]),
    ]


def peers(bundle: Path, folder: Path) -> list[Contender]:
    """Return other people's servers, which are sent the features of one row."""
    (row,) = np.nan_to_num(features_of(load_bundle(bundle), SEED)[:1])
    body = msgspec.json.encode({"inputs": [row.tolist()]})
    told = {"SERVING_BUNDLE": str(bundle)}
    flow, lit = partial(mlflow, bundle, folder / "pyfunc"), partial(litserve, bundle)
    return [
        Contender(MLFLOW, flow, "/invocations", body, "/ping", ours=False),
        Contender(LITSERVE, lit, SCORE, body, "/health", ours=False),
        Contender(BENTOML, bentoml, SCORE, body, environment=told, ours=False),
    ]


def raced(
    contenders: Sequence[Contender], chosen: argparse.Namespace
) -> tuple[dict[str, list[Run]], list[Row]]:
    """Load every server in turn, and again; a peer that does not run is a row that says so."""
    loads: dict[str, list[Run]] = {}
    absent: list[Row] = []
    with ExitStack() as ends:
        ends.enter_context(apart())
        running_at = dict[Contender, Server]()
        for one in contenders:
            try:
                running_at[one] = ends.enter_context(served(one, core=0))
            except (OSError, RuntimeError, subprocess.SubprocessError) as fault:
                if one.ours:
                    raise
                absent.append({"what": one.name, "absent": str(fault)[:200]})
        for one, server in running_at.items():
            loaded(one, server, 2.0)
        for _ in range(chosen.repeats):
            for one, server in running_at.items():
                loads.setdefault(one.name, []).append(loaded(one, server, chosen.seconds))
    return loads, absent


def loaded(one: Contender, server: Server, seconds: float) -> Run:
    """Load a server for some seconds, and say so."""
    before = server.core_seconds()
    found = at_full_load(Asked(server.port, one.path, one.body), seconds)
    run = Run(found, 1e6 * (server.core_seconds() - before) / max(found.requests, 1))
    print(f"{one.name}: {found.per_second:,.0f} requests a second, {run.core_us:,.0f} us of a core")
    return run


@contextmanager
def served(one: Contender, core: int | None = None) -> Iterator[Server]:
    """Run a contender at a free port until the block ends."""
    ready = Asked(free_port(), one.ready)
    with running(one.command(), ready, environment=one.environment, core=core) as server:
        yield server


@contextmanager
def apart() -> Iterator[None]:
    """Keep this process, and the loader it starts, off the core of the servers."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before - {0} or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def medians(loads: Mapping[str, Sequence[Run]]) -> list[Row]:
    """Return the row of each server: medians over the turns."""
    return [
        {
            "what": name,
            "requests_per_second": median_rate([one.load for one in found]),
            "of_empty": ratio(loads, name, EMPTY),
            "core_us_per_request": median(one.core_us for one in found) or None,  # 0: not its own
            "p50_ms": median(one.load.p50 for one in found),
            "p99_ms": median(one.load.p99 for one in found),
            "errors": sum(one.load.errors for one in found),
            "loader": f"{loader()}, 8 connections",
        }
        for name, found in loads.items()
    ]


def median_rate(found: Sequence[Loaded]) -> float:
    """Return the median over the turns of what was answered a second."""
    return median(one.per_second for one in found)


def ratio(loads: Mapping[str, Sequence[Run]], name: str, other: str) -> float:
    """Return how many times the requests of another a server answers: the median over turns."""
    pairs = zip(loads[name], loads[other], strict=True)
    return median(one.load.per_second / two.load.per_second for one, two in pairs)


def started(bundle: Path, repeats: int) -> Row:
    """Return how long the service takes to be ready; the first start fills numba's cache."""
    one = Contender(PLAIN, lambda: ours(bundle), SCORE, b"")
    took = []
    for _ in range(repeats + 1):
        with served(one) as server:
            took.append(server.seconds_to_ready)
    return {"what": START, "seconds": median(took[1:]), "first_seconds": took[0]}


def at_half_load(bundle: Path, body: bytes, peak: float, chosen: argparse.Namespace) -> Row:
    """Return latencies at half the most that was answered, requests coming at a constant rate."""
    one = Contender(PLAIN, lambda: ours(bundle), SCORE, body)
    with apart(), served(one, core=0) as server:
        asked = [Asked(server.port, SCORE, body)]
        at_rate(asked, peak / 2, 2.0)
        found = [at_rate(asked, peak / 2, chosen.seconds) for _ in range(chosen.repeats)]
    return {
        "what": f"{PLAIN}, at half its peak",
        "requests_per_second": median_rate(found),
        "p50_ms": median(one.p50 for one in found),
        "p99_ms": median(one.p99 for one in found),
        "errors": sum(one.errors for one in found),
        "loader": "in-house, open loop",
    }


def remembered(bundle: Path, bodies: Mapping[int, bytes], chosen: argparse.Namespace) -> Row:
    """Return how much more memory the service holds after many requests than after a few."""
    one = Contender(PLAIN, lambda: ours(bundle), SCORE, bodies[0])
    with apart(), served(one, core=0) as server:
        plain, reasons = (Asked(server.port, SCORE, bodies[explain]) for explain in (0, 5))
        at_full_load(plain, 3.0)
        at_full_load(reasons, 3.0)
        before, count = server.memory_mib(), 0
        while count < chosen.requests:
            count += at_full_load(plain, 5.0).requests + at_full_load(reasons, 1.0).requests
        after = server.memory_mib()
    return {"what": MEMORY, "requests": count, "mib": after, "grown_mib": after - before}


def goals(rows: Sequence[Row], loads: Mapping[str, Sequence[Run]]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    by_name = {str(row["what"]): row for row in rows}
    found: list[Row] = [
        goal("without reasons, of an empty FastAPI", 0.45, ratio(loads, PLAIN, EMPTY)),
        goal("five reasons, of an empty FastAPI", 0.06, ratio(loads, REASONS, EMPTY)),
        goal("five reasons, times those by pred_contrib", 3.0, ratio(loads, REASONS, SLOW)),
        limit("seconds from start to ready", 6.0, float(str(by_name[START]["seconds"]))),
        limit("MiB grown over the requests", 10.0, float(str(by_name[MEMORY]["grown_mib"]))),
    ]
    if MLFLOW in loads:
        found.append(goal(f"times {MLFLOW}", 5.0, ratio(loads, PLAIN, MLFLOW)))
    return found


if __name__ == "__main__":
    main()
