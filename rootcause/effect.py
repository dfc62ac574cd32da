"""The effect: by how much more often the bad outcome followed, with an interval.

Observed minus expected over the exposures since the onset, less the slice's own level before it.
The interval holds the chance of the outcomes, the misfit allowance and the scatter of days.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from rootcause.likelihood import mixed
from rootcause.tally import Conditions, Daily, Tally
from rootcause.usual import Usual, parts_of, usual_excess

_TWO_SIDED_95 = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Effect:
    """Additional probability of the bad outcome; ``rate`` = ``expected_rate`` + ``effect``.

    ``known``: the number of exposures with a known outcome that it rests on; ``nats``: the evidence
    that there is one, from standard errors half-way between both rates; 0 if it is negative.
    """

    effect: float
    low: float
    high: float
    rate: float
    expected_rate: float
    known: int
    nats: float


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


def _usual(tally: Tally, conditions: Conditions, since: int) -> Usual:
    return usual_excess(
        tally,
        tally.of(conditions),
        since=np.array([since]),
        parts=parts_of(tally, conditions),
    )


def _effect(counted: Daily, *, usual: Usual, scatter: float) -> Effect:
    n = counted.n
    level, error = (float(one[0]) for one in usual.likely)
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
        nats=_nats(counted, usual, scatter),
    )


def _nats(counted: Daily, usual: Usual, scatter: float) -> float:
    """Return the evidence of an effect, in squared standard errors half-way between both rates."""
    n = counted.n
    rate, expected = counted.bad.sum() / n, counted.expected.sum() / n
    level = np.array([reading.level for reading in usual.readings])
    variance = np.array([reading.chance for reading in usual.readings]) + usual.misfit
    usually = np.clip(expected + level, 0.0, 1.0)
    middle = ((rate + usually) / 2.0 * n + 1.0) / (n + 2.0)
    squared = np.maximum(rate - usually, 0.0) ** 2
    nats = 0.5 * squared / (scatter * (middle * (1.0 - middle) / n + variance))
    return float(mixed(np.array([reading.weight for reading in usual.readings]), nats)[0])
