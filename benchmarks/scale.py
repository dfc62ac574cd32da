"""One machine, far: a log of so many events from check to scores, each step in its own process.

Simulated customers in partitions, then ``check``, ``train``, ``findings``, ``report`` and ``score``
as a user runs them on the folder.  ``make benchmark-scale`` takes a million events and ten; a
hundred million with ``--events 1e6 1e7 1e8``.  A step that cannot run is a row that says so.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.record import Row, limit, record
from benchmarks.scale_step import Step, run_step

SIZES = (1e6, 1e7)
MOST_GIB = 24.0
STEPS = ("check", "train", "findings", "report", "score", "score every event")
OUTCOME = "leakage"
CHAMPION = "models:/offramp-mortgage_refinance@champion"


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, nargs="*", default=list(SIZES), help="sizes")
    asked.add_argument("--steps", nargs="*", default=list(STEPS), choices=STEPS)
    asked.add_argument("--folder", type=Path, help="keep logs, models and results here")
    asked.add_argument("--most-gib", type=float, default=MOST_GIB, help="stop a step beyond it")
    asked.add_argument("--most-hours", type=float, default=12.0, help="stop a step after them")
    asked.add_argument("--in-memory", type=float, help="events that are held, not kept in files")
    asked.add_argument("--model", default=CHAMPION, help="what scores; else what was trained")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="offramp-scale-") as temporary:
        rows = [
            row
            for events in given.events
            for row in rows_of(events, given, (given.folder or Path(temporary)) / f"{events:.0f}")
        ]
    path = record(
        "scale", rows, goals_of(rows), libraries=["lightgbm", "numpy", "pandas", "pyarrow"]
    )
    print(path.with_suffix(".md").read_text())


def rows_of(events: float, given: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield what each step took on a log of about so many events."""
    folder.mkdir(parents=True, exist_ok=True)
    bounds = {"most_gib": given.most_gib, "most_seconds": given.most_hours * 3600}
    environment = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder.resolve() / 'mlflow.db'}",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    if given.in_memory is not None:
        environment["OFFRAMP_EVENTS_IN_MEMORY"] = f"{given.in_memory:.0f}"
    said = folder / "log.json"
    if not said.is_file():
        words = ["benchmarks.scale_world", "--events", str(events), "--out", str(folder.resolve())]
        made = run_step(words, environment=environment, folder=_room(folder, "simulate"), **bounds)
        yield _row("simulate", events, made, {})
        if made.fault:
            return
        said.write_text(made.printed)
    log = json.loads(said.read_text())
    for step in given.steps:
        place = _room(folder, step)
        made = run_step(_words(step, given.model), environment=environment, folder=place, **bounds)
        yield _row(step, events, made, log)
        shutil.rmtree(place / "kept", ignore_errors=True)


def _room(folder: Path, step: str) -> Path:
    place = folder / step.replace(" ", "-")
    place.mkdir(exist_ok=True)
    return place


def _words(step: str, model: str) -> list[str]:
    """Return the command of a step, run in a folder beside the log's."""
    log = ["--events", "../log", "--journey", "../journey.yaml"]
    words = {
        "check": ["check", *log],
        "train": ["train", *log, "--promote", "always"],
        "findings": ["findings", *log, "--outcome", OUTCOME, "--json", "findings.json"],
        "report": ["report", *log, "--model", model, "--no-mlflow", "--out", "report.html"],
        "score": ["score", *log, "--model", model, "--out", "scores.parquet"],
        "score every event": [
            "score",
            *log,
            "--model",
            model,
            "--every-event",
            "--out",
            "scores.parquet",
        ],
    }
    return ["offramp", *words[step]]


def _row(step: str, events: float, made: Step, log: dict[str, int]) -> Row:
    there = log.get("events", round(events))
    return {
        "events": there,
        "step": step,
        "wall_seconds": made.wall_seconds,
        "core_seconds": made.core_seconds,
        "core_seconds_a_million": made.core_seconds / there * 1e6,
        "peak_gib": made.peak_gib,
        "note": made.fault,
    }


def goals_of(rows: Sequence[Row]) -> list[Row]:
    """Return how each step grows from the smallest to the largest size, and what it holds."""
    ended = [row for row in rows if not row["note"] and row["step"] != "simulate"]
    found: list[Row] = []
    for step in dict.fromkeys(str(row["step"]) for row in ended):
        mine = [row for row in ended if row["step"] == step]
        if len(mine) > 1:
            size, core = (
                np.log([float(str(row[name])) for row in mine])
                for name in ("events", "core_seconds")
            )
            slope = float(np.polyfit(size, core, 1)[0])
            found.append(limit(f"growth exponent of core seconds, {step}", 1.1, slope))
        most = max(float(str(row["peak_gib"])) for row in mine)
        found.append(limit(f"GiB, {step}", MOST_GIB, most))
    return found


if __name__ == "__main__":
    main()
