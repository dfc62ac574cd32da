"""The story of the upsell: it is held back while a customer is being helped, and not a day longer.

Held against the list that `offramp audience` makes of the same simulated customers.
"""

import numpy as np
import pandas as pd

from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.suppression import suppressed_in
from tests.story_world import HIDING, JOURNEY, NOW, Desk, lived, world


def suppressed(desk: Desk, as_of: pd.Timestamp) -> dict[str, dict[str, str]]:
    """Return what is suppressed by customer, asked for page by page."""
    found: dict[str, dict[str, str]] = {}
    query: dict[str, object] = {"as_of": as_of.isoformat(), "limit": 200}
    while True:
        page = desk.get("/v1/suppressions", **query)
        found |= {one["customer_id"]: one for one in page["suppressions"]}
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


def listed_at(at: pd.Timestamp) -> tuple[pd.Timestamp, dict[str, tuple[str, pd.Timestamp]]]:
    """Return when the log ended then, and the reason and the end of what the list held back."""
    events, definition = world().events, world().definition
    log = event_log(events[events["time"] <= at], definition)
    journeys = find_journeys(log, definition)
    rows = np.flatnonzero(journeys["state"] == "open")
    listed = suppressed_in(log, journeys, definition, rows)
    keys = log.events["customer_id"].cat.categories[journeys["customer"].to_numpy()[rows]]
    return log.ends, {
        HIDING(str(key)): (row.suppress_reason, row.suppress_until)
        for key, row in zip(keys, listed.itertuples(index=False), strict=True)
        if row.suppress
    }


def test_those_held_back_over_http_are_those_of_the_list(desk: Desk) -> None:
    events = world().events
    calls = events[events["channel"].isin(["call_centre", "ivr"]) & (events["topic"] == JOURNEY)]
    days = [listed_at(at + pd.Timedelta(minutes=1)) for at in calls["time"].iloc[-12:]]
    ends, held = max(days, key=lambda one: len(one[1]))
    assert held
    found = suppressed(desk, ends)
    assert {key: (one["reason"], pd.Timestamp(one["until"])) for key, one in found.items()} == held


def test_an_upsell_waits_while_a_customer_is_helped(desk: Desk) -> None:
    helped = lived("helped", [(90, "transfer_started", "app"), (60, "agent_call", "call_centre")])
    selling = lived("selling", [(90, "transfer_started", "app"), (60, "login", "app")])
    desk.post("/v1/events", {"events": helped + selling})
    assert desk.context("selling", NOW)["suppress"] == []
    (told,) = desk.context("helped", NOW)["suppress"]
    assert told["what"] == "upsell"
    assert told["reason"] == "in support: contacted on 20 March 2026, the journey goes on"
    assert told["until"] == "2026-03-22T11:00:00Z"
    assert HIDING("helped") in suppressed(desk, NOW)


def test_it_waits_no_longer_once_the_journey_is_done(desk: Desk) -> None:
    steps = [(90, "transfer_started", "app"), (60, "agent_call", "call_centre")]
    desk.post("/v1/events", {"events": lived("done", steps)})
    assert desk.context("done", NOW)["suppress"] != []
    desk.post("/v1/events", {"events": lived("done", [(10, "transfer_completed", "email")])})
    after = desk.context("done", NOW)
    assert after["suppress"] == []
    assert after["journeys"] == []
    assert "success" in after["note"]
    assert HIDING("done") not in suppressed(desk, NOW)
    # Asked as of before, it is answered as of before.
    before = desk.context("done", NOW - pd.Timedelta(minutes=20))
    assert before["suppress"] != []


def test_a_late_call_is_folded_in_as_of_its_time(desk: Desk) -> None:
    desk.post("/v1/events", {"events": lived("late", [(30, "transfer_started", "web")])})
    assert desk.context("late", NOW)["suppress"] == []
    desk.post("/v1/events", {"events": lived("late", [(20, "ivr_call", "ivr")])})
    assert desk.context("late", NOW)["suppress"] != []
    assert desk.context("late", NOW - pd.Timedelta(minutes=25))["suppress"] == []
