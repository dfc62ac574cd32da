"""Funnel and delays tell the truth of a simulated road, also while journeys are under way."""

import numpy as np
import pandas as pd
import pytest

from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.delays import delays_of, delays_picture
from rootcause.funnel import funnel_of, funnel_picture
from tests.rootcause_world import DEFINITION, START

NAMES = ["customer_id", "time", "activity", "channel", "region", "os", "version"]


def road(  # type: ignore[no-untyped-def]
    *, share: float = 0.6, mean_days: float = 2.0, days: int = 60, n: int = 4000, seed: int = 0
):
    """Customers come evenly; some upload after an exponential while, and are done a day later."""
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, days, n)
    uploads = rng.random(n) < share
    waits = rng.exponential(mean_days, n).clip(0, 4.9)
    rows = []
    for customer in range(n):
        events = [(begins[customer], "started")]
        if uploads[customer]:
            events += [(begins[customer] + waits[customer], "upload")]
            events += [(begins[customer] + waits[customer] + 1.0, "done")]
        rows += [
            (f"c{customer}", START + pd.Timedelta(days=at), what, "app", "n", "iOS", "8")
            for at, what in events
            if at < days
        ]
    log = event_log(pd.DataFrame(rows, columns=NAMES), DEFINITION)
    return log, find_journeys(log, DEFINITION), DEFINITION


def rows_of(found):  # type: ignore[no-untyped-def]
    assert found is not None
    return {row["name"]: row for row in found["rows"]}


def test_journeys_under_way_are_no_failures() -> None:
    """The plain share of the last days' journeys that got there is far below the truth."""
    log, journeys, definition = road(mean_days=4.0)
    found = rows_of(funnel_of(log, journeys, definition))
    truth = 0.6
    value, low, high = found["upload"]["now"]
    assert low <= truth <= high
    assert high - low < 0.1
    assert abs(value - truth) < 0.04


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    held = 0
    for seed in range(20):
        found = rows_of(funnel_of(*road(n=700, seed=seed)))
        _, low, high = found["upload"]["now"]
        held += low <= 0.6 <= high
    assert held >= 16


def test_the_funnel_never_widens_and_its_worst_stretch_is_marked() -> None:
    found = rows_of(funnel_of(*road(share=0.5)))
    values = [found[name]["now"][0] for name in DEFINITION.milestones]
    assert values == sorted(values, reverse=True)
    assert [name for name in found if found[name]["most_lost"]] == ["upload"]
    lost, low, high = found["upload"]["lost"]
    assert low <= 0.5 <= high
    assert lost == pytest.approx(values[0] - values[1], abs=1e-3)


def test_no_change_is_shown_where_none_was_made_and_one_where_it_was() -> None:
    log, journeys, definition = road()
    assert rows_of(funnel_of(log, journeys, definition))["upload"]["change_words"] == (
        "no change shown"
    )
    half = START + pd.Timedelta(days=32)
    gone = (log.events["activity"] != "started") & (log.events["time"] > half)
    kept = log.events[~(gone & (log.customers % 2 == 0))].reset_index(drop=True)
    fewer = event_log(kept, DEFINITION)
    change = rows_of(funnel_of(fewer, find_journeys(fewer, DEFINITION), DEFINITION))
    assert "fewer (" in change["upload"]["change_words"]


def test_half_of_those_who_arrive_arrive_within_the_median() -> None:
    first, second = delays_of(*road(mean_days=1.0))
    truth = np.log(2) * 86_400
    assert first["now"]["low"] <= truth <= first["now"]["high"]
    assert first["now"]["median"] == pytest.approx(truth, rel=0.1)
    assert second["now"]["median"] == pytest.approx(86_400, rel=0.01)
    assert first["changed"] == "no change shown"


def test_pictures_say_every_share_and_delay_in_words() -> None:
    asked = road(n=500)
    funnel = funnel_of(*asked)
    assert funnel is not None
    svg = funnel_picture(funnel)
    assert all(str(row["percent"]) in svg for row in rows_of(funnel).values())
    delays = delays_of(*asked)
    assert all(str(row["said"]) in delays_picture(delays) for row in delays)


def test_fewer_than_ten_journeys_are_no_funnel() -> None:
    found = rows_of(funnel_of(*road(n=9)))
    assert {row["percent"] for row in found.values()} == {"not known"}
