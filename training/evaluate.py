"""Evaluation on the future part: how good, how sure, where in the journey, against what.

The meaning of every number, with formulas and sources, is in docs/evaluation.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rootcause.intervals import rate_interval
from training.calibration_error import calibration_of
from training.earliness import PRECISION, Course, earliness
from training.metrics import Floats, Interval, TestPart, bins_of, interval
from training.stages import by_events, by_stage, measured
from training.subgroups import Groups, subgroups

_TOO_FAR_OFF = 0.05


@dataclass(frozen=True, eq=False)
class Asked:
    """What else is asked of the samples, where it is known.

    ``course`` how their journeys went on, ``bad`` the value of ``y`` that is the bad outcome,
    ``groups`` the context attributes, ``last_event_only`` what a model that sees no history
    predicts, ``precision`` at which the earliness is stated.
    """

    course: Course | None = None
    bad: float = 1.0
    groups: Groups = field(default_factory=dict)
    last_event_only: Floats | None = None
    precision: float = PRECISION


def evaluate_outcome(
    part: TestPart, baselines: Mapping[str, Floats], *, seed: int, asked: Asked | None = None
) -> dict[str, object]:
    """Return everything that is said about one outcome's predictions; plain data.

    Parameters
    ----------
    baselines : name to predicted probabilities of the same samples
    """
    asked = asked or Asked()
    metrics, draws = measured(part, seed)
    others = {name: measured(part.predicted_by(p), seed) for name, p in baselines.items()}
    calibration = calibration_of(part, seed)
    return {
        "samples": len(part.y),
        "customers": part.customer_count,
        "positives": int(part.y.sum()),
        "base_rate": float(part.y.mean()),
        "metrics": metrics,
        "calibration": calibration,
        "calibration_error_by_chance": calibration["by_chance"],
        "baselines": {name: said for name, (said, _) in others.items()},
        "lift": {name: interval((draws - drawn)[:, 0]) for name, (_, drawn) in others.items()},
        "history": _history(part, draws, asked, seed),
        "stages": by_stage(part, seed),
        "stages_by_events": by_events(part, seed),
        "earliness": _earliness(part, asked, seed),
        "subgroups": subgroups(part, asked.groups, seed),
        "reliability": _reliability(part),
        "precision_recall": _precision_recall(part),
    }


def doubts(evaluation: Mapping[str, Any]) -> list[str]:
    """Return, in sentences, why some predictions should not be acted on; empty when none."""
    found = []
    for outcome, said in evaluation.items():
        error = said["metrics"]["calibration_error"]
        if error["value"] is not None and (error["low"] or 0.0) > _TOO_FAR_OFF:
            found.append(
                f"The probabilities of {outcome} were off by {100 * error['value']:.0f} points on "
                "later journeys: what came later is unlike what was learnt from. Look at how the "
                "log was drawn before acting on them."
            )
        worse = [name for name, lift in said["lift"].items() if (lift["high"] or 0.0) < 0]
        if worse:
            found.append(
                f"The model of {outcome} ranks later journeys worse than {' and '.join(worse)}."
            )
        failed = [one for one in said.get("checks", ()) if not one["passed"]]
        found += [f"Check of {outcome} failed: {one['words']}" for one in failed]
    return found


def _history(part: TestPart, draws: Floats, asked: Asked, seed: int) -> dict[str, object] | None:
    """Return the metrics of the model of the last event alone, and the paired lift over it."""
    if asked.last_event_only is None:
        return None
    metrics, drawn = measured(part.predicted_by(asked.last_event_only), seed)
    better = draws - drawn
    lift: dict[str, Interval] = {
        "auc": interval(better[:, 0]),
        "average_precision": interval(better[:, 1]),
        "brier": interval(-better[:, 2]),
    }
    return {"last_event_only": metrics, "lift": lift}


def _earliness(part: TestPart, asked: Asked, seed: int) -> dict[str, object] | None:
    if asked.course is None:
        return None
    return earliness(part, asked.course, bad=asked.bad, precision=asked.precision, seed=seed)


def _reliability(part: TestPart) -> list[dict[str, float]]:
    """Return what was predicted and what came, in bins of equal size, with Wilson intervals.

    The interval counts customers, not samples: those of one customer say much the same.
    """
    of_bin = bins_of(part.p)
    rows = []
    for place in np.unique(of_bin):
        here = part.take(of_bin == place)
        customers = here.customer_count
        rate, low, high = rate_interval(here.y.mean() * customers, customers)
        rows.append(
            {
                "predicted": float(here.p.mean()),
                "observed": float(rate),
                "low": float(low),
                "high": float(high),
                "samples": len(here.y),
            }
        )
    return rows


def _precision_recall(part: TestPart) -> list[dict[str, float]]:
    """Return precision and recall at up to fifty thresholds; empty without a positive."""
    if part.y.sum() == 0:
        return []
    rows = []
    for threshold in np.unique(np.quantile(part.p, np.linspace(0, 0.998, 50))):
        marked = part.p >= threshold
        hits = float(part.y[marked].sum())
        rows.append(
            {
                "threshold": float(threshold),
                "precision": hits / float(marked.sum()),
                "recall": hits / float(part.y.sum()),
            }
        )
    return rows
