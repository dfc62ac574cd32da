"""Overview: how many journeys there were, how they ended, and how far they came."""

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.find import STATES
from journeys.log import ACTIVITY, EventLog
from rootcause.intervals import rate_interval
from rootcause.wording import SMALLEST_CELL, count, day, percent, percent_between, plain

_STATE_WORDS = {
    "success": "reached the goal",
    "failure": "failed",
    "abandoned": "given up: a long silence",
    "expired": "out of time",
}


def overview_of(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> dict[str, object]:
    """Return what the report says of the log and its journeys; plain data."""
    ended = journeys[journeys["state"] != "open"]
    return {
        "first_day": day(log.events["time"].min()),
        "last_day": day(log.ends),
        "events": count(len(log)),
        "customers": count(len(log.offsets) - 1),
        "journeys": count(len(journeys)),
        "ended": count(len(ended)),
        "open": count(len(journeys) - len(ended)),
        "endings": _endings(ended),
        "milestones": _milestones(log, ended, definition),
    }


def _endings(ended: pd.DataFrame) -> list[dict[str, object]]:
    """Return how the ended journeys ended; open ones are no failures and not counted."""
    counts = ended["state"].value_counts()
    return [
        {"words": _STATE_WORDS[state], **_share(int(counts.get(state, 0)), len(ended))}
        for state in STATES
        if state != "open" and counts.get(state, 0)
    ]


def _milestones(
    log: EventLog, ended: pd.DataFrame, definition: Definition
) -> list[dict[str, object]]:
    """Return the share of ended journeys that reached each milestone."""
    activity = log.events[ACTIVITY].astype(object).to_numpy()
    rows, before = [], len(ended)
    for name in definition.milestones:
        running = np.concatenate([[0], np.cumsum(activity == name)])
        seen = running[ended["last"].to_numpy() + 1] - running[ended["first"].to_numpy()]
        reached = int((seen > 0).sum())
        lost = max(before - reached, 0)
        rows.append({"words": plain(name), "lost": count(lost), **_share(reached, len(ended))})
        before = reached
    return rows


def _share(part: int, whole: int) -> dict[str, object]:
    """Return a count and its share with interval; hidden where it could point at somebody."""
    if not whole or 0 < part < SMALLEST_CELL:
        return {"count": count(part), "share": None, "low": None, "high": None, "percent": "hidden"}
    rate, low, high = (float(one) for one in rate_interval(part, whole))
    return {
        "count": count(part),
        "share": round(rate, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "percent": percent(rate),
        "between": percent_between(low, high),
    }
