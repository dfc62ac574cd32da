"""Verify: was it fixed? Fixed, not fixed, or cannot tell yet, and then how many days are missing.

Difference in differences. At the finding's step, journeys that meet its conditions are compared
with journeys of the same weeks that do not and are made to look like them, before the onset,
between onset and fix, and after the fix. What changed for everybody (season, a campaign) changes
both sides and drops out.
"""

from dataclasses import asdict, dataclass, replace
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
    rounded,
    scatter_of,
    share_left,
    shown_by_week,
)
from rootcause.exposure import Exposures, Flags, exposures_of
from rootcause.findings import Finding
from rootcause.gap import Gap, Ground, gap_in, ground_of
from rootcause.lineage import lineage_of
from rootcause.periods import day_of, micros_of, utc
from rootcause.verdict_words import sentence_of
from rootcause.waiting import days_until, needed_for, pace_of
from rootcause.wording import day

Answer = Literal["fixed", "not fixed", "cannot tell yet"]

FIXED_BELOW = 0.5
NOT_FIXED_ABOVE = 0.25


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
    fixed_below, not_fixed_above : the shares of the effect by which it is judged
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
    fixed_below: float = FIXED_BELOW
    not_fixed_above: float = NOT_FIXED_ABOVE
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

    def remains(self, share: float) -> Remains | None:
        """Return what is left beyond a share of what was, if both can be measured."""
        if self.before is None or self.after is None:
            return None
        return remains_of(self.after, self.before, share)

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

    *not fixed*: with 95 % certainty more than a quarter of the effect is left; *fixed*: less than
    half of it, and not certainly more than a quarter; *cannot tell yet*: anything else, as where
    too few outcomes are known. Where a newer version took over from the one that the finding names,
    it is asked of that one.

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
        since=day_of(finding.onset),
        blocks_from=at,
    )
    earliest, onset = (micros_of(date) for date in (finding.onset_interval[0], finding.onset))
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


def _judged(compared: _Compared) -> Answer:
    most, least = compared.remains(FIXED_BELOW), compared.remains(NOT_FIXED_ABOVE)
    if most is None or least is None or not compared.certain:
        return "cannot tell yet"
    if least.interval[0] > 0:
        return "not fixed"
    return "fixed" if most.interval[1] < 0 else "cannot tell yet"


def _days_missing(
    log: EventLog, exposures: Exposures, finding: Finding, at: int, compared: _Compared
) -> int | None:
    """Return about how many more days of events would decide; None if none would.

    That a fix works wholly or not at all is told four times in five after so many.
    """
    before, after = _ripe(exposures, finding, at, compared), compared.after
    if before is not None and before.interval[0] <= 0:
        return None
    effect = before.value if before is not None else finding.effect
    pace = pace_of(
        exposures,
        compared.exposed,
        since=micros_of(finding.onset),
        at=at,
        ends=log.ended,
    )
    measured = [one for one in (before, after) if one is not None]
    one = 2.0 * finding.rate * (1.0 - finding.rate)
    if measured:
        largest = max(measured, key=lambda period: period.exposed)
        one = largest.variance * largest.exposed
    fixed = 0.0
    if before is not None:
        fixed = FIXED_BELOW**2 * before.variance + (1.0 - FIXED_BELOW) ** 2 * before.shared
    margin = FIXED_BELOW * abs(effect)
    seen = compared.remains(FIXED_BELOW)
    return days_until(needed_for(seen, margin, one, fixed, pace.known), pace)


def _ripe(exposures: Exposures, finding: Finding, at: int, compared: _Compared) -> Change | None:
    """Return the effect before the fix as sure as it will be once all its outcomes are known."""
    if compared.before is None:
        return None
    between = (exposures.time >= micros_of(finding.onset)) & (exposures.time < at)
    ripe = int((between & compared.exposed & exposures.at_risk).sum())
    share = min(compared.before.exposed / max(ripe, 1), 1.0)
    return replace(compared.before, variance=share * compared.before.variance)


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
        effect_before_interval=None if before is None else rounded(before.interval),
        effect_after=None if after is None else round(after.value, 4),
        effect_after_interval=None if after is None else rounded(after.interval),
        exposed_before=0 if before is None else before.exposed,
        exposed_after=0 if after is None else after.exposed,
        days_missing=missing,
        sentence=sentence_of(finding, verdict, (before, after), missing, compared.asked_of),
        share_left=None if left is None else round(left, 3),
        share_left_interval=None if left_interval is None else rounded(left_interval),
        compared_after=0 if after is None else after.compared,
        asked_of=compared.asked_of,
        by_week=shown_by_week(at, compared.weeks),
    )
