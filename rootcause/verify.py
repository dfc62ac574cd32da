"""Verify: was it fixed? Fixed, not fixed, or cannot tell yet, and then how many days are missing.

Difference in differences. At the finding's step, journeys that meet its conditions are compared
with journeys of the same weeks that do not and are made to look like them, before the onset,
between onset and fix, and after the fix. What changed for everybody (season, a campaign) changes
both sides and drops out.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import FindingsError
from journeys.log import EventLog
from rootcause.difference import (
    Change,
    Interval,
    Level,
    Remains,
    by_week,
    change_of,
    level_of,
    remains_of,
    scatter_of,
    share_left,
)
from rootcause.exposure import MICROS_A_DAY, Exposures, Flags, exposures_of
from rootcause.findings import Finding
from rootcause.gap import Gap, Ground, gap_in, ground_of
from rootcause.lineage import lineage_of
from rootcause.verdict_words import sentence_of
from rootcause.waiting import days_until, needed_for, pace_of
from rootcause.wording import day

Answer = Literal["fixed", "not fixed", "cannot tell yet"]

SHARE_ALLOWED = 1 / 3
_FEWEST_FOR_A_WEEK = 10


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
        the level before the onset taken off; those of fewer than ten exposures are left out
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
    share_allowed: float = round(SHARE_ALLOWED, 4)
    compared_after: int = 0
    asked_of: tuple[dict[str, str], ...] = ()
    by_week: tuple[dict[str, object], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the verdict as plain data: text, numbers, lists and None only."""
        plain = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}


@dataclass(frozen=True)
class _Compared:
    """The three periods of a finding, measured; ``exposed``: at any time, of whom it is asked."""

    before: Change | None
    after: Change | None
    exposed: Flags
    asked_of: tuple[dict[str, str], ...]
    weeks: tuple[tuple[int, Change], ...]

    @property
    def remains(self) -> Remains | None:
        """What is left beyond the share that is allowed, if both can be measured."""
        if self.before is None or self.after is None:
            return None
        return remains_of(self.after, self.before, SHARE_ALLOWED)

    @property
    def certain(self) -> bool:
        """Whether there was an effect to begin with."""
        return self.before is not None and self.before.interval[0] > 0


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

    *fixed*: with 95 % certainty less than a third of the effect is left; *not fixed*: more than a
    third; *cannot tell yet*: the interval holds both, or too few outcomes are known. Where a newer
    version took over from the one that the finding names, it is asked of that one.

    Raises
    ------
    FindingsError
        If the fix is dated on or before the onset: then there is no "before".
    """
    instant = utc(fixed_at)
    if instant <= pd.Timestamp(finding.onset, tz="UTC"):
        raise FindingsError(
            f"The fix is dated {day(instant)}, but the finding {finding.id} began on "
            f"{day(finding.onset)}; give the day on which the fix reached customers."
        )
    at = round(instant.timestamp() * 1_000_000)
    exposures = exposures_of(log, journeys, definition, outcome)
    compared = _compared(exposures, finding, at)
    verdict = _judged(compared)
    missing = None
    if verdict == "cannot tell yet":
        missing = _days_missing(log, exposures, finding, at, compared)
    return _worded(finding, instant, verdict, compared, missing)


def utc(instant: pd.Timestamp) -> pd.Timestamp:
    """Return an instant in UTC; one without a zone is taken as UTC."""
    return instant.tz_localize("UTC") if instant.tzinfo is None else instant.tz_convert("UTC")


def _compared(exposures: Exposures, finding: Finding, at: int) -> _Compared:
    lineage, time = lineage_of(exposures, finding.conditions), exposures.time
    took_over = lineage.took_over(exposures, at)
    asked_after = lineage.newer if took_over else lineage.met
    exposed = np.where(time < at, lineage.met, asked_after)
    ground = ground_of(
        exposures,
        finding.conditions,
        exposed=exposed,
        beside=~(lineage.met | lineage.newer),
        since=_day(finding.onset),
        blocks_from=at,
    )
    earliest, onset = (_micros(date) for date in (finding.onset_interval[0], finding.onset))
    past, between, later = time < earliest, (time >= onset) & (time < at), time >= at
    before, after, level, scatter = _measured(ground, past, between, later)
    return _Compared(
        before=change_of(before, level, scatter=scatter),
        after=change_of(after, level, scatter=scatter),
        exposed=exposed,
        asked_of=lineage.newer_conditions if took_over else (),
        weeks=tuple(
            week for gap in (before, after) for week in by_week(gap, level, scatter=scatter)
        ),
    )


def _measured(
    ground: Ground, past: Flags, between: Flags, later: Flags
) -> tuple[Gap | None, Gap | None, Level, float]:
    gaps = [gap_in(ground, period) for period in (past, between, later)]
    scatter = scatter_of(gaps)
    return gaps[1], gaps[2], level_of(ground, gaps[0], past, scatter=scatter), scatter


def _day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def _micros(date: str) -> int:
    return _day(date) * MICROS_A_DAY


def _judged(compared: _Compared) -> Answer:
    remains = compared.remains
    if remains is None or not compared.certain:
        return "cannot tell yet"
    low, high = remains.interval
    if high < 0:
        return "fixed"
    return "not fixed" if low > 0 else "cannot tell yet"


def _days_missing(
    log: EventLog, exposures: Exposures, finding: Finding, at: int, compared: _Compared
) -> int | None:
    """Return about how many more days of events would decide; None if none would.

    That a fix works wholly or not at all is told four times in five after so many.
    """
    before, after = compared.before, compared.after
    if before is not None and not compared.certain:
        return None
    effect = before.value if before is not None else finding.effect
    pace = pace_of(
        exposures, compared.exposed, since=_micros(finding.onset), at=at, ends=int(log.times.max())
    )
    measured = after or before
    one = 2.0 * finding.rate * (1.0 - finding.rate)
    if measured is not None:
        one = measured.variance * measured.exposed
    fixed = 0.0
    if before is not None:
        share = SHARE_ALLOWED
        fixed = share**2 * before.variance + (1.0 - share) ** 2 * before.shared
    margin = min(SHARE_ALLOWED, 1.0 - SHARE_ALLOWED) * abs(effect)
    return days_until(needed_for(compared.remains, margin, one, fixed, pace.known), pace)


def _worded(
    finding: Finding,
    at: pd.Timestamp,
    verdict: Answer,
    compared: _Compared,
    missing: int | None,
) -> Verdict:
    before, after = compared.before, compared.after
    left, left_interval = None, None
    if before is not None and after is not None and compared.certain:
        left, left_interval = share_left(after, before)
    return Verdict(
        finding=finding.id,
        verdict=verdict,
        fixed_at=at.isoformat(),
        effect_before=None if before is None else round(before.value, 4),
        effect_before_interval=None if before is None else _rounded(before.interval),
        effect_after=None if after is None else round(after.value, 4),
        effect_after_interval=None if after is None else _rounded(after.interval),
        exposed_before=0 if before is None else before.exposed,
        exposed_after=0 if after is None else after.exposed,
        days_missing=missing,
        sentence=sentence_of(finding, verdict, (before, after), missing, compared.asked_of),
        share_left=None if left is None else round(left, 3),
        share_left_interval=None if left_interval is None else _rounded(left_interval),
        compared_after=0 if after is None else after.compared,
        asked_of=compared.asked_of,
        by_week=tuple(
            _week(at, *week) for week in compared.weeks if week[1].exposed >= _FEWEST_FOR_A_WEEK
        ),
    )


def _week(at: pd.Timestamp, block: int, change: Change) -> dict[str, object]:
    low, high = _rounded(change.interval)
    return {
        "from": (at + pd.Timedelta(days=7 * block)).strftime("%Y-%m-%d"),
        "effect": round(change.value, 4),
        "low": low,
        "high": high,
        "exposed": change.exposed,
    }


def _rounded(interval: Interval) -> Interval:
    return round(interval[0], 4), round(interval[1], 4)
