"""The reference: what the world looked like when a bundle was trained, small enough to carry.

Taken from the samples and events after the first split instant: the newest that are known, and
unlearnt by the models, so that their scores are honest. It holds shares only, no customer and no
event: for each feature ten bins of equal size (or the codes) with the share of each, for each
column the shares of missing and never seen values, for each activity and channel its share, for
each outcome the shares of its scores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, EventLog
from models.draws import of_some_customers
from models.outcome import OutcomeModel
from training.data import TrainingData
from training.metrics import Codes, Flags, Floats

_BINS = 10
_MOST_CODES = 24
_MOST_NAMES = 60
_MOST_NEW = 20
_MOST_ROWS = 20_000
_QUARTERS = 4
_DIGITS = 5


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of a log: which samples (n_samples,) and events (n_events,) lie in it."""

    samples: Flags
    events: Flags
    begins: pd.Timestamp
    ends: pd.Timestamp

    @property
    def days(self) -> float:
        """Its length in days, at least an hour."""
        return max((self.ends - self.begins).total_seconds() / 86_400, 1 / 24)


def window_since(data: TrainingData, since: pd.Timestamp, *, seed: int = 0) -> Window:
    """Return the window from an instant to the end of the log, of at most 20,000 samples."""
    late = (data.samples["cutoff"] >= since).to_numpy()
    if late.any():
        late = of_some_customers(data.customers, late, most_rows=_MOST_ROWS, seed=seed)
    events = (data.log.events["time"] >= since).to_numpy()
    return Window(late, events, since, data.log.ends)


def reference_of(data: TrainingData, models: Mapping[str, OutcomeModel]) -> dict[str, object]:
    """Return the reference of a training; plain data, some tens of kilobytes."""
    window = window_since(data, min(split.at for split in data.splits.values()))
    X, customers = data.X[window.samples], data.customers[window.samples]
    cutoffs = data.samples["cutoff"][window.samples]
    late = (cutoffs > cutoffs.median()).to_numpy()
    sketch: dict[str, object] = {}
    for place, feature in enumerate(data.plan.features):
        edges = [] if feature.labels else edges_of(X[:, place].astype(np.float64))
        codes = min(len(feature.labels), _MOST_CODES)
        shares = binned(X[:, place].astype(np.float64), customers, edges=edges, codes=codes)
        usual = _usual_move(X[:, place].astype(np.float64), late, edges=edges, codes=codes)
        sketch[feature.name] = {"edges": edges, "usual": usual} | shares
    return {
        "begins": window.begins.isoformat(),
        "ends": window.ends.isoformat(),
        "samples": int(window.samples.sum()),
        "customers": len(np.unique(customers)),
        "features": sketch,
        "columns": columns_of(data, window),
        "unseen": {
            name: new_values(data, window, name) for name in text_columns(data.plan.definition)
        },
        "shares": {name: _steady_shares(data.log, window, name) for name in (ACTIVITY, CHANNEL)},
        "events_a_day": float(window.events.sum()) / window.days,
        "scores": {outcome: scores_of(models[outcome], X, customers) for outcome in models},
    }


def scores_of(
    model: OutcomeModel, X: NDArray[np.float32], customers: Codes, edges: list[float] | None = None
) -> dict[str, object]:
    """Return the shares of predictions between edges (of ten equal bins, unless given)."""
    p = model.predict(X).p
    edges = edges_of(p) if edges is None else edges
    return {"edges": edges, "mean": float(p.mean())} | binned(p, customers, edges=edges, codes=0)


def edges_of(column: Floats) -> list[float]:
    """Return the upper ends of ten bins of equal size, without the last; fewer where values tie."""
    known = column[np.isfinite(column)]
    if not len(known):
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return [float(f"{edge:.7g}") for edge in edges]


def binned(
    column: Floats, customers: Codes, *, edges: list[float], codes: int
) -> dict[str, object]:
    """Return the share of each bin, missing first, and the design effect of the shares.

    Parameters
    ----------
    edges : upper ends of the bins of amounts
    codes : how many codes have a bin of their own, those beyond share the last; 0: amounts

    Returns
    -------
    dict with ``shares`` and ``effect``: how many times the shares vary more than those of as many
    independent samples would, because samples of one customer are alike (Rao and Scott 1981)
    """
    place, n_bins = _places(column, edges, codes)
    shares = np.bincount(place, minlength=n_bins) / max(len(place), 1)
    effect = _design_effect(place, shares, customers)
    return {"shares": [round(float(one), _DIGITS) for one in shares], "effect": round(effect, 3)}


def _places(column: Floats, edges: list[float], codes: int) -> tuple[Codes, int]:
    """Return the bin of each value, missing first, and the number of bins."""
    known = np.isfinite(column)
    if codes:
        place = np.where(known, np.minimum(np.nan_to_num(column), codes) + 1, 0)
        return place.astype(np.int64), codes + 2
    place = np.where(known, np.searchsorted(edges, column, side="left") + 1, 0)
    return place.astype(np.int64), len(edges) + 2


def _usual_move(column: Floats, late: Flags, *, edges: list[float], codes: int) -> float:
    """Return the stability index between the two halves of the reference."""
    place, n_bins = _places(column, edges, codes)
    if late.all() or not late.any():
        return 0.0
    early, later = (
        np.bincount(place[half], minlength=n_bins) / half.sum() for half in (~late, late)
    )
    floor = 0.5 / min(late.sum(), (~late).sum())
    return round(stability_index(early, later, floor=float(floor)), _DIGITS)


def stability_index(before: Floats, after: Floats, *, floor: float) -> float:
    """Return the population stability index of two sets of shares; empty bins count as ``floor``.

    >>> import numpy as np
    >>> stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5]), floor=0.001)
    0.0
    """
    one, two = np.maximum(before, floor), np.maximum(after, floor)
    both_empty = (before == 0) & (after == 0)
    return float(((two - one) * np.log(two / one))[~both_empty].sum())


def _design_effect(place: Codes, shares: Floats, customers: Codes) -> float:
    names, member = np.unique(customers, return_inverse=True)
    n, n_bins = len(place), len(shares)
    used = shares > 0
    if n == 0 or used.sum() < 2:
        return 1.0
    counts = np.bincount(member * n_bins + place, minlength=len(names) * n_bins)
    off = counts.reshape(len(names), n_bins) - np.outer(np.bincount(member), shares)
    variance = (off.astype(np.float64) ** 2).sum(axis=0) / n**2
    return max(float((n * variance[used] / shares[used]).sum() / (used.sum() - 1)), 1.0)


def columns_of(data: TrainingData, window: Window) -> dict[str, dict[str, float]]:
    """Return the shares of missing and of never seen values of each column, of the events."""
    events = data.log.events[window.events]
    found = {}
    for name in text_columns(data.plan.definition):
        codes = data.plan.vocabulary.codes(events[name])
        found[name] = {"missing": _mean(codes < 0), "unseen": _mean(codes == 0)}
    for name in data.plan.numbers:
        found[name] = {"missing": _mean(events[name].isna().to_numpy()), "unseen": 0.0}
    return found


def new_values(data: TrainingData, window: Window, name: str) -> dict[str, float]:
    """Return the values of a column that the vocabulary lacks, with their shares, most first."""
    known = set(data.plan.vocabulary.labels(name))
    counts = data.log.events.loc[window.events, name].astype(str).value_counts()
    new = [(str(value), int(count)) for value, count in counts.items() if str(value) not in known]
    total = max(int(window.events.sum()), 1)
    return {value: round(count / total, _DIGITS) for value, count in new[:_MOST_NEW] if count}


def text_columns(definition: Definition) -> tuple[str, ...]:
    """Return the columns whose values the vocabulary knows."""
    return tuple(dict.fromkeys((ACTIVITY, CHANNEL, *definition.attributes.categorical)))


def _mean(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _steady_shares(log: EventLog, window: Window, column: str) -> dict[str, Any]:
    """Return the smallest share of the events that each value had in any quarter of the window."""
    events = log.events.loc[window.events, ["time", column]]
    length = (window.ends - window.begins) / _QUARTERS
    quarter = ((events["time"] - window.begins) // length).clip(0, _QUARTERS - 1)
    counts = pd.crosstab(quarter, events[column].astype(str))
    lowest = counts.div(counts.sum(axis=1), axis=0).min().sort_values(ascending=False)
    lowest = lowest[lowest > 0].head(_MOST_NAMES)
    return {str(name): round(float(share), _DIGITS) for name, share in lowest.items()}
