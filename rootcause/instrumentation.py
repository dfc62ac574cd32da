"""Instrumentation: whether the measuring changed on the day that the finding began.

A gap in the events, a name that appears or disappears, a volume that jumps, an attribute that is
recorded only since: each can look like a cause. None of them proves that the finding is false.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from journeys.check_gaps import silences_in
from journeys.log import ACTIVITY, CHANNEL, EventLog
from rootcause.contrast import Contrast
from rootcause.exposure import MICROS_A_DAY, MISSING, STEP, Flags, Floats, Ints
from rootcause.thresholds import lies
from rootcause.wording import day, days_between, percent, plain

_NEAR_DAYS = 2
_SURELY_SEEN = 10.0
_FEWEST_EVENTS = 20
_WEEK = 7
_JUMP = 2.0
_FEWEST_A_WEEK = 20
_BEYOND_CHANCE_Z = 6.0
_UNLIKE_OTHER_WEEKS = 0.99
_SHARE_NEWLY_RECORDED = 0.2
_MOST = 3


@dataclass(frozen=True)
class _Days:
    """The events of a log: the day of each, whether they meet the conditions, and the onset."""

    log: EventLog
    day: Ints
    inside: Flags
    onset: int


def instrumentation_of(log: EventLog, contrast: Contrast) -> str:
    """Return what changed in the measuring within two days of the onset; empty where nothing did.

    Looked at: gaps of the log and of channels (`journeys.check_gaps`), activities and channels that
    appear or stop where the conditions hold, weekly volumes that double or halve (of the step where
    the conditions hold, of every activity elsewhere), attributes first recorded then.
    """
    if contrast.since is None:
        return ""
    days = _Days(log, log.times // MICROS_A_DAY, _inside(log, contrast), contrast.since)
    recorded = list(_newly_recorded(contrast))
    told = [*_gaps(days), *recorded, *_names(days)]
    if not recorded:  # else the volumes move with whom the conditions can be seen of
        told += _volumes(days, contrast)
    return f"may be a tracking artefact: {'; '.join(told[:_MOST])}" if told else ""


def _inside(log: EventLog, contrast: Contrast) -> Flags:
    """Return which events carry the conditions besides the step."""
    met = np.ones(len(log), dtype=np.bool_)
    for name, value in contrast.named.items():
        if name in contrast.exposures.numeric:
            met &= lies(log.events[name].to_numpy(), value)
        else:
            met &= (log.events[name] == value).to_numpy()
    return met


def _gaps(days: _Days) -> Iterator[str]:
    for gap in silences_in(days.log):
        begins, ends = (at.value // (1000 * MICROS_A_DAY) for at in (gap.begins, gap.ends))
        if begins - _NEAR_DAYS <= days.onset <= ends + 1 + _NEAR_DAYS:
            what = f"{gap.what[0].lower()}{gap.what[1:]}"
            yield f"{what} is silent {days_between(gap.begins, gap.ends)}"


def _names(days: _Days) -> Iterator[str]:
    """Tell of the activities and channels that appear or stop at the onset inside the conditions.

    Where the conditions themselves are new, all is new there: then the whole log is asked.
    """
    early = days.inside & (days.day < days.onset - _NEAR_DAYS)
    rows = days.inside if early.sum() >= _FEWEST_EVENTS else np.ones(len(days.day), dtype=np.bool_)
    for column, what in ((ACTIVITY, "activity"), (CHANNEL, "channel")):
        codes = days.log.events[column].cat.codes.to_numpy().astype(np.int64)
        for code, name in enumerate(days.log.events[column].cat.categories):
            theirs = rows & (codes == code)
            if (theirs & days.inside).sum() < max(_FEWEST_EVENTS, theirs.sum() / 2):
                continue
            found = _appears_or_stops(days, rows, theirs)
            if found:
                yield f"the {what} “{plain(str(name))}” {found}"


def _appears_or_stops(days: _Days, rows: Flags, theirs: Flags) -> str:
    first, last = int(days.day[theirs].min()), int(days.day[theirs].max())
    all_before = (rows & (days.day < first)).sum()
    all_after = (rows & (days.day > last)).sum()
    share = theirs.sum() / max((rows & (days.day >= first) & (days.day <= last)).sum(), 1)
    if abs(first - days.onset) <= _NEAR_DAYS and share * all_before >= _SURELY_SEEN:
        return f"is first recorded on {day(np.datetime64(first, 'D'))}"
    if abs(last + 1 - days.onset) <= _NEAR_DAYS and share * all_after >= _SURELY_SEEN:
        return f"is last recorded on {day(np.datetime64(last, 'D'))}"
    return ""


def _volumes(days: _Days, contrast: Contrast) -> Iterator[str]:
    """Tell of weekly volumes that jump: a fault moves its own group, a tracker moves the others."""
    codes = days.log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)
    names = list(map(str, days.log.events[ACTIVITY].cat.categories))
    for code, name in enumerate(names):
        is_step = name == contrast.conditions.get(STEP)
        for rows, where in (
            (~days.inside, "elsewhere"),
            (days.inside, "where the conditions hold"),
        ):
            if rows is days.inside and not is_step:
                continue
            ratio = _jump(days, rows & (codes == code))
            if ratio is not None:
                times = (
                    f"{ratio:.1f} times as often"
                    if ratio > 1
                    else f"only {percent(ratio)} as often"
                )
                yield f"“{plain(name)}” is recorded {times} since then {where}"


def _jump(days: _Days, rows: Flags) -> float | None:
    """Return the week after the onset over the week before it, if unlike any other two weeks."""
    first = int(days.day.min())
    counts = np.bincount(days.day[rows] - first, minlength=int(days.day.max()) - first + 1)
    total = np.concatenate([[0.0], np.cumsum(counts)])
    gap = _NEAR_DAYS
    at = np.arange(_WEEK + gap, len(counts) - _WEEK - gap + 1)
    here = days.onset - first
    if here not in at:
        return None
    before = total[at - gap] - total[at - gap - _WEEK]
    after = total[at + gap + _WEEK] - total[at + gap]
    own = int(here - at[0])
    if before[own] < _FEWEST_A_WEEK:
        return None  # what hardly was before has no volume that could jump
    size: Floats = np.abs(np.log((after + 0.5) / (before + 0.5)))
    others = size[np.abs(at - here) > _WEEK + gap]
    unlike = not len(others) or size[own] > np.quantile(others, _UNLIKE_OTHER_WEEKS)
    chance = np.sqrt(1.0 / before[own] + 1.0 / max(after[own], 1.0))
    beyond = size[own] >= max(np.log(_JUMP), _BEYOND_CHANCE_Z * chance)
    return float(after[own] / before[own]) if beyond and unlike else None


def _newly_recorded(contrast: Contrast) -> Iterator[str]:
    """Tell of the conditions' attributes that were much more often missing before the onset."""
    exposures, since = contrast.exposures, contrast.since or 0
    at_step = exposures.meets({STEP: contrast.conditions.get(STEP, "")})
    for name in contrast.named:
        if name not in exposures.attributes:
            continue
        missing = exposures.meets({name: MISSING})
        weeks = [
            at_step & (exposures.day >= start) & (exposures.day < start + 2 * _WEEK)
            for start in (since - 2 * _WEEK, since)
        ]
        if min(int(week.sum()) for week in weeks) < _FEWEST_EVENTS:
            continue
        before, after = (float(missing[week].mean()) for week in weeks)
        if before - after >= _SHARE_NEWLY_RECORDED:
            yield (
                f"{plain(name)} is missing in {percent(before)} of the two weeks before the onset "
                f"and in {percent(after)} of those after"
            )
