"""How well is an outcome predicted: Offramp against published numbers and others' learners.

``python -m benchmarks.outcome_auc --task TASK.yaml --data FILE --json OUT`` measures one task, any
task; ``make benchmark-outcome`` the six tasks of the published benchmark.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome_offramp import predicted
from benchmarks.outcome_peers import PEERS, XGBOOST, encoded
from benchmarks.outcome_protocol import Cases, auc, auc_by_chance, auc_intervals, interval, split
from benchmarks.outcome_task import Task, read_labelled, read_task
from benchmarks.record import machine
from journeys.errors import OfframpError

Floats = NDArray[np.float64]

SEED = 0
LIBRARIES = ["numpy", "pandas", "lightgbm", "scikit-learn", "xgboost-cpu"]


@dataclass(frozen=True)
class Timed:
    """Scores of the test samples, and the seconds until they were there."""

    score: Floats
    seconds: float
    core_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one task, print the row and write it; return the exit code."""
    asked = _arguments(arguments)
    try:
        row = measured(asked.task, asked.data, seed=asked.seed)
    except OfframpError as error:
        print(error, file=sys.stderr)
        return 1
    written = row | {"seed": asked.seed, "machine": machine(LIBRARIES), "rows": [row]}
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(written, indent=1) + "\n")
    print(json.dumps(row, indent=1))
    return 0


def measured(task_file: Path, data_file: Path, *, seed: int = SEED) -> dict[str, object]:
    """Return the row of one task: AUCs with their 95 % intervals, and seconds.

    Raises
    ------
    OfframpError
        If the task or its file cannot be read, or holds too little to measure anything.
    """
    task = read_task(task_file)
    train, test = split(read_labelled(data_file, task), task)
    ours = _timed(lambda: predicted(train, test, task, seed=seed))
    peers = _peers(train, test, task, seed)
    return _row(task, (train, test), ours, peers, seed)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.outcome_auc", description=__doc__)
    parser.add_argument("--task", type=Path, required=True, help="the task, a YAML file")
    parser.add_argument("--data", type=Path, required=True, help="its events, labelled")
    parser.add_argument("--json", type=Path, required=True, help="where the row is written")
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args(arguments)


def _timed(work: Callable[[], Floats]) -> Timed:
    started, busy = time.perf_counter(), time.process_time()
    score = work()
    return Timed(score, time.perf_counter() - started, time.process_time() - busy)


def _peers(train: Cases, test: Cases, task: Task, seed: int) -> dict[str, Timed]:
    X, later = encoded(train, test, task)

    def scored(name: str) -> Floats:
        return PEERS[name](X, train.y, seed)(later)

    return {name: _timed(lambda name=name: scored(name)) for name in PEERS}  # type: ignore[misc]


def _row(
    task: Task, parts: tuple[Cases, Cases], ours: Timed, peers: dict[str, Timed], seed: int
) -> dict[str, object]:
    train, test = parts
    scores = {"offramp": ours.score} | {name: peer.score for name, peer in peers.items()}
    drawn = auc_intervals(scores, test, seed=seed)
    row: dict[str, object] = {
        "task": task.name,
        "auc": round(auc(ours.score, test), 4),
        "auc_interval": interval(drawn["offramp"]),
        "by_chance_interval": interval(auc_by_chance(ours.score, test, seed=seed)),
        "published_auc": task.published_auc,
    }
    for name, peer in peers.items():
        key = name.replace(" ", "_")
        row[f"{key}_auc"] = round(auc(peer.score, test), 4)
        row[f"{key}_auc_interval"] = interval(drawn[name])
        row[f"{key}_seconds"] = round(peer.seconds, 1)
    return row | {
        "over_xgboost_interval": interval(drawn["offramp"] - drawn[XGBOOST]),
        "seconds": round(ours.seconds, 1),
        "core_seconds": round(ours.core_seconds, 1),
        "longest_prefix": int(test.lengths.max()),
        "train_cases": len(np.unique(train.cases)),
        "test_cases": len(np.unique(test.cases)),
        "test_prefixes": len(test.y),
        "positive_share": [round(float(train.y.mean()), 4), round(float(test.y.mean()), 4)],
    }


if __name__ == "__main__":
    sys.exit(main())
