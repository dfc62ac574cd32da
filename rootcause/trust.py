"""Trust: what moves the predictions, and whether they can be believed, in words and tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.table import table
from journeys.definition import Definition
from journeys.log import EventLog
from journeys.samples import samples_of
from models.bundle import Bundle
from rootcause.drivers import ScoredRows, drivers_of, tier_shares
from rootcause.wording import count, percent

TIERS = {
    "context": "Who they are",
    "technical": "What they used",
    "behaviour": "What they did",
}
_HAPPENED = {
    "success": "reached the goal",
    "leakage": "reached the contact centre",
    "churn": "left",
}
_METRICS = {
    "auc": ("AUC", "1 is perfect, 0.5 is a coin"),
    "average_precision": ("average precision", "higher is better; the base rate is chance"),
    "brier": ("Brier score", "lower is better"),
    "log_loss": ("log loss", "lower is better"),
    "calibration_error": ("calibration error", "lower is better"),
}
_MOST_ROWS = 4_000
_MOST_DRIVERS = 6
_MOST_MOVED = 3
_FEWEST_SAMPLES = 10
_SMALLEST_CHANGE = 0.01


def rows_for_drivers(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, bundle: Bundle, *, seed: int = 0
) -> ScoredRows:
    """Return feature rows of at most 4,000 samples of the log, drawn evenly."""
    samples = samples_of(log, journeys, definition)
    if len(samples) > _MOST_ROWS:
        chosen = np.random.default_rng(seed).choice(len(samples), _MOST_ROWS, replace=False)
        samples = samples.iloc[np.sort(chosen)]
    customers = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    times = pd.DatetimeIndex(samples["cutoff"])
    plan = bundle.plan.current(log, journeys)
    return ScoredRows(table(log, journeys, samples, plan), customers, times)


def drivers_by_outcome(
    bundle: Bundle, rows: ScoredRows, *, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Return `drivers_of` for every outcome of a bundle."""
    return {
        outcome: drivers_of(model, bundle.plan.features, rows, seed=seed)
        for outcome, model in bundle.outcomes.items()
    }


def drivers_section(drivers: pd.DataFrame) -> dict[str, object]:
    """Return the strongest drivers of one outcome by tier, and those that moved; plain data."""
    shares = tier_shares(drivers)
    tiers = [
        {
            "tier": tier,
            "words": words,
            "share": percent(shares[tier]),
            "drivers": [_driver(row) for row in _rows(drivers[drivers["tier"] == tier])],
        }
        for tier, words in TIERS.items()
        if shares.get(tier, 0.0) > 0
    ]
    size = drivers[["change", "growth"]].abs().max(axis=1)
    moved = drivers[(drivers["moved"] | drivers["grew"]) & (size >= _SMALLEST_CHANGE)]
    moved = moved.iloc[np.argsort(-size[moved.index].to_numpy(), kind="stable")]
    of_tier = {tier: moved[moved["tier"] == tier].head(_MOST_MOVED) for tier in TIERS}
    return {
        "tiers": tiers,
        "moved": [
            {"tier": tier, "words": words, "drivers": list(map(_moved, rows.to_dict("records")))}
            for tier, words in TIERS.items()
            for rows in [of_tier[tier]]
            if len(rows)
        ],
    }


def predictions_section(outcome: str, evaluation: Mapping[str, Any]) -> dict[str, object]:
    """Return how good the predictions of one outcome are, from a bundle's evaluation."""
    bins = shown_bins(evaluation)
    baselines = evaluation["baselines"]
    return {
        "samples": count(evaluation["samples"]),
        "customers": count(evaluation["customers"]),
        "positives": count(evaluation["positives"]),
        "base_rate": percent(evaluation["base_rate"]),
        "calibration": calibration_words(outcome, bins),
        "bins": bins,
        "baselines": list(baselines),
        "metrics": [
            {
                "name": name,
                "words": words,
                "hint": hint,
                "model": _measured(evaluation["metrics"][name]),
                "baselines": [_measured(one[name]) for one in baselines.values()],
            }
            for name, (words, hint) in _METRICS.items()
        ],
        "stages": [_stage(row) for row in evaluation["stages"]],
    }


def shown_bins(evaluation: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the bins of predicted against observed that are large enough to show."""
    return [row for row in evaluation["reliability"] if row["samples"] >= _FEWEST_SAMPLES]


def calibration_words(outcome: str, bins: list[dict[str, float]]) -> list[str]:
    """Say a low, a middle and a high bin in words.

    >>> row = {"predicted": 0.4, "observed": 0.41, "low": 0.38, "high": 0.44, "samples": 900}
    >>> calibration_words("leakage", [row])
    ['Of 100 journeys we marked at 40 %, 41 reached the contact centre (38 to 44).']
    """
    if not bins:
        return ["Too few journeys with a known outcome to say."]
    happened = _HAPPENED.get(outcome, f"had {outcome}")
    chosen = [bins[place] for place in sorted({0, len(bins) // 2, len(bins) - 1})]
    return [
        f"Of 100 journeys we marked at {percent(row['predicted'])}, {100 * row['observed']:.0f} "
        f"{happened} ({100 * row['low']:.0f} to {100 * row['high']:.0f})."
        for row in chosen
    ]


def _rows(drivers: pd.DataFrame) -> list[dict[Any, Any]]:
    return drivers[drivers["importance"] > 0].head(_MOST_DRIVERS).to_dict("records")


def _driver(row: Mapping[Any, Any]) -> dict[str, object]:
    return {
        "feature": row["feature"],
        "words": row["words"],
        "importance": f"{row['importance']:.2f}",
        "between": f"{row['low']:.2f} to {row['high']:.2f}",
        "reading": row["reading"],
    }


def _moved(row: Mapping[Any, Any]) -> dict[str, object]:
    return {
        "words": row["words"],
        "direction": "towards more likely" if row["change"] > 0 else "towards less likely",
        "change": _signed(row["change"]),
        "between": f"{_signed(row['change_low'])} to {_signed(row['change_high'])}",
        "growth": "more influence" if row["growth"] > 0 else "less influence",
        "growth_between": f"{_signed(row['growth_low'])} to {_signed(row['growth_high'])}",
    }


def _signed(change: float) -> str:
    return f"{change:+.2f}".replace("-", "\N{MINUS SIGN}")


def _measured(metric: Mapping[str, float | None]) -> dict[str, str]:
    value, low, high = metric["value"], metric["low"], metric["high"]
    if value is None or low is None or high is None:
        return {"value": "unknown", "between": ""}
    return {"value": f"{value:.3f}", "between": f"{low:.3f} to {high:.3f}"}


def _stage(row: Mapping[str, Any]) -> dict[str, object]:
    said: dict[str, object] = {"words": row["stage"], "samples": count(row["samples"])}
    if "metrics" in row:
        said["auc"] = _measured(row["metrics"]["auc"])
    return said
