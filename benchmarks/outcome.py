"""The published outcome benchmark: six tasks, and three of them again without the leak.

``make benchmark-outcome`` looks for the files in ``$OFFRAMP_SHARED_DATA/outcome-benchmark``, by
default beside the project in ``../shared/data``.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.outcome_auc import LIBRARIES, SEED, measured
from benchmarks.record import goal, record
from journeys.errors import EventLogError, OfframpError

Rows = list[dict[str, object]]

TASKS = Path(__file__).parent / "tasks"
DATA = "OFFRAMP_SHARED_DATA"
FILES = {
    "bpic2012_accepted": "bpic2012",
    "bpic2012_declined": "bpic2012",
    "bpic2012_cancelled": "bpic2012",
    "traffic_fines_1": "traffic_fines_1",
    "sepsis_cases_1": "sepsis_cases_1",
    "production": "production",
    "bpic2012_accepted_leak_free": "bpic2012",
    "bpic2012_declined_leak_free": "bpic2012",
    "bpic2012_cancelled_leak_free": "bpic2012",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every task, print one table and record it; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.outcome", description=__doc__)
    parser.add_argument("--data", type=Path, default=shared_data(), help=f"default: ${DATA}")
    parser.add_argument("--task", action="append", choices=list(FILES), help="only this; repeat")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2, help="tasks at a time, a core each")
    asked = parser.parse_args(arguments)
    try:
        for rows in _measured(asked.task or list(FILES), asked.data, asked.seed, asked.processes):
            # After each task: who stops an hour's work half-way keeps the half.
            path = record("outcome", rows, goals_of(rows), libraries=LIBRARIES)
    except OfframpError as error:
        print(error, file=sys.stderr)
        return 1
    print(path.with_suffix(".md").read_text())
    return 0


def _measured(names: Sequence[str], data: Path, seed: int, processes: int) -> Iterator[Rows]:
    """Measure the tasks, so many at a time, each on one core; yield all rows so far."""
    files = {name: task_data(data, name) for name in names}
    rows: Rows = []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = [
            pool.submit(measured, TASKS / f"{name}.yaml", file, seed=seed)
            for name, file in files.items()
        ]
        for job in running:
            rows.append(job.result())
            print("{task}: {auc} in {seconds} s".format_map(rows[-1]), file=sys.stderr)
            yield rows


def shared_data() -> Path:
    """Return the folder of the shared data: the environment's, or the one beside the project."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    return Path(os.environ.get(DATA) or beside)


def task_data(folder: Path, name: str) -> Path:
    """Return the labelled log of one of our tasks.

    Raises
    ------
    EventLogError
        If it is not there.
    """
    path = folder / "outcome-benchmark" / f"{FILES[name]}.parquet"
    if not path.is_file():
        raise EventLogError(
            f"The labelled log of {name!r} is not at {str(path)!r}. Say where the shared data are: "
            f"{DATA}=FOLDER make benchmark-outcome, a folder that holds outcome-benchmark/."
        )
    return path


def goals_of(rows: Rows) -> Rows:
    """Return for each published task: above the published AUC, and above XGBoost in this run."""
    goals = []
    for row in rows:
        ours, published = float(str(row["auc"])), row["published_auc"]
        if published is not None:
            what = f"{row['task']}: AUC against the best published"
            goals.append(goal(what, float(str(published)), ours))
            what = f"{row['task']}: AUC against XGBoost in this run"
            goals.append(goal(what, float(str(row["xgboost_auc"])), ours))
    return goals


if __name__ == "__main__":
    sys.exit(main())
