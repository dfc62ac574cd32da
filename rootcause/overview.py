"""Overview: how many journeys there were, how they ended, and where they break."""

import pandas as pd

from journeys.definition import Definition
from journeys.find import STATES
from journeys.log import EventLog
from rootcause.delays import delays_of, delays_picture
from rootcause.funnel import funnel_of, funnel_picture
from rootcause.intervals import rate_interval
from rootcause.journey_map import journey_map
from rootcause.map_picture import map_picture
from rootcause.wording import SMALLEST_CELL, count, day, many, percent, percent_between

_STATE_WORDS = {
    "success": "reached the goal",
    "failure": "failed",
    "abandoned": "given up: a long silence",
    "expired": "out of time",
}


def overview_of(log: EventLog, journeys: pd.DataFrame) -> dict[str, object]:
    """Return what the report says of the log and its journeys; plain data."""
    ended = journeys[journeys["state"] != "open"]
    return {
        "first_day": day(log.begins),
        "last_day": day(log.ends),
        "events": many(len(log), "event"),
        "customers": many(len(log.offsets) - 1, "customer"),
        "journeys": many(len(journeys), "journey"),
        "ended": many(len(ended), "journey"),
        "open": count(len(journeys) - len(ended)),
        "endings": _endings(ended),
    }


def breaks_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the map, the funnel and the delays as plain data, and their pictures."""
    shown = journey_map(log, journeys, definition)
    funnel = funnel_of(log, journeys, definition)
    delays = delays_of(log, journeys, definition)
    pictures = {
        "map": "" if shown is None else map_picture(shown),
        "funnel": "" if funnel is None else funnel_picture(funnel),
        "delays": delays_picture(delays),
    }
    told: dict[str, object] = {"map": shown, "funnel": funnel, "delays": delays}
    return told, {name: picture for name, picture in pictures.items() if picture}


def _endings(ended: pd.DataFrame) -> list[dict[str, object]]:
    """Return how the ended journeys ended; open ones are no failures and not counted."""
    counts = ended["state"].value_counts()
    return [
        {"words": _STATE_WORDS[state], **_share(int(counts.get(state, 0)), len(ended))}
        for state in STATES
        if state != "open" and counts.get(state, 0)
    ]


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
