"""One machine, far: a log of so many events from check to scores, each step in its own process.

Simulated customers in partitions, read once into shards that are kept; then ``check``, ``train``,
``findings``, ``report`` and ``score`` as a user runs them on the folder.  ``make benchmark-scale``
takes a million events and ten; a hundred million with ``--events 1e6 1e7 1e8``.

With ``--folder`` each row is kept as its step ends: started again, the benchmark goes on with the
steps that have no row there, and what was interrupted leaves the rows that were finished.  A step
that cannot run is a row that says so.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.record import Row, limit, record
from benchmarks.scale_step import Step, run_step

SIZES = (1e6, 1e7)
MOST_GIB = 24.0
STEPS = ("shards", "check", "train", "findings", "report", "score", "score every event")
OUTCOME = "leakage"
CHAMPION = "models:/offramp-mortgage_refinance@champion"


def main() -> None:
    """Measure, print and record."""
    given = _asked()
    with tempfile.TemporaryDirectory(prefix="offramp-scale-") as temporary:
        rows: list[Row] = []
        for events in given.events:
            folder = (given.folder or Path(temporary)).resolve() / f"{events:.0f}"
            for row in rows_of(events, given, folder):
                rows.append(row)
                path = record(
                    "scale",
                    rows,
                    goals_of(rows),
                    libraries=["lightgbm", "numpy", "pandas", "pyarrow"],
                )
    print(path.with_suffix(".md").read_text())


def _asked() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=float, nargs="+", default=list(SIZES), help="sizes")
    asked.add_argument("--steps", nargs="*", default=list(STEPS), choices=STEPS)
    asked.add_argument("--folder", type=Path, help="keep logs, models, results and rows here")
    asked.add_argument("--most-gib", type=float, default=MOST_GIB, help="stop a step beyond it")
    asked.add_argument("--most-hours", type=float, default=12.0, help="stop a step after them")
    asked.add_argument("--distinct", type=int, default=0, help="worlds, then again; 0: all")
    asked.add_argument("--memory", type=float, default=0.0, help="GiB that train is given")
    asked.add_argument("--customers", default="", help="whom train learns from; see its --help")
    asked.add_argument("--model", default=CHAMPION, help="what scores; else what was trained")
    return asked.parse_args()


def rows_of(events: float, given: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield what each step took on a log of about so many events, from before or from now."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = _Kept(folder / "rows.json")
    for step in ("simulate", *given.steps):
        if step not in kept.rows:
            log = json.loads((folder / "log.json").read_text()) if step != "simulate" else {}
            made = _run(step, events, given, folder)
            if step == "simulate" and not made.fault:
                log = json.loads(made.printed)
                (folder / "log.json").write_text(made.printed)
            kept.add(step, _row(step, events, made, log))
        yield kept.rows[step]
        if step == "simulate" and kept.rows[step]["note"]:
            return


class _Kept:
    """The rows of one size, by step, in a file that is written with each of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = json.loads(path.read_text()) if path.is_file() else {}

    def add(self, step: str, row: Row) -> None:
        self.rows[step] = row
        self.path.write_text(json.dumps(self.rows, indent=1))


def _run(step: str, events: float, given: argparse.Namespace, folder: Path) -> Step:
    place = folder / step.replace(" ", "-")
    place.mkdir(exist_ok=True)
    words = {
        "simulate": ["--events", str(events), "--out", "..", "--distinct", str(given.distinct)],
        "shards": ["../log", "../journey.yaml", "../kept"],
    }
    modules = {"simulate": "benchmarks.scale_world", "shards": "benchmarks.scale_shards"}
    said = [modules[step], *words[step]] if step in words else _words(step, given)
    environment = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OFFRAMP_EVENTS_IN_MEMORY": "0",
    }
    return run_step(
        said,
        environment=environment,
        folder=place,
        most_gib=given.most_gib,
        most_seconds=given.most_hours * 3600,
    )


def _words(step: str, given: argparse.Namespace) -> list[str]:
    """Return the command of a step, run in a folder beside the log's."""
    log = ["--events", "../log", "--journey", "../journey.yaml"]
    kept, model = ["--shards", "../kept"], ["--model", given.model]
    memory = ["--memory", str(given.memory)] if given.memory else []
    memory += ["--customers", given.customers] if given.customers else []
    scores = [*log, *kept, *model, "--out", "scores.parquet"]
    words = {
        "check": ["check", *log, *kept],
        "train": ["train", *log, "--outcome", OUTCOME, *memory, "--json", "said.json"],
        "findings": ["findings", *log, *kept, "--outcome", OUTCOME, "--json", "findings.json"],
        "report": ["report", *log, *model, "--no-mlflow", "--out", "report.html"],
        "score": ["score", *scores],
        "score every event": ["score", *scores, "--every-event"],
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
        "load": os.getloadavg()[1],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
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
