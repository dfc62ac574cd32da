"""One engine alone in its process: checked first, then timed on every prefix of many events.

``python -m benchmarks.feature_race ENGINE EVENTS THREADS RUNS`` prints what each run took as JSON.
A process of its own, because polars reads its number of threads when it is imported, and because
the memory of one engine is then not that of another.  THREADS 0 leaves it to the engine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.feature_log import COMPARED, Work, random_events, work_of
from benchmarks.feature_peers import PEERS, Columns, code_of_activity, sorted_events
from benchmarks.measure import taken
from features import NEVER_SEEN, table, tables

FOLD, CHUNKED = "fold", "fold, in chunks"
ENGINES = (FOLD, CHUNKED, *PEERS)
_ROOT = Path(__file__).resolve().parent.parent
_CHECKED_EVENTS = 50_000
_DIGITS = {"rtol": 1e-4, "atol": 1e-3}  # of float32, and of hours


class DisagreementError(Exception):
    """A peer does not compute what the kernel computes, so its time means nothing."""


def main() -> None:
    """Print what the runs of one engine took."""
    engine, events, threads, runs = sys.argv[1], *map(int, sys.argv[2:])
    if engine in PEERS:
        disagreement(engine, work_of(random_events(_CHECKED_EVENTS), COMPARED), threads)
    work = work_of(random_events(events), COMPARED)
    run = prepared(engine, work, threads)
    print(json.dumps([asdict(taken(run)) for _ in range(runs)]))


def raced(engine: str, events: int, *, threads: int, runs: int) -> dict[str, Any]:
    """Run an engine in a process of its own; return a row, which says so if it cannot run.

    ``cold_…`` is the first run, of fresh memory; the others are medians of the runs after it, or
    the same where there is one run only.
    """
    row: dict[str, Any] = {"what": "every prefix, the compared features", "engine": engine}
    row |= {"events": events, "threads": threads or "default"}
    if engine in PEERS and find_spec(engine) is None:
        return row | {"note": f"{engine} is not installed here"}
    command = [sys.executable, "-m", "benchmarks.feature_race", engine]
    command += map(str, (events, threads, runs))
    alone = {name: str(threads) for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS") if threads}
    found = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | alone, cwd=_ROOT
    )
    if found.returncode:
        return row | {"note": found.stderr.strip().splitlines()[-1][:200]}
    took = json.loads(found.stdout.splitlines()[-1])
    warm = took[1:] or took
    return row | {
        "runs": runs,
        "core_seconds": median(one["core_seconds"] for one in warm),
        "wall_seconds": median(one["wall_seconds"] for one in warm),
        "cold_core_seconds": took[0]["core_seconds"],
        "cold_wall_seconds": took[0]["wall_seconds"],
        "peak_mib": max(one["peak_mib"] for one in took),
    }


def prepared(engine: str, work: Work, threads: int) -> Callable[[], object]:
    """Return what is timed: from the engine's own table of sorted events to its features."""
    parts = (work.log, work.journeys, work.samples, work.plan)
    if engine == FOLD:
        return lambda: table(*parts)
    if engine == CHUNKED:
        return lambda: [None for _ in tables(*parts)]
    peer = PEERS[engine]
    given = peer.given(sorted_events(work), threads)
    return lambda: peer.features(given)


def disagreement(engine: str, work: Work, threads: int = 1) -> None:
    """Hold a peer's features against the kernel's, each of them at every sample.

    Raises
    ------
    DisagreementError
        If a feature is missing or differs by more than float32 can hold.
    """
    peer = PEERS[engine]
    found = peer.columns(peer.features(peer.given(sorted_events(work), threads)))
    ours = table(work.log, work.journeys, work.samples, work.plan)
    for place, feature in enumerate(work.plan.features):
        if NEVER_SEEN in feature.name:
            continue
        theirs = _at_samples(found, feature.name, work)
        if not np.allclose(theirs, ours[:, place], equal_nan=True, **_DIGITS):
            raise DisagreementError(f"{engine} and the kernel differ in {feature.name!r}.")


def _at_samples(found: Columns, name: str, work: Work) -> NDArray[np.float64]:
    if name not in found:
        raise DisagreementError(f"A feature is missing: {name!r}.")
    values: NDArray[np.float64] = found[name][work.samples["seen"].to_numpy()]
    if not name.endswith("_back"):
        return values
    codes = code_of_activity(work)[np.nan_to_num(values).astype(np.int64)]
    return np.asarray(np.where(np.isnan(values), np.nan, codes))


if __name__ == "__main__":
    main()
