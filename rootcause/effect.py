"""The effect: by how much more often the bad outcome followed, with an interval.

Observed minus expected over the exposures since the onset, less the slice's own level before it.
The interval holds the chance of the outcomes, the misfit allowance and the scatter of days.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from rootcause.tally import Conditions, Daily, Tally
from rootcause.usual import parts_of, usual_excess

_TWO_SIDED_95 = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Effect:
    """Additional probability of the bad outcome; ``rate`` = ``expected_rate`` + ``effect``.

    ``known``: the number of exposures with a known outcome that it rests on; ``z``: the effect in
    standard errors half-way between both rates, 0 if it is negative.
    """

    effect: float
    low: float
    high: float
    rate: float
    expected_rate: float
    known: int
    z: float


@dataclass(frozen=True)
class WeekEffect:
    """The effect in one week, by its Monday (YYYY-MM-DD)."""

    week: str
    effect: float
    low: float
    high: float
    exposed: int

    def as_dict(self) -> dict[str, object]:
        """Return the week as it is written to findings.json."""
        return dict(vars(self))


def effect_of(tally: Tally, conditions: Conditions, *, since: int, scatter: float) -> Effect:
    """Return the effect over the rows that meet the conditions from day ``since`` on.

    ``tally``: with an expected rate that did not learn from these rows; ``scatter``: the
    `rootcause.significance.dispersion` of the step.
    """
    later = tally.of(conditions).since(since)
    return _effect(later, usual=_usual(tally, conditions, since), scatter=scatter)


def effect_by_week(
    tally: Tally, conditions: Conditions, *, since: int, scatter: float
) -> list[WeekEffect]:
    """Return the excess of each week of the log, over the level before day ``since``."""
    inside = tally.of(conditions)
    usual = _usual(tally, conditions, since)
    with_rows = inside.days[inside.rows.sum(axis=1) > 0]
    weeks = []
    for monday in np.unique(with_rows - (with_rows + 3) % 7):
        found = _effect(inside.of_days(monday, monday + 6), usual=usual, scatter=scatter)
        weeks.append(
            WeekEffect(
                week=str(np.datetime64(int(monday), "D")),
                effect=found.effect,
                low=found.low,
                high=found.high,
                exposed=found.known,
            )
        )
    return weeks


def _usual(tally: Tally, conditions: Conditions, since: int) -> tuple[float, float]:
    usual = usual_excess(
        tally,
        tally.of(conditions),
        since=np.array([since]),
        parts=parts_of(tally, conditions),
    )
    return float(usual.level[0]), float(usual.error[0])


def _effect(counted: Daily, *, usual: tuple[float, float], scatter: float) -> Effect:
    n, (level, error) = counted.n, usual
    rate = float(counted.bad.sum() / n)
    expected_rate = float(np.clip(counted.expected.sum() / n + level, 0.0, 1.0))
    smoothed = (rate * n + 1.0) / (n + 2.0)
    half = _TWO_SIDED_95 * float(np.sqrt(scatter * (smoothed * (1 - smoothed) / n + error**2)))
    effect = rate - expected_rate
    return Effect(
        effect=effect,
        low=max(-1.0, effect - half),
        high=min(1.0, effect + half),
        rate=rate,
        expected_rate=expected_rate,
        known=n,
        z=max(effect, 0.0) / _half_way(rate, expected_rate, n, error, scatter),
    )


def _half_way(rate: float, expected_rate: float, n: int, error: float, scatter: float) -> float:
    middle = ((rate + expected_rate) / 2.0 * n + 1.0) / (n + 2.0)
    return float(np.sqrt(scatter * (middle * (1.0 - middle) / n + error**2)))
