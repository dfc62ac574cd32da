"""The benchmark of the watch counts what it says it counts."""

import pytest

from benchmarks.watch import JUDGED_AFTER_DAYS, after_onset, days, goals, is_planted, share
from tests.watch_world import case

RIGHT = {"a fix that works": "fixed", "no fix, though one was told": "not fixed"}


def rows_of(**changed: object) -> list[dict[str, object]]:
    """Return the rows of a run in which everything went well, but for what is changed."""
    noticed = {"what": "the fault is noticed", "alarm": 1, "step_named": 1, "opened": 1, "exact": 1}
    counted = {"worlds": 2, "fixed": 0, "not fixed": 0, "cannot tell yet": 0}
    lives = [
        counted | {"what": f"{what}: {after} days later", told: 2}
        for what, right in RIGHT.items()
        for after in JUDGED_AFTER_DAYS
        for told in [right if after == JUDGED_AFTER_DAYS[-1] else "cannot tell yet"]
    ]
    calm = {"what": "nothing is wrong, 9 customers", "alarms": 1, "alarms_budgeted": 3, "cases": 0}
    told: list[dict[str, object]] = [noticed | changed, *lives, calm]
    return told


def test_a_run_in_which_all_goes_well_meets_every_goal() -> None:
    assert all(one["met"] for one in goals(rows_of()))


def test_a_missed_fault_and_a_wrong_verdict_are_goals_not_met() -> None:
    missed = {one["what"] for one in goals(rows_of(opened=0.5)) if not one["met"]}
    assert missed == {"worlds in which the fault is found before the fix"}
    rows = rows_of()
    rows[1]["not fixed"] = 1
    assert "verdicts that were ever wrong (at most)" in {
        one["what"] for one in goals(rows) if not one["met"]
    }


def test_days_are_counted_from_the_planted_onset() -> None:
    assert after_onset("2026-03-10") == 7
    assert after_onset("2026-03-03T12:00:00Z") == 0.5
    assert days([None, 3.0, 8.0]) == "5.5 (3.0 to 8.0)"
    assert days([None]) == "-"


def test_a_share_stands_with_its_interval() -> None:
    told = share("exact", [True, True, False])
    assert told["exact"] == pytest.approx(2 / 3)
    assert 0 < float(str(told["exact_low"])) < 2 / 3 < float(str(told["exact_high"])) < 1


def test_only_the_release_at_its_step_is_what_was_planted() -> None:
    here = {"activity": "document_upload", "app_version": "8.2.0"}
    assert is_planted(case(conditions=here))
    assert is_planted(case(conditions=here | {"os": "iOS"}))
    assert not is_planted(case(conditions=here | {"activity": "refinance_started"}))
    assert not is_planted(case(conditions={"activity": "document_upload", "os": "iOS"}))
