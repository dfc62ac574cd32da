"""Verify: was it fixed? Fixed, not fixed, or cannot tell yet, and then how many days are missing.

Difference in differences. At the finding's step, journeys that meet its conditions are compared
with matched journeys that do not, before the onset, between onset and fix, and after the fix. What
changed for everybody (season, a campaign) changes both sides and drops out.
"""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Literal

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import FindingsError
from journeys.log import EventLog
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags, Floats, exposures_of
from rootcause.findings import Finding
from rootcause.intervals import Z_95, customer_weights
from rootcause.matching import matched_weights
from rootcause.wording import condition_words, day, points, points_between

Answer = Literal["fixed", "not fixed", "cannot tell yet"]
Interval = tuple[float, float]

_DRAWS = 1_000
_FEWEST = 20
_SHARE_THAT_MATTERS = 0.5
_CHRONIC_SPREAD = 0.03
_LONGEST_WAIT_DAYS = 3_650


@dataclass(frozen=True)
class Verdict:
    """Whether a fix helped.

    Attributes
    ----------
    effect_before, effect_after : additional probability of the bad outcome between onset and fix,
        and after the fix, over the level before the onset where there was one; with 95 % intervals
    exposed_before, exposed_after : exposures with a known outcome that were compared
    days_missing : for *cannot tell yet*, about how many more days of events are needed; None if the
        conditions no longer occur, or no number of days would do
    share_left, share_left_interval : effect after over effect before; the interval is Fieller's,
        None where it has no end
    share_allowed : the share of the effect of which less must be left for *fixed*
    compared_after : comparable journeys that did not meet the conditions, after the fix
    asked_of : the conditions of those asked after the fix, where it is not the finding's own but
        the newer versions that took over from it; empty otherwise
    by_week : ``{"from", "effect", "low", "high", "exposed"}`` per seven days counted from the fix,
        the level before the onset taken off
    """

    finding: str
    verdict: Answer
    fixed_at: str
    effect_before: float | None
    effect_before_interval: Interval | None
    effect_after: float | None
    effect_after_interval: Interval | None
    exposed_before: int
    exposed_after: int
    days_missing: int | None
    sentence: str
    share_left: float | None = None
    share_left_interval: Interval | None = None
    share_allowed: float = 0.5
    compared_after: int = 0
    asked_of: tuple[dict[str, str], ...] = ()
    by_week: tuple[dict[str, object], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the verdict as plain data: text, numbers, lists and None only."""
        plain = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}


@dataclass(frozen=True)
class _Excess:
    """Exposed less matched in one period, its draws, and how many exposed were counted."""

    value: float
    draws: Floats
    exposed: int


def was_it_fixed(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    fixed_at: pd.Timestamp,
) -> Verdict:
    """Return whether a finding's effect is gone since ``fixed_at`` (UTC where it has no zone).

    *fixed*: with 95 % certainty less than half of the effect is left; *not fixed*: more than half;
    *cannot tell yet*: the interval holds both, or too few outcomes are known.

    Raises
    ------
    FindingsError
        If the fix is dated on or before the onset: then there is no "before".
    """
    at = _utc(fixed_at)
    if at <= pd.Timestamp(finding.onset, tz="UTC"):
        raise FindingsError(
            f"The fix is dated {day(at)}, but the finding {finding.id} began on "
            f"{day(finding.onset)}; give the day on which the fix reached customers."
        )
    exposures = exposures_of(log, journeys, definition, outcome)
    periods = _periods(exposures, finding, at)
    counted = [_excess(exposures, definition, finding, period) for period in periods]
    level = _shrunk(counted[0] or _Excess(0.0, np.zeros(_DRAWS), 0))
    before, after = (None if one is None else _less(one, level) for one in counted[1:])
    verdict = _judged(before, after)
    missing = None
    if verdict == "cannot tell yet":
        missing = _days_missing(log, exposures, finding, at, before)
    return _worded(finding, at, verdict, (before, after), missing)


def _utc(instant: pd.Timestamp) -> pd.Timestamp:
    return instant.tz_localize("UTC") if instant.tzinfo is None else instant.tz_convert("UTC")


def _periods(exposures: Exposures, finding: Finding, at: pd.Timestamp) -> list[Flags]:
    """Return which exposures at the step with a known outcome lie before, between and after."""
    step = {name: value for name, value in finding.conditions.items() if name == STEP}
    here = exposures.meets(step) & ~np.isnan(exposures.bad)
    earliest, onset = (
        int(np.datetime64(date, "D").astype(np.int64)) * MICROS_A_DAY
        for date in (finding.onset_interval[0], finding.onset)
    )
    fixed = round(at.timestamp() * 1_000_000)
    time = exposures.time
    return [
        here & (time < earliest),
        here & (time >= onset) & (time < fixed),
        here & (time >= fixed),
    ]


def _excess(
    exposures: Exposures, definition: Definition, finding: Finding, period: Flags
) -> _Excess | None:
    """Return exposed less matched in a period; None where either side has too few."""
    met = exposures.meets(finding.conditions)
    exposed, pool = period & met, period & ~met
    if min(int(exposed.sum()), int(pool.sum())) < _FEWEST:
        return None
    weights = matched_weights(exposures, definition, finding.conditions, exposed=exposed, pool=pool)
    bad, draws = exposures.bad, np.empty((2, _DRAWS))
    value = []
    for side, rows in enumerate((exposed, pool)):
        drawn = customer_weights(exposures.customer[rows], draws=_DRAWS, seed=side) * weights[rows]
        draws[side] = (drawn @ bad[rows]) / np.maximum(drawn.sum(axis=1), 1e-12)
        value.append(float(np.average(bad[rows], weights=weights[rows])))
    return _Excess(value[0] - value[1], draws[0] - draws[1], int(exposed.sum()))


def _shrunk(level: _Excess) -> _Excess:
    """Return the level before the onset, drawn to nothing as far as it is uncertain.

    A new release has no past, or a day of it; such a level must not blur the verdict.
    """
    kept = _CHRONIC_SPREAD**2 / (_CHRONIC_SPREAD**2 + float(level.draws.var()))
    return _Excess(kept * level.value, kept * level.draws, level.exposed)


def _less(one: _Excess, level: _Excess) -> _Excess:
    return _Excess(one.value - level.value, one.draws - level.draws, one.exposed)


def _judged(before: _Excess | None, after: _Excess | None) -> Answer:
    if before is None or after is None or np.quantile(before.draws, 0.025) <= 0:
        return "cannot tell yet"
    left = after.draws - _SHARE_THAT_MATTERS * before.draws
    low, high = np.quantile(left, [0.025, 0.975])
    if high < 0:
        return "fixed"
    return "not fixed" if low > 0 else "cannot tell yet"


def _days_missing(
    log: EventLog, exposures: Exposures, finding: Finding, at: pd.Timestamp, before: _Excess | None
) -> int | None:
    """Return about how many more days of events would decide; None if none would.

    Enough exposures that half the effect is 1.96 standard errors, at the rate at which they come,
    and the time until an outcome is known on top.
    """
    effect = before.value if before is not None else finding.effect
    margin = (1 - _SHARE_THAT_MATTERS) * abs(effect) / Z_95
    known_error = _SHARE_THAT_MATTERS * float(before.draws.std()) if before is not None else 0.0
    if margin <= known_error:
        return None
    rate = min(max(finding.rate, 0.05), 0.95)
    needed = max(1.5 * rate * (1 - rate) / (margin**2 - known_error**2), _FEWEST)
    met = exposures.meets(finding.conditions)
    since = int(np.datetime64(finding.onset, "D").astype(np.int64)) * MICROS_A_DAY
    fixed = round(at.timestamp() * 1_000_000)
    ends = int(log.times.max())
    recent = max(min(fixed, ends - 14 * MICROS_A_DAY), since)
    a_day = int((met & (exposures.time >= recent)).sum()) / max((ends - recent) / MICROS_A_DAY, 1.0)
    if a_day == 0:
        return None
    decided = exposures.time[met & ~np.isnan(exposures.bad)]
    lag = (ends - int(decided.max())) / MICROS_A_DAY if len(decided) else 0.0
    elapsed = (ends - fixed) / MICROS_A_DAY
    missing = ceil(needed / a_day + lag - elapsed)
    return max(missing, 1) if missing <= _LONGEST_WAIT_DAYS else None


def _worded(
    finding: Finding,
    at: pd.Timestamp,
    verdict: Answer,
    compared: tuple[_Excess | None, _Excess | None],
    missing: int | None,
) -> Verdict:
    before, after = compared
    return Verdict(
        finding=finding.id,
        verdict=verdict,
        fixed_at=at.isoformat(),
        effect_before=None if before is None else round(before.value, 4),
        effect_before_interval=_interval(before),
        effect_after=None if after is None else round(after.value, 4),
        effect_after_interval=_interval(after),
        exposed_before=0 if before is None else before.exposed,
        exposed_after=0 if after is None else after.exposed,
        days_missing=missing,
        sentence=_sentence(finding, verdict, compared, missing),
    )


def _interval(excess: _Excess | None) -> Interval | None:
    if excess is None:
        return None
    low, high = np.quantile(excess.draws, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def _sentence(
    finding: Finding,
    verdict: Answer,
    compared: tuple[_Excess | None, _Excess | None],
    missing: int | None,
) -> str:
    before, after = compared
    head = {"fixed": "Fixed", "not fixed": "Not fixed", "cannot tell yet": "Cannot tell yet"}
    said = f"{head[verdict]}: {condition_words(finding.conditions)}."
    if before is not None:
        said += f" Before the fix {_measured(before)}"
        said += f", after it {_measured(after)}." if after is not None else "."
    if verdict != "cannot tell yet":
        return said
    if after is None:
        said += f" After it fewer than {_FEWEST} journeys with a known outcome can be compared."
    if missing is None:
        return f"{said} More days alone will not tell: {_why_not(before)}."
    return f"{said} About {missing:,} more day{'s' if missing != 1 else ''} of events are needed."


def _why_not(before: _Excess | None) -> str:
    if before is not None and np.quantile(before.draws, 0.025) <= 0:
        return "the effect before the fix is itself too uncertain"
    return "too few customers meet the conditions now"


def _measured(excess: _Excess) -> str:
    low, high = np.quantile(excess.draws, [0.025, 0.975])
    return (
        f"{points(excess.value)} ({points_between(float(low), float(high))}; "
        f"{excess.exposed:,} journeys)"
    )
