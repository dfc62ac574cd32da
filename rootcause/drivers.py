"""Drivers: what moves a model's predictions, over many customers and over time.

A driver is an association, not a cause: a model leans on whatever predicts best, mostly on
consequences (retries, silence). So drivers stand apart by tier: who the customer is (context), what
they used (technical), what they did (behaviour). SHAP values are exact (log odds).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from features.feature import Feature
from models.outcome import OutcomeModel
from models.trees import Trees

Floats = NDArray[np.float64]

COLUMNS = (
    "feature", "words", "tier", "importance", "low", "high", "reading",
    "change", "change_low", "change_high", "moved",
    "growth", "growth_low", "growth_high", "grew",
)  # fmt: skip

_ENDINGS = {
    " is {value}": "",
    ": {value} times": " (how often)",
    ": {value} of the events": " (share)",
    ": {value}": "",
    " {value} times": " (how often)",
}
_MOST_ROWS = 4_000
_DRAWS = 400
_RECENT_SHARE = 0.25
_FALSE_DISCOVERIES = 0.05
_FEWEST_CUSTOMERS = 10
_CLEAR = 0.5


@dataclass(frozen=True)
class ScoredRows:
    """Rows of a feature table, and of whom and when they are.

    ``X``: shape (n, n_features); ``customers``: a code per row; ``times``: UTC instants.
    """

    X: NDArray[np.float32]
    customers: NDArray[np.int64]
    times: pd.DatetimeIndex

    def sampled(self, most: int, *, seed: int) -> "ScoredRows":
        """Return at most so many rows, drawn evenly, in their order."""
        if len(self.X) <= most:
            return self
        chosen = np.random.default_rng(seed).choice(len(self.X), size=most, replace=False)
        chosen.sort()
        return ScoredRows(self.X[chosen], self.customers[chosen], self.times[chosen])


def drivers_of(
    model: OutcomeModel | Trees,
    features: Sequence[Feature],
    rows: ScoredRows,
    *,
    since: pd.Timestamp | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how strongly each feature moves the predictions, the strongest first.

    Parameters
    ----------
    model : anything with exact SHAP values, `OutcomeModel` or `Trees`
    features : as in the plan, one per column of ``rows.X``
    rows : at most 4,000 of them are used, drawn by ``seed``
    since : where the recent window begins; the last quarter of the time covered unless given

    Returns
    -------
    DataFrame with the columns `COLUMNS`, one row per feature
        ``importance``: mean |SHAP| in log odds, between ``low`` and ``high`` (95 %, bootstrap over
        customers); ``reading``: what a higher value goes with; ``change``: mean SHAP in the recent
        window less the mean before, ``growth``: the same of mean |SHAP|, each with its interval,
        NaN where a window has fewer than ten customers; ``moved``, ``grew``: whether they are
        beyond chance, false discoveries held at 5 % over both of all features.
    """
    rows = rows.sampled(_MOST_ROWS, seed=seed)
    shap = model.contributions(rows.X)[:, :-1]
    draws = _draws_of_customers(rows.customers, seed=seed)
    importance = _mean_with_draws(np.abs(shap), rows.customers, draws)
    change = _change(shap, rows, draws, since)
    growth = _change(np.abs(shap), rows, draws, since)
    moved, grew = np.split(_moved(*np.hstack([change, growth])), 2)
    found = pd.DataFrame(
        {
            "feature": [one.name for one in features],
            "words": [plain_words(one) for one in features],
            "tier": [one.tier for one in features],
            "importance": importance[0],
            "low": importance[1],
            "high": importance[2],
            "reading": [
                _reading(one, rows.X[:, place], shap[:, place])
                for place, one in enumerate(features)
            ],
            "change": change[0],
            "change_low": change[1],
            "change_high": change[2],
            "moved": moved,
            "growth": growth[0],
            "growth_low": growth[1],
            "growth_high": growth[2],
            "grew": grew,
        }
    )
    return found.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)


def tier_shares(drivers: pd.DataFrame) -> dict[str, float]:
    """Return which share of all movement each tier has; they add up to 1 where anything moves."""
    total = float(drivers["importance"].sum()) or 1.0
    sums = drivers.groupby("tier")["importance"].sum()
    return {str(tier): float(amount) / total for tier, amount in sums.items()}


def plain_words(feature: Feature) -> str:
    """Return a feature's words without a value.

    >>> plain_words(Feature("os", "code", "os is {value}"))
    'os'
    >>> plain_words(Feature("call_since_hours", "hours", "last call {value} ago"))
    'time since last call'
    """
    words = feature.words.replace("_", " ")
    if words.endswith(" {value} ago"):
        return f"time since {words.removesuffix(' {value} ago')}"
    for ending, kind in _ENDINGS.items():
        if words.endswith(ending):
            return words.removesuffix(ending) + kind
    if words.startswith("{value} "):
        return f"{words.removeprefix('{value} ')} (how many)"
    return words.replace("{value}", "…")


def _draws_of_customers(customers: NDArray[np.int64], *, seed: int) -> Floats:
    """Return how often each customer is in each bootstrap draw: (draws, n_customers)."""
    n_customers = len(np.unique(customers))
    even = np.full(n_customers, 1.0 / max(n_customers, 1))
    drawn = np.random.default_rng(seed).multinomial(n_customers, even, size=_DRAWS)
    return drawn.astype(np.float64)


def _mean_with_draws(
    values: Floats, customers: NDArray[np.int64], draws: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the mean of each column and its 95 % interval over customers."""
    mean, drawn = _means(values, np.ones(len(values)), customers, draws)
    low, high = _interval(drawn)
    return mean, low, high


def _means(
    values: Floats, weight: Floats, customers: NDArray[np.int64], draws: Floats
) -> tuple[Floats, Floats]:
    """Return weighted column means, and those of every draw: (draws, n_columns)."""
    _, place = np.unique(customers, return_inverse=True)
    sums = np.zeros((draws.shape[1], values.shape[1]))
    np.add.at(sums, place, values * weight[:, None])
    counts = np.bincount(place, weight, minlength=draws.shape[1])
    drawn = (draws @ sums) / np.maximum(draws @ counts, 1e-12)[:, None]
    return sums.sum(axis=0) / max(counts.sum(), 1e-12), drawn


def _interval(drawn: Floats) -> tuple[Floats, Floats]:
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return low, high


def _change(
    shap: Floats, rows: ScoredRows, draws: Floats, since: pd.Timestamp | None
) -> tuple[Floats, Floats, Floats]:
    times = rows.times
    begins = times.max() - (times.max() - times.min()) * _RECENT_SHARE if since is None else since
    recent = np.asarray(times >= begins)
    sizes = [len(np.unique(rows.customers[part])) for part in (recent, ~recent)]
    if min(sizes) < _FEWEST_CUSTOMERS:
        nothing = np.full(shap.shape[1], np.nan)
        return nothing, nothing, nothing
    now_weight = recent.astype(np.float64)
    now, now_drawn = _means(shap, now_weight, rows.customers, draws)
    before, before_drawn = _means(shap, 1.0 - now_weight, rows.customers, draws)
    low, high = _interval(now_drawn - before_drawn)
    return now - before, low, high


def _moved(change: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """Return which changes are beyond chance (normal theory, Benjamini-Hochberg)."""
    error = (high - low) / (2 * 1.959964)
    known = np.isfinite(change) & (error > 0)
    moved = np.zeros(len(change), dtype=np.bool_)
    if known.any():
        p = np.clip(2 * ndtr(-np.abs(change[known]) / error[known]), 0.0, 1.0)
        moved[known] = np.asarray(false_discovery_control(p)) <= _FALSE_DISCOVERIES
    return moved


def _reading(feature: Feature, values: ArrayLike, shap: Floats) -> str:
    """Say what a higher value goes with, or which value has the highest contribution."""
    column = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(column)
    if feature.labels:
        return _highest_value(feature, column[known].astype(np.int64), shap[known])
    column, shap = column[known], shap[known]
    if len(column) < _FEWEST_CUSTOMERS or np.ptp(column) == 0 or np.ptp(shap) == 0:
        return "no clear direction"
    ranks = pd.Series(column).rank().to_numpy()
    slope = float(np.corrcoef(ranks, shap)[0, 1])
    if abs(slope) < _CLEAR:
        return "no clear direction"
    return "more goes with more likely" if slope > 0 else "more goes with less likely"


def _highest_value(feature: Feature, codes: NDArray[np.int64], shap: Floats) -> str:
    counts = np.bincount(codes, minlength=len(feature.labels))
    enough = counts >= _FEWEST_CUSTOMERS
    if enough.sum() < 2:
        return "no clear direction"
    sums = np.bincount(codes, shap, minlength=len(feature.labels))
    means = np.where(enough, sums / np.maximum(counts, 1), -np.inf)
    return f"highest for {feature.labels[int(np.argmax(means))]}"
