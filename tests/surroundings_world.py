"""A world of short journeys in which a release goes wrong on one os, and not on the other."""

import numpy as np
import pandas as pd

from features import Plan, learn_vocabulary, plan_of, table
from journeys import find_journeys, parse_definition
from journeys.log import EventLog, event_log

START = pd.Timestamp("2026-01-01", tz="UTC")
UPLOADS = parse_definition(
    """
    name: upload
    start: {activity: begin}
    success: {activity: done, within: 20d}
    abandoned_after: 10d
    leakage: {channel: [call], within: 7d}
    milestones: [begin, upload, done]
    ticks: [1d]
    attributes: {technical: [os, version]}
    """,
    source="tests",
)


def journey(
    customer: str, day: float, version: str, os: str = "iOS", *, calls: bool = False
) -> list[dict[str, object]]:
    """Return a journey of three days: begun, uploaded, perhaps a call, done."""
    told = [(0.0, "begin", "app"), (0.1, "upload", "app")]
    told += [(0.5, "ask", "call")] if calls else []
    told += [(3.0, "done", "app")]
    return [
        {
            "customer_id": customer,
            "time": START + pd.Timedelta(days=day + after),
            "activity": activity,
            "channel": channel,
            "os": os,
            "version": version,
        }
        for after, activity, channel in told
    ]


def release(days: int = 60, *, new_on: int = 50) -> tuple[EventLog, pd.DataFrame]:
    """Return two months of journeys; from a day on a release on iOS makes half of its users call.

    Android has a release of the same name, with which nothing is wrong.
    """
    events: list[dict[str, object]] = []
    for number in range(days * 20):
        day, os = number / 20, "iOS" if number % 2 else "Android"
        new = day >= new_on and number % 4 in (0, 1)
        calls = number % 21 == 3 or (new and os == "iOS" and number % 8 == 1)
        version = "2" if new else f"0.{min(int(day / 10), 2)}"
        events += journey(f"c{number:05}", day, version, os, calls=calls)
    log = event_log(pd.DataFrame(events), UPLOADS)
    return log, find_journeys(log, UPLOADS)


def released(days: int = 60, *, new_on: int = 50) -> tuple[EventLog, pd.DataFrame, Plan]:
    """Return the same with a plan that learnt until two days before the release."""
    log, journeys = release(days, new_on=new_on)
    until = START + pd.Timedelta(days=new_on - 2)
    vocabulary = learn_vocabulary(log, UPLOADS, until=until)
    return log, journeys, plan_of(UPLOADS, vocabulary).renewed(log, journeys, until=until)


def at(log: EventLog, journeys: pd.DataFrame, plan: Plan, customer: str) -> pd.Series:
    """Return the features of a customer's journey at its upload."""
    row = int(np.flatnonzero(log.events["customer_id"] == customer)[1])
    request = pd.DataFrame({"seen": [row], "cutoff": [log.events["time"][row]]})
    (features,) = table(log, journeys, request, plan)
    return pd.Series(features, [one.name for one in plan.features])
