"""An evaluation as metrics, tables and pictures: what MLflow and `offramp evaluate --out` keep."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from rootcause.evaluation_plots import earliness_figure, stages_figure, subgroups_figure
from rootcause.figures import Picture
from rootcause.plots import precision_recall_figure, reliability_figure

Evaluation = Mapping[str, Mapping[str, Any]]
"""Outcome to what `training.evaluate.evaluate_outcome` says of it."""


def evaluation_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Return ``outcome/name`` to a number: metrics, lifts, checks; in MLflow a section an outcome.

    The ends of an interval stand in a section of their own: ``outcome/interval/name_low``.
    """
    found: dict[str, float | None] = {}
    for outcome, said in evaluation.items():
        for name, interval in _intervals(said):
            found[f"{outcome}/{name}"] = interval["value"]
            found[f"{outcome}/interval/{name}_low"] = interval["low"]
            found[f"{outcome}/interval/{name}_high"] = interval["high"]
        checks = said.get("checks", ())
        found[f"{outcome}/checks_failed"] = float(sum(not one["passed"] for one in checks))
        found[f"{outcome}/subgroups_flagged"] = float(
            sum(one["flagged"] for one in said.get("subgroups", ()))
        )
    return {name: float(value) for name, value in found.items() if value is not None}


def _intervals(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float | None]]]:
    yield from said["metrics"].items()
    for name, metrics in said["baselines"].items():
        yield f"auc_of_{name.replace(' ', '_')}", metrics["auc"]
        yield f"lift_over_{name.replace(' ', '_')}", said["lift"][name]
    if said.get("history"):
        yield "auc_of_last_event_only", said["history"]["last_event_only"]["auc"]
        yield "lift_over_last_event_only", said["history"]["lift"]["auc"]
    for name in ("precision", "warned_share", "median_hours"):
        if name in (said.get("earliness") or {}):
            yield f"warning_{name}", said["earliness"][name]


def evaluation_tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """Return the evaluation as tables by name, all outcomes in each; empty ones are left out.

    ``metrics``, ``stages``, ``earliness``, ``subgroups``, ``checks``, ``reliability``.
    """
    rows: dict[str, Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]] = {
        "metrics": _metric_rows,
        "stages": _stage_rows,
        "earliness": _warning_rows,
        "subgroups": _group_rows,
        "checks": lambda said: said.get("checks", ()),
        "reliability": lambda said: said["reliability"],
    }
    tables = {
        name: pd.DataFrame(
            [
                {"outcome": outcome, **row}
                for outcome, said in evaluation.items()
                for row in rows_of(said)
            ]
        )
        for name, rows_of in rows.items()
    }
    return {name: table for name, table in tables.items() if len(table)}


def _metric_rows(said: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    history = said.get("history") or {}
    models = {"model": said["metrics"], **said["baselines"]}
    if history:
        models["last event only"] = history["last_event_only"]
    for model, metrics in models.items():
        for metric, interval in metrics.items():
            yield {"model": model, "metric": metric, **interval}


def _stage_rows(said: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for by, name in (("stage", "stages"), ("events", "stages_by_events")):
        for row in said.get(name, ()):
            rest = {key: value for key, value in row.items() if key not in (by, "metrics")}
            metrics = _flat(row.get("metrics", {}))
            yield {"by": by, "stage": row[by], **rest, **metrics}


def _warning_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_flat(row) for row in (said.get("earliness") or {}).get("curve", ())]


def _group_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_flat(row) for row in said.get("subgroups", ())]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose intervals stand in three columns: name, name_low, name_high."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {
                name: value["value"],
                f"{name}_low": value["low"],
                f"{name}_high": value["high"],
            }
        else:
            flat[name] = value
    return flat


def evaluation_pictures(evaluation: Evaluation) -> dict[str, Picture]:
    """Return pictures by name: calibration, precision_recall, stages, events, earliness, subgroups.

    A name begins with its outcome; what cannot be drawn for lack of samples is left out.
    """
    found: dict[str, Picture] = {}
    for outcome, said in evaluation.items():
        for name, figure in _pictures(outcome, said):
            found[f"{outcome}_{name}"] = figure
    return found


def _pictures(outcome: str, said: Mapping[str, Any]) -> Iterator[tuple[str, Picture]]:
    bins = pd.DataFrame(said["reliability"])
    yield "calibration", reliability_figure(bins, words=f"probability of {outcome}")
    curve = pd.DataFrame(said["precision_recall"])
    if len(curve):
        yield "precision_recall", precision_recall_figure(curve, base_rate=said["base_rate"])
    stages = pd.DataFrame(list(_stage_rows(said)))
    for by, name, across in (
        ("stage", "stages", "share of the median journey elapsed"),
        ("events", "events", "events of the journey seen"),
    ):
        rows = stages[stages["by"] == by] if "auc" in stages else stages.head(0)
        rows = rows.rename(columns={"auc_low": "low", "auc_high": "high"})
        if len(rows) and rows["auc"].notna().any():
            yield name, stages_figure(_short(rows), across=across)
    yield from _warnings_picture(said)
    groups = pd.DataFrame(_group_rows(said))
    if len(groups) and groups["off"].notna().any():
        groups = groups.rename(columns={"off_low": "low", "off_high": "high"})
        groups["name"] = groups["attribute"] + " = " + groups["value"]
        yield "subgroups", subgroups_figure(groups)


def _warnings_picture(said: Mapping[str, Any]) -> Iterator[tuple[str, Picture]]:
    told = said.get("earliness") or {}
    curve = pd.DataFrame(_warning_rows(said))
    names = {"median_hours": "hours", "median_hours_low": "hours_low"}
    curve = curve.rename(columns={**names, "median_hours_high": "hours_high"})
    if len(curve) and curve["hours"].notna().any():
        known = curve.dropna(subset=["hours", "hours_low", "hours_high"])
        yield "earliness", earliness_figure(known, asked=told["precision_asked"])


def _short(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with names of stages that fit under an axis."""
    names = {
        "first quarter of the median journey": "first quarter",
        "beyond the median journey": "beyond it",
    }
    return rows.assign(stage=rows["stage"].replace(names))
