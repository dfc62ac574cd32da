"""Overview: how many journeys there were, how they ended, and where they break."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow as pa

from journeys.definition import Definition
from journeys.find import STATES, find_journeys
from journeys.log import EventLog
from journeys.shards import Shards, Whole, whole_of
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


@dataclass(frozen=True)
class Tallied:
    """How large a log is, and how many of its journeys stand how: by the names of states."""

    whole: Whole
    states: Mapping[str, int]


def tallied_of(log: EventLog, journeys: pd.DataFrame) -> Tallied:
    """Return how large a log is that is held, and how its journeys stand."""
    return Tallied(whole_of(log), _states(journeys))


def tallied_over(shards: Shards) -> Tallied:
    """Return how large a log in shards is, and how its journeys stand; one pass."""
    table = shards.map(partial(_states_in, definition=shards.definition))
    counts = Counter[str]()
    for state, n in zip(table["state"].to_pylist(), table["n"].to_pylist(), strict=True):
        counts[state] += n
    return Tallied(shards.whole, counts)


def overview_of(tallied: Tallied) -> dict[str, object]:
    """Return what the report says of the log and its journeys; plain data."""
    whole, states = tallied.whole, tallied.states
    ended = sum(states.values()) - states.get("open", 0)
    return {
        "first_day": day(whole.begins),
        "last_day": day(whole.ends),
        "events": many(whole.events, "event"),
        "customers": many(whole.customers, "customer"),
        "journeys": many(sum(states.values()), "journey"),
        "ended": many(ended, "journey"),
        "open": count(states.get("open", 0)),
        "endings": _endings(states, ended),
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


def _states(journeys: pd.DataFrame) -> dict[str, int]:
    return {str(state): int(n) for state, n in journeys["state"].value_counts().items()}


def _states_in(shard: EventLog, *, definition: Definition) -> pa.Table:
    states = _states(find_journeys(shard, definition))
    names = pa.array(states.keys(), pa.string())
    return pa.table({"state": names, "n": pa.array(states.values(), pa.int64())})


def _endings(states: Mapping[str, int], ended: int) -> list[dict[str, object]]:
    """Return how the ended journeys ended; open ones are no failures and not counted."""
    return [
        {"words": _STATE_WORDS[state], **_share(states[state], ended)}
        for state in STATES
        if state != "open" and states.get(state, 0)
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
