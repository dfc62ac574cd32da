"""Broken tracking: what used to arrive and no longer does.

A rate that changes is the world's business; an activity or channel that was there in every quarter
of the reference and is gone, an attribute that is suddenly missing, or a day without any event is
mostly a fault on the way to the log.  Each is asked of the whole time since, and of its last
quarter, so that what broke lately is seen as well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from journeys.log import EventLog
from training.reference import Window

_FEWEST_EXPECTED = 30
_GONE = 0.05
_NOW_MISSING = 0.3
_QUIET = 0.2
_EVENTS_A_DAY = 50
_MOST_FAULTS = 12


def stopped(
    log: EventLog, window: Window, reference: Mapping[str, Any], columns: list[dict[str, Any]]
) -> list[str]:
    """Return, in sentences, what no longer arrives; empty when nothing has stopped."""
    found = [
        *_gone(log, window, reference),
        *_missing(columns),
        *_quiet(log, window, reference),
    ]
    return found[:_MOST_FAULTS]


def _gone(log: EventLog, window: Window, reference: Mapping[str, Any]) -> Iterator[str]:
    """Say which activities and channels are gone, lately or altogether."""
    lately = window.ends - (window.ends - window.begins) / 4
    for column, shares in reference["shares"].items():
        events = log.events.loc[window.events, ["time", column]]
        values = events[column].astype(str)
        for value, share in shares.items():
            seen = (values == value).to_numpy()
            for after in (window.begins, lately):
                then = (events["time"] >= after).to_numpy()
                expected = share * float(then.sum())
                if expected >= _FEWEST_EXPECTED and (seen & then).sum() < _GONE * expected:
                    yield _gone_words(column, value, expected, events["time"][seen])
                    break


def _gone_words(column: str, value: str, expected: float, times: pd.Series) -> str:
    last = f"last seen {times.max():%Y-%m-%d %H:%M}" if len(times) else "not seen at all"
    return (
        f"The {column} {value!r} has stopped ({last}; {expected:,.0f} events were to be expected)"
    )


def _missing(columns: list[dict[str, Any]]) -> Iterator[str]:
    for one in columns:
        now, then = one["missing_share"], one["missing_share_then"]
        if now - then >= _NOW_MISSING:
            yield f"{one['column']} is missing in {now:.0%} of the events, in {then:.0%} before"


def _quiet(log: EventLog, window: Window, reference: Mapping[str, Any]) -> Iterator[str]:
    """Say which whole days have next to no events, where days had many."""
    usual = float(reference["events_a_day"])
    if usual < _EVENTS_A_DAY:
        return
    days = log.events.loc[window.events, "time"].dt.floor("D")
    first, last = window.begins.ceil("D"), window.ends.floor("D")
    if first >= last:
        return
    counts = days.value_counts().reindex(
        pd.date_range(first, last, freq="D", inclusive="left"), fill_value=0
    )
    dead = counts.index[(counts < _GONE * usual).to_numpy()]
    if len(dead):
        yield (
            f"{len(dead)} days have next to no events, the first {dead[0]:%Y-%m-%d} "
            f"({usual:,.0f} a day were usual)"
        )
    lately = counts.to_numpy()[-max(len(counts) // 4, 1) :]
    if len(counts) >= 4 and not len(dead) and float(np.mean(lately)) < _QUIET * usual:
        yield f"only {np.mean(lately):,.0f} events a day arrive lately, {usual:,.0f} were usual"
