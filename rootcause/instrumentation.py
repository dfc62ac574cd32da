"""Instrumentation: whether the measuring changed on the day that the finding began.

A gap in the events, a name that appears or disappears, a volume that jumps, an attribute that is
recorded only since: each can look like a cause. None of them proves that the finding is false.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.check_gaps import silences_among
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
class Recorded:
    """Events by name and day of the log, of those that carry some conditions and of all others.

    ``inside``, ``outside``: shape (n_names, n_days); of the shards of a log, the sum of theirs.
    """

    names: tuple[str, ...]
    inside: Ints
    outside: Ints
    first_day: int

    @property
    def all(self) -> Ints:
        """All events, shape (n_names, n_days)."""
        return self.inside + self.outside


def recorded_in(
    log: EventLog, column: str, conditions: Mapping[str, str], numeric: Collection[str]
) -> Recorded:
    """Return the events of a log by activity or channel, from its first day to its last.

    ``numeric``: which of the conditions' attributes are numbers.
    """
    inside = _inside(log, conditions, numeric)
    first = log.began // MICROS_A_DAY
    n_days = log.ended // MICROS_A_DAY - first + 1
    codes = log.events[column].cat.codes.to_numpy()
    names = tuple(map(str, log.events[column].cat.categories))
    cell, known = codes.astype(np.int64) * n_days + (log.times // MICROS_A_DAY - first), codes >= 0
    shape = (len(names), n_days)
    counts = [
        np.bincount(cell[known & rows], minlength=shape[0] * n_days).reshape(shape)
        for rows in (inside, ~inside)
    ]
    return Recorded(names, counts[0], counts[1], first)


def instrumentation_of(log: EventLog, contrast: Contrast) -> str:
    """Return what changed in the measuring around the onset, as `changed_in` says it."""
    given = (contrast.named, contrast.exposures.numeric)
    activities, channels = (recorded_in(log, name, *given) for name in (ACTIVITY, CHANNEL))
    return changed_in(activities, channels, contrast)


def changed_in(activities: Recorded, channels: Recorded, contrast: Contrast) -> str:
    """Return what changed in the measuring within two days of the onset; empty where nothing did.

    Looked at: gaps of the log and of channels (`journeys.check_gaps`), activities and channels that
    appear or stop where the conditions hold, weekly volumes that double or halve (of the step where
    the conditions hold, of every activity elsewhere), attributes first recorded then.
    """
    if contrast.since is None:
        return ""
    onset = contrast.since - activities.first_day
    recorded = list(_newly_recorded(contrast))
    told = [*_gaps(activities, channels, contrast.since), *recorded]
    told += [*_names(activities, onset, "activity"), *_names(channels, onset, "channel")]
    if not recorded:  # else the volumes move with whom the conditions can be seen of
        told += _volumes(activities, onset, contrast.conditions.get(STEP, ""))
    return f"may be a tracking artefact: {'; '.join(told[:_MOST])}" if told else ""


def _inside(log: EventLog, conditions: Mapping[str, str], numeric: Collection[str]) -> Flags:
    """Return which events carry the conditions besides the step."""
    met = np.ones(len(log), dtype=np.bool_)
    for name, value in conditions.items():
        if name == STEP:
            continue
        if name in numeric:
            met &= lies(log.events[name].to_numpy(), value)
        elif value == MISSING:
            met &= log.events[name].isna().to_numpy()
        else:
            met &= (log.events[name] == value).to_numpy()
    return met


def _gaps(activities: Recorded, channels: Recorded, onset: int) -> Iterator[str]:
    first = pd.Timestamp(activities.first_day, unit="D", tz="UTC")
    by_channel = dict(zip(channels.names, channels.all, strict=True))
    for gap in silences_among(activities.all.sum(axis=0), by_channel, first):
        begins, ends = (at.value // (1000 * MICROS_A_DAY) for at in (gap.begins, gap.ends))
        if begins - _NEAR_DAYS <= onset <= ends + 1 + _NEAR_DAYS:
            what = f"{gap.what[0].lower()}{gap.what[1:]}"
            yield f"{what} is silent {days_between(gap.begins, gap.ends)}"


def _names(daily: Recorded, onset: int, what: str) -> Iterator[str]:
    """Tell of the names that appear or stop at the onset where the conditions hold.

    Where the conditions themselves are new, all is new there: then the whole log is asked.
    """
    had_a_past = daily.inside[:, : max(onset - _NEAR_DAYS, 0)].sum() >= _FEWEST_EVENTS
    counts = daily.inside if had_a_past else daily.all
    for name, theirs, own in zip(daily.names, counts, daily.inside, strict=True):
        if own.sum() < max(_FEWEST_EVENTS, theirs.sum() / 2):
            continue
        found = _appears_or_stops(theirs, counts.sum(axis=0), onset, daily.first_day)
        if found:
            yield f"the {what} “{plain(name)}” {found}"


def _appears_or_stops(theirs: Ints, everything: Ints, onset: int, first_day: int) -> str:
    first, last = np.flatnonzero(theirs)[[0, -1]]
    share = theirs.sum() / everything[first : last + 1].sum()
    if abs(first - onset) <= _NEAR_DAYS and share * everything[:first].sum() >= _SURELY_SEEN:
        return f"is first recorded on {day(np.datetime64(first_day + int(first), 'D'))}"
    if abs(last + 1 - onset) <= _NEAR_DAYS and share * everything[last + 1 :].sum() >= _SURELY_SEEN:
        return f"is last recorded on {day(np.datetime64(first_day + int(last), 'D'))}"
    return ""


def _volumes(daily: Recorded, onset: int, step: str) -> Iterator[str]:
    """Tell of weekly volumes that jump: a fault moves its own group, a tracker moves the others."""
    asked = [
        (name, counts, "elsewhere") for name, counts in zip(daily.names, daily.outside, strict=True)
    ]
    asked += [
        (name, counts, "where the conditions hold")
        for name, counts in zip(daily.names, daily.inside, strict=True)
        if name == step
    ]
    for name, counts, where in asked:
        ratio = _jump(counts, onset)
        if ratio is not None:
            times = f"{ratio:.1f} times" if ratio > 1 else f"only {percent(ratio)}"
            yield f"“{plain(name)}” is recorded {times} as often since then {where}"


def _jump(counts: Ints, here: int) -> float | None:
    """Return the week after the onset over the week before it, if unlike any other two weeks."""
    total = np.concatenate([[0.0], np.cumsum(counts)])
    gap = _NEAR_DAYS
    at = np.arange(_WEEK + gap, len(counts) - _WEEK - gap + 1)
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
