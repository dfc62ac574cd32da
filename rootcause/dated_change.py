"""A dated change, such as a new letter or a new flow, and what it did to those whom it reached.

The same difference in differences as for a fix (`rootcause.verify`), without a finding: those who
meet the conditions, after the change and before it, beside journeys of the same weeks that do not.
"No effect" and "don't know" are two answers: the first says how large a change can be excluded, the
second how many days are missing until one can be.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import RequestError
from journeys.log import EventLog
from rootcause.change_words import change_sentence
from rootcause.difference import (
    Change,
    Interval,
    Level,
    by_week,
    change_of,
    level_before,
    rounded,
    scatter_of,
    shown_by_week,
)
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags, exposures_of
from rootcause.gap import gap_in, ground_of
from rootcause.inject import check_conditions
from rootcause.periods import utc
from rootcause.waiting import days_until, exposures_needed, pace_of
from rootcause.wording import day

ChangeAnswer = Literal["better", "worse", "no change", "cannot tell yet"]

SMALLEST_THAT_MATTERS = 0.02
_Z_DRIFTING = 2.576


@dataclass(frozen=True)
class ChangeEffect:
    """What a dated change did to the probability of the bad outcome.

    Attributes
    ----------
    conditions : of those whom the change reached, with the step
    verdict : *better*, *worse*: with 95 % certainty; *no change*: with 95 % certainty none larger
        than ``smallest``; *cannot tell yet*: none of these
    effect, effect_interval : additional probability of the bad outcome because of the change, below
        0 where it helped; None where it could not be measured
    rate_before, rate_after : of those whom it reached, as counted; None where nobody was there
    exposed_before, exposed_after, compared_after : journeys with a known outcome
    drift : the change that a date half-way through the time before would have shown, with its
        interval; it should be none. ``drifting``: it is not, by chance in one of a hundred
    days_missing : for *cannot tell yet*, about how many more days of events are needed until a
        change of ``smallest`` would show; None if no number of days would do
    by_week : as in `rootcause.verify.Verdict`, over the level before the change
    """

    conditions: dict[str, str]
    outcome: str
    changed_at: str
    verdict: ChangeAnswer
    smallest: float
    effect: float | None
    effect_interval: Interval | None
    rate_before: float | None
    rate_after: float | None
    exposed_before: int
    exposed_after: int
    compared_after: int
    drift: tuple[float, float, float] | None
    drifting: bool
    days_missing: int | None
    by_week: tuple[dict[str, object], ...]
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the effect as plain data: text, numbers, lists and None only."""
        plain = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}


@dataclass(frozen=True)
class _Measured:
    """The change, what the same measure says of the time before it, and the seven days of both."""

    change: Change | None
    drift: Change | None
    exposed: Flags
    before: int
    rates: tuple[float | None, float | None]
    weeks: tuple[tuple[int, Change], ...]

    @property
    def drifting(self) -> bool:
        """Whether the two sides moved apart before there was a reason to."""
        return self.drift is not None and abs(self.drift.value) > _Z_DRIFTING * self.drift.error

    @property
    def interval(self) -> Interval | None:
        """The interval of the change, wider by a drift that is beyond chance."""
        if self.change is None:
            return None
        low, high = self.change.interval
        wider = abs(self.drift.value) if self.drift is not None and self.drifting else 0.0
        return max(-1.0, low - wider), min(1.0, high + wider)


def effect_of_change(  # noqa: PLR0913 - a log, whom the change reached, and when
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    *,
    outcome: Outcome,
    conditions: Mapping[str, str],
    changed_at: pd.Timestamp,
    smallest: float = SMALLEST_THAT_MATTERS,
) -> ChangeEffect:
    """Return what a dated change did to those who meet the conditions since.

    Parameters
    ----------
    conditions : of those whom it reached: the step (``activity``) and at least one attribute
    changed_at : UTC where it has no zone
    smallest : the smallest change that matters, as a probability

    Raises
    ------
    RequestError
        If a condition is unknown or all journeys at the step meet them, if the change lies before
        the first exposure, or if ``smallest`` is no probability.
    """
    instant = utc(changed_at)
    at = round(instant.timestamp() * 1_000_000)
    exposures = exposures_of(log, journeys, definition, outcome)
    _check(exposures, conditions, at, smallest)
    found = _measured(exposures, dict(conditions), at)
    verdict = _judged(found, smallest)
    missing = None
    if verdict == "cannot tell yet":
        missing = _days_missing(log, exposures, at, found, smallest)
    return _worded(dict(conditions), outcome, instant, verdict, found, (smallest, missing))


def _check(exposures: Exposures, conditions: Mapping[str, str], at: int, smallest: float) -> None:
    if not 0.0 < smallest < 1.0:
        raise RequestError(
            f"The smallest change that matters is a probability, not {smallest:g}; give one "
            "between 0 and 1, such as 0.02 for two points."
        )
    if len(conditions) == 1 and STEP in conditions:
        raise RequestError(
            "A change that reaches everybody at a step at once cannot be told from the season: "
            "nobody is left to compare with. Add a condition that says whom it reached."
        )
    check_conditions(exposures, conditions)
    there = exposures.meets({STEP: conditions[STEP]})
    if (exposures.meets(conditions) == there).all():
        raise RequestError(
            "Everybody at the step meets the conditions, so nobody is left to compare with. Add a "
            "condition that says whom the change reached."
        )
    first = pd.Timestamp(int(exposures.time[there].min()), unit="us", tz="UTC")
    if at <= exposures.time[there].min():
        raise RequestError(
            f"The change is dated before the first journey at the step ({day(first)}), so there is "
            "no before. Give a later date, or a log that begins earlier."
        )


def _measured(exposures: Exposures, conditions: dict[str, str], at: int) -> _Measured:
    exposed, time = exposures.meets(conditions), exposures.time
    ground = ground_of(
        exposures,
        conditions,
        exposed=exposed,
        beside=~exposed,
        since=at // MICROS_A_DAY,
        blocks_from=at,
    )
    past, later = time < at, time >= at
    first = int(time[ground.contrast.here].min(initial=at))
    middle = first + (at - first) // 2
    before, after, early, late = (
        gap_in(ground, period) for period in (past, later, time < middle, past & (time >= middle))
    )
    scatter = scatter_of((before, after))
    level = level_before(ground, before, past, scatter=scatter)
    of_early = None if early is None else Level(early.value, scatter * early.variance)
    return _Measured(
        change=change_of(after, level, scatter=scatter),
        drift=None if of_early is None else change_of(late, of_early, scatter=scatter),
        exposed=exposed,
        before=0 if before is None else before.exposed,
        rates=(_rate(exposures, exposed & past), _rate(exposures, exposed & later)),
        weeks=tuple(
            week for gap in (before, after) for week in by_week(gap, level, scatter=scatter)
        ),
    )


def _rate(exposures: Exposures, rows: Flags) -> float | None:
    known = exposures.bad[rows & ~np.isnan(exposures.bad)]
    return round(float(known.mean()), 4) if len(known) else None


def _judged(found: _Measured, smallest: float) -> ChangeAnswer:
    if found.interval is None:
        return "cannot tell yet"
    low, high = found.interval
    if low > 0:
        return "worse"
    if high < 0:
        return "better"
    return "no change" if -smallest < low and high < smallest else "cannot tell yet"


def _days_missing(
    log: EventLog, exposures: Exposures, at: int, found: _Measured, smallest: float
) -> int | None:
    """Return about how many more days would show the smallest change, or the one that is seen."""
    pace = pace_of(exposures, found.exposed, since=0, at=at, ends=log.ended)
    change, margin, fixed, one = found.change, smallest, 0.0, 0.5
    if change is not None:
        margin = max(smallest, abs(change.value) - change.error)
        fixed, one = change.shared, change.variance * change.exposed
    return days_until(exposures_needed(margin, one, fixed), pace)


def _worded(
    conditions: dict[str, str],
    outcome: str,
    at: pd.Timestamp,
    verdict: ChangeAnswer,
    found: _Measured,
    asked: tuple[float, int | None],
) -> ChangeEffect:
    change, drift, (smallest, missing) = found.change, found.drift, asked
    interval = None if found.interval is None else rounded(found.interval)
    told = ChangeEffect(
        conditions=conditions,
        outcome=outcome,
        changed_at=at.isoformat(),
        verdict=verdict,
        smallest=smallest,
        effect=None if change is None else round(change.value, 4),
        effect_interval=interval,
        rate_before=found.rates[0],
        rate_after=found.rates[1],
        exposed_before=found.before,
        exposed_after=0 if change is None else change.exposed,
        compared_after=0 if change is None else change.compared,
        drift=None if drift is None else (round(drift.value, 4), *rounded(drift.interval)),
        drifting=found.drifting,
        days_missing=missing,
        by_week=shown_by_week(at, found.weeks),
        sentence="",
    )
    return replace(told, sentence=change_sentence(told))
