"""The benchmark of the sentinel: its faults are where it says, its intervals the textbook's."""

import pytest

from benchmarks.sentinel import (
    _poisson_interval,
    bad_all,
    bad_os,
    detected,
    false_alarms,
    goals,
    simulated,
)


def test_a_fault_of_the_os_is_on_that_os_alone() -> None:
    clean, bad = simulated("clean", 400, 0).events, bad_os(400, 0)
    added = bad.iloc[len(clean) :]
    assert len(added) > 5
    assert set(added["activity"]) == {"upload_failed"}
    assert set(added["os"]) == {"iOS"}
    assert len(set(bad_all(400, 0).iloc[len(clean) :]["os"])) > 1


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (3, 0.619, 8.767)])
def test_the_interval_of_a_count_is_garwoods(count: int, low: float, high: float) -> None:
    assert _poisson_interval(count) == pytest.approx((low, high), abs=0.001)


def test_rows_lead_to_goals() -> None:
    quiet = false_alarms("clean", 600, [1])
    assert int(str(quiet["new_values"])) >= 7
    found = {"named_exactly": 1.0, "hours_to_notice": 50.0}
    others = ("iOS 8.2.0", "all of iOS", "everybody")
    rows = [quiet, *({"what": f"detected, {what}"} | found for what in others)]
    assert [one["met"] for one in goals(rows)][2:] == [True, True, True, True]


def test_where_nothing_is_planted_nothing_is_detected() -> None:
    row = detected(
        "nothing",
        600,
        [1],
        lambda customers, seed: simulated("clean", customers, seed).events,
        {"activity": "document_upload"},
    )
    assert row["named_exactly"] == 0.0
    assert row["hours_to_notice"] is None
