"""The journey map loses nobody, names no small group, and stays as small however busy a log is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.journey_map import journey_map, walked_by
from rootcause.map_picture import map_picture
from tests.rootcause_world import DEFINITION, START

NAMES = ["customer_id", "time", "activity", "channel", "region", "os", "version"]
Event = tuple[int, str, str]


def walked(events: list[Event], definition: Definition = DEFINITION):  # type: ignore[no-untyped-def]
    rows = [
        (f"c{customer}", START + pd.Timedelta(hours=hour), what, where, "n", "iOS", "8")
        for hour, (customer, what, where) in enumerate(events)
    ]
    log = event_log(pd.DataFrame(rows, columns=NAMES), definition)
    return log, find_journeys(log, definition), definition


def crowd(*, first: str, share_that_uploads: float, n: int = 400, web: float = 0.5) -> list[Event]:
    """Return customers who start in the app or the web; fewer of the app's get to the end."""
    rng = np.random.default_rng(1)
    events: list[Event] = []
    for customer in range(n):
        where = "web" if rng.random() < web else "app"
        events.append((customer, first, where))
        if where == "web" or rng.random() < share_that_uploads:
            events += [(customer, "upload", where), (customer, "done", "letter")]
    return [*events, *((n + one, "other", "app") for one in range(300))]


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.sampled_from(["started", "upload", "done", "call", "other"]),
            st.sampled_from(["app", "web", "phone"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_journey_is_on_the_map_until_it_leaves_it(events: list[Event]) -> None:
    log, journeys, definition = walked(events)
    found = walked_by(log, journeys, definition)
    if found is None:
        return
    lane = found.lane
    assert len(lane) == len(journeys)
    on_map = lane >= 0
    # nobody comes back: once off the map, off for good
    assert not (on_map[:, 1:] & ~on_map[:, :-1]).any()
    open_ = journeys["state"].to_numpy() == "open"
    assert not (found.ended & open_).any()
    # what ends a journey well ends it in the last row
    assert on_map[found.good, -1].all()


def test_lanes_add_up_to_what_goes_on_and_what_leaves() -> None:
    shown = journey_map(*walked(crowd(first="started", share_that_uploads=0.5)))
    assert shown is not None
    for k, row in enumerate(shown["rows"]):  # type: ignore[arg-type, var-annotated]
        for lane in row["lanes"]:
            on = sum(
                link["journeys"]
                for link in shown["links"]  # type: ignore[attr-defined]
                if link["row"] == k and link["from"] == lane["lane"]
            )
            leaving = lane["lost"] + lane["open"]
            last = k == len(shown["rows"]) - 1  # type: ignore[arg-type]
            assert leaving == 0 if last else on + leaving == lane["journeys"]


def test_the_lane_of_those_who_fail_more_often_is_coloured_so() -> None:
    shown = journey_map(*walked(crowd(first="started", share_that_uploads=0.4)))
    assert shown is not None
    sides = {lane["channel"]: lane["side"] for lane in shown["rows"][0]["lanes"]}  # type: ignore[index]
    assert sides == {"app": "bad", "web": "good"}


def test_equal_channels_are_not_coloured() -> None:
    shown = journey_map(*walked(crowd(first="started", share_that_uploads=1.0)))
    assert shown is not None
    assert {lane["side"] for lane in shown["rows"][0]["lanes"]} == {"even"}  # type: ignore[index]


def test_a_letter_of_the_company_moves_nobody_into_another_channel() -> None:
    shown = journey_map(*walked(crowd(first="started", share_that_uploads=0.5)))
    assert shown is not None
    channels = {lane["channel"] for row in shown["rows"] for lane in row["lanes"]}  # type: ignore[attr-defined]
    assert channels == {"app", "web"}


def test_a_lane_of_nine_is_left_out() -> None:
    few = crowd(first="started", share_that_uploads=1.0, n=200, web=0.0)
    few += [(1000 + one, what, "web") for one in range(9) for what in ("started", "upload", "done")]
    shown = journey_map(*walked(few))
    assert shown is not None
    assert {lane["channel"] for row in shown["rows"] for lane in row["lanes"]} == {"app"}  # type: ignore[attr-defined]
    alternative = map_picture(shown)
    assert "web" not in alternative


@pytest.mark.parametrize("activities", [3, 60])
def test_the_map_has_a_row_per_milestone_however_many_activities(activities: int) -> None:
    events = crowd(first="started", share_that_uploads=0.5, n=100)
    busy = [
        one
        for place, event in enumerate(events)
        for one in (event, (event[0], f"activity {place % activities}", event[2]))
    ]
    shown = journey_map(*walked(busy))
    assert shown is not None
    assert [row["name"] for row in shown["rows"]] == ["started", "upload", "done"]  # type: ignore[attr-defined]
    assert len(map_picture(shown)) < 12_000
