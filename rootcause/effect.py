"""The effect: by how much more often the bad outcome followed, with an interval.

Observed minus expected over the exposures since the onset, less the slice's own level before it.
The interval holds the chance of the outcomes, the misfit allowance and the scatter of days.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from rootcause.expected import StepRows
from rootcause.exposure import Flags, Floats
from rootcause.onset import usual_excess
from rootcause.scan import Conditions, members

_TWO_SIDED_95 = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Effect:
    """Additional probability of the bad outcome; ``rate`` = ``expected_rate`` + ``effect``.

    ``known``: the number of exposures with a known outcome that it rests on; ``z``: the effect in
    standard errors, 0 if it is negative.
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


def effect_of(
    rows: StepRows, expected: Floats, conditions: Conditions, *, since: int, scatter: float
) -> Effect:
    """Return the effect over the rows inside a slice from day ``since`` on.

    ``expected`` comes from a model that did not learn from these rows; ``scatter`` is the
    `rootcause.significance.dispersion` of the step.
    """
    later = members(rows, conditions) & (rows.day >= since)
    usual = _usual(rows, expected, conditions, since)
    return _effect(rows, expected, later, usual=usual, scatter=scatter)


def effect_by_week(
    rows: StepRows, expected: Floats, conditions: Conditions, *, since: int, scatter: float
) -> list[WeekEffect]:
    """Return the excess of each week of the log, over the level before day ``since``."""
    inside = members(rows, conditions)
    usual = _usual(rows, expected, conditions, since)
    monday = rows.day - (rows.day + 3) % 7
    weeks = []
    for week in np.unique(monday[inside]):
        counted = inside & (monday == week)
        found = _effect(rows, expected, counted, usual=usual, scatter=scatter)
        weeks.append(
            WeekEffect(
                week=str(np.datetime64(int(week), "D")),
                effect=found.effect,
                low=found.low,
                high=found.high,
                exposed=found.known,
            )
        )
    return weeks


def _usual(
    rows: StepRows, expected: Floats, conditions: Conditions, since: int
) -> tuple[float, float]:
    usual = usual_excess(
        rows,
        expected,
        inside=members(rows, conditions),
        since=np.array([since]),
        parts=[members(rows, (one,)) for one in conditions] if len(conditions) > 1 else [],
    )
    return float(usual.level[0]), float(usual.error[0])


def _effect(
    rows: StepRows, expected: Floats, counted: Flags, *, usual: tuple[float, float], scatter: float
) -> Effect:
    n, (level, error) = int(counted.sum()), usual
    rate = float(rows.bad[counted].mean())
    expected_rate = float(np.clip(expected[counted].mean() + level, 0.0, 1.0))
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
        z=max(effect, 0.0) / half * _TWO_SIDED_95,
    )
