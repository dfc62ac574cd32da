"""Drift: what a later log says about a model, as one verdict with its reasons.

- **broken tracking**: something that used to arrive no longer does; mend that before anything else.
- **retrain**: the probabilities no longer come true, or rank worse, beyond chance and by enough to
  matter, on journeys that began since.
- **wait**: inputs, values or scores have moved, or too few labels are in; no harm is shown.
- **nothing moved**.

Harm is asked of labels only. Calibration is off if observed less predicted is at least 2 points and
2.6 standard errors from zero, and at least 2 points and 1.64 standard errors further out than at
the training; ranking is worse if the AUC has fallen by at least 3 points and 2.6 standard errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.bundle import Bundle
from rootcause.evaluation_plots import moved_figure, scores_figure
from rootcause.figures import Picture
from training.data import TrainingData
from training.moved import LARGE_ENOUGH, moved_columns, moved_features, moved_scores
from training.reference import window_since
from training.stopped import stopped

BROKEN, RETRAIN, WAIT, NOTHING = "broken tracking", "retrain", "wait", "nothing moved"
_Z = 2.6
_Z_CHANGE = 1.64
_OFF_ENOUGH = 0.02
_AUC_ENOUGH = 0.03
_FEWEST_POSITIVES = 20
_FEWEST_SAMPLES = 200
_TO_STANDARD_ERROR = 3.92
_MOST_NAMED = 3


def drift_since(
    data: TrainingData, bundle: Bundle, since: pd.Timestamp, evaluation: Mapping[str, Any]
) -> dict[str, object] | None:
    """Return what has moved since the training, and the verdict; plain data.

    Parameters
    ----------
    data : the later log, with the features of the bundle's plan
    since : what began then or later is compared with the reference that the bundle carries
    evaluation : of journeys that began since, from `training.later`; may be empty

    Returns
    -------
    dict with ``verdict``, ``reasons`` (sentences), ``since``, ``samples``, ``customers``,
    ``features``, ``columns``, ``scores``, ``outcomes`` and ``stopped``; None if the bundle carries
    no reference or nothing happened since
    """
    reference: Any = bundle.manifest.get("reference")
    window = window_since(data, since)
    if not reference or not window.samples.any():
        return None
    features = moved_features(data, window, reference)
    columns = moved_columns(data, window, reference)
    scores = moved_scores(data, window, bundle.outcomes, reference)
    then: Any = bundle.manifest["evaluation"]
    outcomes = {name: harm(then[name], said) for name, said in evaluation.items() if name in then}
    faults = stopped(data.log, window, reference, columns)
    verdict, reasons = _verdict(_Evidence(features, columns, scores, outcomes, faults))
    return {
        "verdict": verdict,
        "reasons": reasons,
        "since": since.isoformat(),
        "until": window.ends.isoformat(),
        "samples": int(window.samples.sum()),
        "customers": len(np.unique(data.customers[window.samples])),
        "stopped": faults,
        "outcomes": outcomes,
        "scores": scores,
        "columns": columns,
        "features": features,
    }


def harm(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, object]:
    """Return how the predictions of one outcome come true now, beside how they did at the training.

    Returns
    -------
    dict with ``labelled`` (whether enough labels are in), ``observed_less_predicted`` and
    ``auc_change`` with intervals, ``off``, ``off_as_before`` and ``ranks_worse``
    """
    rarer = min(now["positives"], now["samples"] - now["positives"])
    labelled = rarer >= _FEWEST_POSITIVES and now["samples"] >= _FEWEST_SAMPLES
    gap = now["calibration"]["observed_less_predicted"]
    before = then.get("calibration", {}).get("observed_less_predicted")
    surely = abs(gap["value"]) >= _OFF_ENOUGH and abs(gap["value"]) >= _Z * _error(gap)
    off = surely
    if before is not None and off:
        change = gap["value"] - before["value"]
        error = float(np.hypot(_error(gap), _error(before)))
        off = abs(change) >= max(_Z_CHANGE * error, _OFF_ENOUGH) and change * gap["value"] > 0
    auc, auc_then = now["metrics"]["auc"], then["metrics"]["auc"]
    fallen = _change(auc, auc_then)
    worse = fallen is not None and fallen["high"] < 0 and fallen["value"] <= -_AUC_ENOUGH
    return {
        "labelled": bool(labelled),
        "samples": now["samples"],
        "observed_less_predicted": gap,
        "observed_less_predicted_then": before,
        "auc": auc,
        "auc_then": auc_then,
        "auc_change": fallen,
        "off": bool(labelled and off),
        "off_as_before": bool(labelled and surely and not off),
        "ranks_worse": bool(labelled and worse),
    }


def _change(now: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the change of a metric with the interval of 2.6 standard errors."""
    if now["value"] is None or then["value"] is None:
        return None
    value = now["value"] - then["value"]
    arm = _Z * float(np.hypot(_error(now), _error(then)))
    return {"value": value, "low": value - arm, "high": value + arm}


def _error(interval: Mapping[str, Any]) -> float:
    return float(interval["high"] - interval["low"]) / _TO_STANDARD_ERROR


@dataclass(frozen=True, eq=False)
class _Evidence:
    features: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    scores: dict[str, dict[str, Any]]
    outcomes: dict[str, dict[str, Any]]
    faults: list[str]


def _verdict(found: _Evidence) -> tuple[str, list[str]]:
    harmed = _harm_words(found.outcomes)
    moved = _moved_words(found) + _as_before_words(found.outcomes)
    if found.faults:
        return BROKEN, [f"{fault}." for fault in found.faults] + harmed + moved
    if harmed:
        return RETRAIN, harmed + moved
    unlabelled = [name for name, one in found.outcomes.items() if not one["labelled"]]
    unlabelled += [name for name in found.scores if name not in found.outcomes]
    waiting = [f"Too few labels of {name} are in yet." for name in unlabelled]
    if moved:
        known = [
            name
            for name, one in found.outcomes.items()
            if one["labelled"] and not one["off_as_before"]
        ]
        fine = [f"The probabilities of {' and '.join(known)} still come true."] if known else []
        return WAIT, moved + fine + waiting
    if len(waiting) == len(found.scores) > 0:
        return WAIT, waiting
    return NOTHING, waiting or ["Inputs, scores and calibration are as at the training."]


def _harm_words(outcomes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    words = []
    for name, one in outcomes.items():
        gap, before = one["observed_less_predicted"], one["observed_less_predicted_then"]
        if one["off"]:
            told = "" if before is None else f", {100 * before['value']:+.1f} at the training"
            words.append(
                f"{name.capitalize()} happens {100 * gap['value']:+.1f} points "
                f"({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f}) against what is "
                f"predicted{told}."
            )
        if one["ranks_worse"]:
            words.append(
                f"The AUC of {name} has fallen from {one['auc_then']['value']:.3f} to "
                f"{one['auc']['value']:.3f}."
            )
    return words


def _as_before_words(outcomes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what does not come true, and did not at the training either: a fault, but no drift."""
    return [
        f"{name.capitalize()} happens {100 * one['observed_less_predicted']['value']:+.1f} points "
        "against what is predicted; it was "
        f"{100 * one['observed_less_predicted_then']['value']:+.1f} at the training already, "
        "so that is no drift."
        for name, one in outcomes.items()
        if one["off_as_before"]
    ]


def _moved_words(found: _Evidence) -> list[str]:
    words = []
    for one in found.columns:
        if one["unseen"]:
            new = ", ".join(one["unseen_values"][:_MOST_NAMED])
            words.append(
                f"{one['unseen_share']:.0%} of the events have a value of {one['column']} never "
                f"seen in training ({new})."
            )
        elif one["moved"]:
            now, then = one["missing_share"], one["missing_share_then"]
            words.append(f"{one['column']} is missing in {now:.0%} of the events ({then:.0%}).")
    names = [one["feature"] for one in found.features if one["moved"]]
    if names:
        named = ", ".join(names[:_MOST_NAMED])
        words.append(f"{len(names)} of {len(found.features)} inputs have moved, most {named}.")
    words += [
        f"Predictions of {name} have moved: mean {one['mean']:.1%}, {one['mean_then']:.1%} before."
        for name, one in found.scores.items()
        if one["moved"]
    ]
    return words


def drift_metrics(drift: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a drift by name, for MLflow."""
    found = {
        "drift/features_moved": float(sum(one["moved"] for one in drift["features"])),
        "drift/largest_psi": max((one["psi"] for one in drift["features"]), default=0.0),
        "drift/largest_unseen_share": max(
            (one["unseen_share"] for one in drift["columns"]), default=0.0
        ),
        "drift/stopped": float(len(drift["stopped"])),
    }
    for name, one in drift["scores"].items():
        found[f"drift/{name}_score_psi"] = one["psi"]
    for name, one in drift["outcomes"].items():
        gap = one["observed_less_predicted"]
        found |= {
            f"drift/{name}_observed_less_predicted": gap["value"],
            f"drift/{name}_observed_less_predicted_low": gap["low"],
            f"drift/{name}_observed_less_predicted_high": gap["high"],
        }
    return found


def drift_tables(drift: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables ``drift_features``, ``drift_columns`` and ``drift_verdict``."""
    columns = pd.DataFrame(drift["columns"])
    columns["unseen_values"] = columns["unseen_values"].map(", ".join)
    reasons = [{"verdict": drift["verdict"], "reason": reason} for reason in drift["reasons"]]
    return {
        "drift_verdict": pd.DataFrame(reasons),
        "drift_features": pd.DataFrame(drift["features"]),
        "drift_columns": columns,
    }


def drift_pictures(drift: Mapping[str, Any]) -> dict[str, Picture]:
    """Return ``drift_inputs`` and, for each outcome, ``drift_scores_OUTCOME``."""
    features = pd.DataFrame(drift["features"]).rename(columns={"feature": "name"})
    found = {"drift_inputs": moved_figure(features, limit=LARGE_ENOUGH)} if len(features) else {}
    for name, one in drift["scores"].items():
        then, now = one["shares_then"][1:], one["shares"][1:]  # no score is missing
        found[f"drift_scores_{name}"] = scores_figure(one["edges"], then, now)
    return found
