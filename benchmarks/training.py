"""What a training takes: time and memory of each step, and the share that is LightGBM's own.

A whole `training.train.train` on a simulated log, with clocks around the functions it calls.  The
outcomes are fitted and evaluated two at a time, so a step's time is that of its own thread, and the
memory of those steps is the most that was held while they ran side by side.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from threading import Lock, local
from typing import Any
from unittest.mock import patch

import lightgbm as lgb

from benchmarks.measure import forget_peak, peak_mib, taken
from benchmarks.record import record
from features.plan import Plan
from journeys import event_log, parse_definition
from journeys.simulate import MAIN_JOURNEY, simulate
from training.train import train

SEED = 7
CUSTOMERS = 68_000  # whose mortgages have a million samples
SCENARIO = "ios_upload_bug"
STEPS = {  # by the names under which a module calls them
    "training.train": {
        "find_journeys": "journeys",
        "samples_of": "samples",
        "labels_of": "labels",
        "split_by_time": "splits",
        "learn_vocabulary": "vocabulary",
        "plan_of": "plan",
        "table": "features",
        "bundle_of": "bundle",
    },
    "training.fit": {"_fit_one": "fitting", "evaluated": "evaluation"},
}
SIDE_BY_SIDE = ("fitting", "evaluation")
LIGHTGBM = "LightGBM's own"
_OUTCOMES = ("success", "leakage", "churn")


class Clocks:
    """Processor seconds of each step, of the thread that ran it, and memory held at the most.

    A step inside a step counts for itself alone.  ``inside`` is what of a step's seconds went to
    LightGBM.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.inside: dict[str, float] = defaultdict(float)
        self.peaks: dict[str, float] = defaultdict(float)
        self._lock, self._thread = Lock(), local()

    def around(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a clock."""

        def clocked(*arguments: Any, **named: Any) -> Any:
            return self._run(step, work, arguments, named)

        return clocked

    def _run(
        self, step: str, work: Callable[..., Any], arguments: Sequence[Any], named: dict[str, Any]
    ) -> Any:
        around = getattr(self._thread, "step", "")
        if step == LIGHTGBM and around in ("", LIGHTGBM):  # it calls itself
            return work(*arguments, **named)
        of = [one for one in arguments if isinstance(one, str) and one in _OUTCOMES]
        label = LIGHTGBM if step == LIGHTGBM else " ".join([step, *of])
        if step not in (LIGHTGBM, *SIDE_BY_SIDE):
            forget_peak()
        self._thread.step, begun = label, time.thread_time()
        try:
            return work(*arguments, **named)
        finally:
            self._note(label, around, time.thread_time() - begun)
            self._thread.step = around

    def _note(self, label: str, around: str, seconds: float) -> None:
        with self._lock:
            if label == LIGHTGBM:
                self.inside[around] += seconds
            else:
                self.seconds[label] += seconds
                self.seconds[around] -= seconds
                self.peaks[label] = max(self.peaks[label], peak_mib())


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=CUSTOMERS)
    rows = rows_of(asked.parse_args().customers)
    path = record("training", rows, [], libraries=["lightgbm", "numba", "numpy", "pandas"])
    print(path.with_suffix(".md").read_text())


def rows_of(customers: int) -> list[dict[str, object]]:
    """Return what each step of a training took, and the whole."""
    simulation = simulate(SCENARIO, customers=customers, seed=SEED)
    text = simulation.definitions[MAIN_JOURNEY]
    definition = parse_definition(text, source=f"{MAIN_JOURNEY}.yaml")
    clocks, trained = Clocks(), []
    log = clocks.around("event log", event_log)(simulation.events, definition)
    with ExitStack() as stack:
        for module, steps in STEPS.items():
            for name, step in steps.items():
                stack.enter_context(_clock(clocks, import_module(module), name, step))
        if hasattr(Plan, "renewed"):
            stack.enter_context(_clock(clocks, Plan, "renewed", "surroundings"))
        for owner, name in ((lgb, "train"), (lgb.Booster, "predict"), (lgb.Dataset, "construct")):
            stack.enter_context(_clock(clocks, owner, name, LIGHTGBM))
        whole = taken(lambda: trained.append(train(log, definition, seed=SEED)))
    n_samples, n_features = trained[0].data.X.shape
    shared = {"customers": customers, "events": len(log), "samples": n_samples}
    shared |= {"features": n_features, "seed": SEED}
    rows = [_row(clocks, step, whole.core_seconds) for step in clocks.seconds if step]
    rows.append(
        {"step": "the whole training", "core_seconds": whole.core_seconds, "share": 1.0}
        | {"wall_seconds": whole.wall_seconds, "peak_mib": max(clocks.peaks.values())}
        | {"lightgbm_seconds": sum(clocks.inside.values())}
        | {"lightgbm_share": sum(clocks.inside.values()) / whole.core_seconds}
        | {"table_mib": trained[0].data.X.nbytes / 2**20}
    )
    return [shared | row for row in rows]


def _clock(clocks: Clocks, owner: Any, name: str, step: str) -> Any:
    return patch.object(owner, name, clocks.around(step, getattr(owner, name)))


def _row(clocks: Clocks, step: str, whole: float) -> dict[str, object]:
    seconds = clocks.seconds[step]
    row = {"step": step, "core_seconds": seconds, "share": seconds / whole}
    row |= {"peak_mib": clocks.peaks[step]}
    if step in clocks.inside:
        row |= {"lightgbm_seconds": clocks.inside[step]}
        row |= {"lightgbm_share": clocks.inside[step] / max(seconds, 1e-9)}
    return row


if __name__ == "__main__":
    main()
