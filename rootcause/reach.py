"""Reach: how likely a journey in flight comes to an activity within some days.

Learnt from this very log as it stood on past days whose next days are known: small trees on where
each journey stood, fitted to earlier days and calibrated on later ones (`models.calibration`), so
that of all that are given 40 %, 40 % come. Nobody's future after the end of the log is known, and
no past day's future is used before it was known.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import ACTIVITY, EventLog, microseconds
from models.calibration import Calibration, fit_calibration
from models.draws import of_some_customers
from models.trees import Trees, TreeSettings, fit_trees
from rootcause.intervals import Z_95, rate_interval
from rootcause.last_known import Flags, Floats, Ints
from rootcause.position import (
    count_between,
    last_flagged,
    next_flagged,
    positions_of,
    samples_at,
)

MICROS_A_DAY = 86_400_000_000

_SETTINGS = TreeSettings(trees=120, leaves=12, learning_rate=0.06, min_leaf=40, smoothing=10.0)
_LONGEST_PAST_DAYS = 84
_LATER_DAYS = 14
_FEWEST_ROWS = 200
_MOST_ROWS = 80_000
_Z_90 = 1.6448536269514722
_BINS = 10
_CODES = (0, 1)


@dataclass(frozen=True)
class Check:
    """How past forecasts compare with what happened, forecast from what was known before them.

    ``days``: how many past days were forecast; ``forecasts``: journeys in flight on them;
    ``expected`` and ``reached``: how many were to come, and came; ``brier``: mean squared error;
    ``calibration_error``: mean distance of forecast and share, over ten bins; ``auc``: None where
    only one thing happened.
    """

    days: int
    forecasts: int
    expected: float
    reached: int
    brier: float
    calibration_error: float
    auc: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the check as plain data."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Reach:
    """P(reaches the activity within the horizon), shape (n,), with 95 % intervals.

    The interval is that of the rate among journeys that stand alike. ``check`` is None where the
    log is too short to look back; then the rate is a mere share, or wholly unknown (0 to 1).
    """

    rate: Floats
    low: Floats
    high: Floats
    check: Check | None

    def take(self, kept: Flags) -> "Reach":
        """Return the chances of some of the journeys."""
        return Reach(self.rate[kept], self.low[kept], self.high[kept], self.check)


@dataclass(frozen=True, eq=False)
class Past:
    """Journeys as they stood on past days, before the activity, and who came to it in time."""

    customer: Ints
    cutoff: Ints
    reached: Floats
    X: Floats

    def take(self, kept: Flags) -> "Past":
        """Return some of the rows."""
        return Past(self.customer[kept], self.cutoff[kept], self.reached[kept], self.X[kept])


@dataclass(frozen=True, eq=False)
class _Forecaster:
    """Trees fitted to earlier days, and the curve of later ones."""

    trees: Trees
    curve: Calibration

    def rates(self, X: Floats) -> tuple[Floats, Floats, Floats]:
        """Return rates with 95 % intervals; the band of the curve is one of 90 %."""
        if not len(X):
            return np.empty(0), np.empty(0), np.empty(0)
        margin = self.trees.margin(X)
        rate, band = self.curve(margin), self.curve.band(margin)
        odds, wider = log_odds(rate), Z_95 / _Z_90
        low, high = (probability(odds + wider * (log_odds(end) - odds)) for end in band)
        return rate, np.minimum(low, rate), np.maximum(high, rate)


def chance_to_reach(past: Past, X: Floats, *, days: float) -> Reach:
    """Return the chance of journeys that stand as ``X`` says (`standing_of`) to come in time."""
    if len(past.reached) < _FEWEST_ROWS:
        return _by_share(past, len(X))
    return Reach(*_fitted(past, days).rates(X), _checked(past, days))


def past_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    activity: str,
    *,
    days: float,
    again: bool = False,
) -> Past:
    """Return where journeys stood on past days, and whether they came to an activity in time.

    Parameters
    ----------
    days : the horizon; only days whose next ``days`` lie inside the log are looked back to
    again : whether a journey that has been there may come again; else it is left out
    """
    horizon = round(days * MICROS_A_DAY)
    latest = log.ended - horizon
    earliest = max(log.began, latest - _LONGEST_PAST_DAYS * MICROS_A_DAY)
    cutoffs = np.arange(latest, earliest, -MICROS_A_DAY, dtype=np.int64)[::-1]
    samples = samples_at(log, journeys, cutoffs)
    samples = samples[still_ahead(log, journeys, samples, activity) | again]
    customer = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    if len(samples) > _MOST_ROWS:
        among = np.ones(len(samples), dtype=np.bool_)
        some = of_some_customers(customer, among, most_rows=_MOST_ROWS, seed=0)
        samples, customer = samples[some], customer[some]
    cutoff, row = microseconds(samples["cutoff"]), next_row(log, journeys, samples, activity)
    reached = (row >= 0) & (log.times[row] <= cutoff + horizon)
    X = standing_of(log, journeys, definition, samples, activity)
    return Past(customer, cutoff, reached.astype(np.float64), X)


def still_ahead(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, activity: str
) -> Flags:
    """Return whether each sample's journey has not come to an activity yet."""
    first = journeys["first"].to_numpy()[samples["journey"].to_numpy()]
    flags = (log.events[ACTIVITY] == activity).to_numpy()
    return np.asarray(next_flagged(flags, first, samples["seen"].to_numpy()) < 0)


def next_row(log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, activity: str) -> Ints:
    """Return the row at which each sample's journey comes to an activity next; -1 for never."""
    last = journeys["last"].to_numpy()[samples["journey"].to_numpy()]
    flags = (log.events[ACTIVITY] == activity).to_numpy()
    return next_flagged(flags, samples["seen"].to_numpy() + 1, last)


def standing_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    samples: pd.DataFrame,
    activity: str,
) -> Floats:
    """Return where journeys stand before an activity, the features of the trees, shape (n, 10).

    Last event and channel as codes, then milestone, age, silence, events and contacts so far, how
    often it has been there and how many hours ago last (NaN where there is none), and the day of
    the week: three days that hold a weekend bring fewer than three that do not.
    """
    here = positions_of(log, journeys, definition, samples)
    flags = (log.events[ACTIVITY] == activity).to_numpy()
    seen = samples["seen"].to_numpy()
    first = journeys["first"].to_numpy()[samples["journey"].to_numpy()]
    latest = last_flagged(flags, first, seen)
    cutoff = microseconds(samples["cutoff"])
    ago = (cutoff - log.times[latest]) / (MICROS_A_DAY / 24)
    columns = (
        here.activity,
        np.where(here.channel < 0, np.nan, here.channel),
        here.stage,
        here.age,
        here.silence,
        here.events,
        here.contacts,
        count_between(flags, first, seen),
        np.where(latest < 0, np.nan, ago),
        cutoff // MICROS_A_DAY % 7,
    )
    return np.column_stack(columns).astype(np.float64)


def _fitted(past: Past, days: float) -> _Forecaster:
    """Fit trees to earlier days and calibrate them on later ones; by customers if days are few."""
    earlier, later = _in_time(past, days)
    if min(len(earlier.reached), len(later.reached)) < _FEWEST_ROWS / 2:
        half = np.random.default_rng(0).integers(0, 2, int(past.customer.max()) + 1)[past.customer]
        earlier, later = past.take(half == 0), past.take(half == 1)
    trees = fit_trees(earlier.X, earlier.reached, settings=_SETTINGS, categorical=_CODES)
    margin = trees.margin(later.X)
    return _Forecaster(trees, fit_calibration(margin, later.reached, later.customer, seed=0))


def _in_time(past: Past, days: float) -> tuple[Past, Past]:
    """Return the earlier and the later days; what came of the earlier was known by the later."""
    begins = int(past.cutoff.max()) - (_LATER_DAYS - 1) * MICROS_A_DAY
    known_by = past.cutoff + round(days * MICROS_A_DAY)
    return past.take(known_by <= begins), past.take(past.cutoff >= begins)


def _checked(past: Past, days: float) -> Check | None:
    """Return how the later days turned out, forecast from what was known when they began."""
    earlier, later = _in_time(past, days)
    if min(len(earlier.reached), len(later.reached)) < _FEWEST_ROWS:
        return None
    forecast, _, _ = _fitted(earlier, days).rates(later.X)
    return check_of(forecast, later.reached, later.cutoff)


def log_odds(p: Floats) -> Floats:
    """Return the log odds of probabilities, 0 and 1 drawn in by a millionth."""
    kept = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)))


def probability(odds: Floats) -> Floats:
    """Return the probabilities of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def _by_share(past: Past, n: int) -> Reach:
    """Return the share of so few that nothing more can be learnt; unknown where nobody was seen."""
    if not len(past.reached):
        return Reach(np.full(n, 0.5), np.zeros(n), np.ones(n), None)
    rate, low, high = rate_interval(past.reached.sum() + 1.0, len(past.reached) + 2.0)
    return Reach(np.full(n, rate), np.full(n, low), np.full(n, high), None)


def check_of(forecast: Floats, reached: Floats, cutoff: Ints) -> Check:
    """Return how forecasts compare with what happened."""
    return Check(
        days=len(np.unique(cutoff)),
        forecasts=len(reached),
        expected=float(forecast.sum()),
        reached=int(reached.sum()),
        brier=float(((forecast - reached) ** 2).mean()),
        calibration_error=_calibration_error(forecast, reached),
        auc=_auc(forecast, reached),
    )


def _calibration_error(forecast: Floats, reached: Floats) -> float:
    """Return the mean distance of forecast and share over ten bins of as many forecasts."""
    edges = np.quantile(forecast, np.linspace(0, 1, _BINS + 1)[1:-1])
    place = np.searchsorted(edges, forecast, side="right")
    off = np.bincount(place, forecast - reached, minlength=_BINS)
    return float(np.abs(off).sum() / len(forecast))


def _auc(forecast: Floats, reached: Floats) -> float | None:
    """Return the chance that one who came was given more than one who did not (Mann & Whitney)."""
    came = int(reached.sum())
    if came in (0, len(reached)):
        return None
    ranks = pd.Series(forecast).rank().to_numpy()
    below = ranks[reached == 1.0].sum() - came * (came + 1) / 2
    return float(below / (came * (len(reached) - came)))
