"""Forecast: how many exposures the coming days will bring, with what is not known about it.

Counts of 24 hours each, back from the end of the log: a level, a trend that is held small, for what
is young the growth of its adoption, and the weekday as all journeys at the step know it. Days
scatter more than counts would, and busy ones come in runs: the error is that of a quasi-Poisson
regression with a prior on its slopes (McCullagh and Nelder 1989, chapter 9).
"""

from dataclasses import dataclass

import numpy as np

from rootcause.exposure import MICROS_A_DAY, Exposures, Flags, Floats, Ints

_DAYS = 28
_RAMP_DAYS = 5  # in which a release is taken up at a pace that says little of the next weeks
_FEWEST_DAYS = 10
_WEEKDAY_DAYS = 56
_TREND_AHEAD_DAYS = 14
_PRIOR = (100.0, 0.1, 0.5)
"""Standard deviations, in logs: of the level, of the trend a week, of the power of age."""
_DOUBTED_DAYS = 10
_STEPS = 50
_CLOSE = 1e-9
_NOBODY = 3.0  # so many are expected at most where none came (rule of three)


@dataclass(frozen=True)
class Expected:
    """Exposures expected in some coming days: the mean and its standard error in logs.

    ``error``: of the mean and of the days to come, both.
    """

    mean: float
    error: float

    def draws(self, rng: np.random.Generator, size: int) -> Floats:
        """Return counts that may come, shape (size,), lognormal."""
        return np.asarray(self.mean * np.exp(self.error * rng.standard_normal(size)))


def expected_exposures(exposures: Exposures, asked: Flags, *, ends: int, days: int) -> Expected:
    """Return how many of those asked about are exposed in so many days after the log ends.

    Parameters
    ----------
    asked : who counts, shape (n,), at any time
    ends : the end of the log in microseconds since the epoch
    """
    step = np.isin(exposures.step, np.unique(exposures.step[asked]))
    ago = days_ago(exposures, ends)
    return expected_from(np.bincount(ago[asked]), np.bincount(ago[step]), days=days)


def days_ago(exposures: Exposures, ends: int) -> Ints:
    """Return how many whole days before the end of the log each exposure came, (n,)."""
    return np.asarray((ends - exposures.time) // MICROS_A_DAY)


def expected_from(asked: Ints, at_step: Ints, *, days: int) -> Expected:
    """Return the same from counts of each 24 hours, back from the end of the log.

    ``asked``: of who counts; ``at_step``: of all who come to the step.
    """
    age = len(np.trim_zeros(asked, "b"))
    past = np.arange(min(max(age - _RAMP_DAYS, min(age, _FEWEST_DAYS)), _DAYS))
    counts = asked[: len(past)].astype(np.float64)
    if not counts.sum():
        return Expected(_NOBODY * days / max(len(past), 7) / 3.0, 1.0)
    whole = np.trim_zeros(at_step[:_WEEKDAY_DAYS], "b").astype(np.float64)
    week = _weekday_logs(whole)
    fitted = _fit(
        _design(-past.astype(np.float64), age), counts, week[past % 7], runs=_in_runs(whole, week)
    )
    ahead = np.arange(1, days + 1)
    design = _design(ahead.astype(np.float64), age)
    expected = np.exp(design @ fitted.slopes + week[(-ahead) % 7])
    total = float(expected.sum())
    gradient = expected @ design
    variance = float(gradient @ fitted.covariance @ gradient) + fitted.scatter * total
    return Expected(total, float(np.sqrt(np.log1p(variance / total**2))))


@dataclass(frozen=True)
class _Fitted:
    slopes: Floats
    covariance: Floats
    scatter: float


def _design(day: Floats, age: int) -> Floats:
    """Return level, trend and age of each day, counted from the last of the log, which is 0."""
    trend = np.minimum(day, _TREND_AHEAD_DAYS) / 7.0
    grown = np.log(np.maximum(day + age, 1.0) / age) if age <= _DAYS else np.zeros(len(day))
    return np.column_stack([np.ones(len(day)), trend, grown])


def _weekday_logs(counts: Floats) -> Floats:
    """Return how busy each day of the week is, in logs; the first is that of the last 24 hours."""
    of_day = np.bincount(np.arange(len(counts)) % 7, counts, 7) + 1.0
    return np.asarray(np.log(of_day / of_day.mean()))


def _in_runs(counts: Floats, week: Floats) -> float:
    """Return by how much a mean of days varies more because busy days come in runs, 1 to 3.

    That of a process whose neighbours are correlated so far (Bartlett 1946).
    """
    expected = np.exp(week[np.arange(len(counts)) % 7])
    level = counts / expected / max(float((counts / expected).mean()), _CLOSE) - 1.0
    alike = float(level[1:] @ level[:-1]) / max(float(level @ level), _CLOSE)
    alike = min(max(alike * len(counts) / (len(counts) + _DOUBTED_DAYS), 0.0), 0.5)
    return (1.0 + alike) / (1.0 - alike)


def _fit(design: Floats, counts: Floats, offset: Floats, *, runs: float) -> _Fitted:
    prior = np.diag(1.0 / np.square(_PRIOR))
    slopes = np.array([np.log(counts.mean()), 0.0, 0.0])
    scatter = 1.0
    for _ in range(_STEPS):
        mean = np.exp(np.clip(design @ slopes + offset, -20.0, 20.0))
        scatter = 1.0 + runs * max(_pearson(counts, mean) - 1.0, 0.0)
        precision = (design.T * mean) @ design / scatter + prior
        step = np.linalg.solve(precision, design.T @ (counts - mean) / scatter - prior @ slopes)
        slopes = slopes + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < _CLOSE:
            break
    return _Fitted(slopes, np.linalg.inv(precision), scatter)


def _pearson(counts: Floats, mean: Floats) -> float:
    """Return the variance of days over that of coins, level and trend taken up."""
    return float(((counts - mean) ** 2 / np.maximum(mean, 0.5)).sum()) / max(len(counts) - 2, 1)
