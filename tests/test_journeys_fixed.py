"""A planted cause may end: the world is another from that day on, and only from that day on."""

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from journeys import scenarios
from journeys.dice import Dice
from journeys.frame import events_frame
from journeys.scenarios import IOS_UPLOAD_BUG, IOS_UPLOAD_BUG_FIXED, Scenario
from journeys.simulate import lives_of, simulate

CUSTOMERS, SEED = 700, 11
FIXED = pd.Timestamp(str(IOS_UPLOAD_BUG_FIXED.ended), tz="UTC")


@cache
def events_of(scenario: str) -> pd.DataFrame:
    """Return the events that `simulate` writes, without the truth, which takes longer."""
    lives = lives_of(scenario, customers=CUSTOMERS, seed=SEED)
    dice = Dice(SEED, CUSTOMERS)
    return events_frame(lives.walks.values(), lives.world, lives.closes, dice)


def failures(events: pd.DataFrame, *, on_the_release: bool) -> float:
    """Return how many uploads fail per upload since the fix, on iOS 8.2.0 or elsewhere."""
    later = events[events["time"] >= FIXED]
    there = (later["os"] == "iOS") & (later["app_version"] == "8.2.0")
    later = later[there == on_the_release]
    counts = later["activity"].value_counts()
    return float(counts["upload_failed"] / counts["document_upload"])


def test_until_the_fix_nothing_is_different() -> None:
    broken, fixed = events_of("ios_upload_bug"), events_of("ios_upload_bug_fixed")
    before = [events[events["time"] < FIXED].reset_index(drop=True) for events in (broken, fixed)]
    pd.testing.assert_frame_equal(*before)
    assert not broken.equals(fixed)


def test_after_the_fix_the_release_fails_no_more_than_others() -> None:
    broken, fixed = events_of("ios_upload_bug"), events_of("ios_upload_bug_fixed")
    assert failures(broken, on_the_release=True) > 0.35
    assert failures(fixed, on_the_release=True) < 0.2
    assert abs(failures(broken, on_the_release=False) - failures(fixed, on_the_release=False)) < 0.1


def test_the_truth_says_when_it_ended_and_counts_nobody_after() -> None:
    broken, fixed = (
        simulate(name, customers=400, seed=SEED).truth["causes"][0]  # type: ignore[index]
        for name in ("ios_upload_bug", "ios_upload_bug_fixed")
    )
    assert fixed["ended"] == IOS_UPLOAD_BUG_FIXED.ended
    assert "ended" not in broken
    assert 0 < fixed["exposed_journeys"] < broken["exposed_journeys"]
    assert set(fixed["exposed_customers"]) < set(broken["exposed_customers"])
    assert fixed["effect"]["leakage"] > 0


def test_a_cause_that_ends_after_the_log_never_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    later = replace(IOS_UPLOAD_BUG, ended="2027-06-01")
    planned = scenarios.PLANNED | {"for_ever": Scenario("ends too late", causes=(later,))}
    monkeypatch.setattr("journeys.simulate.PLANNED", planned)
    pd.testing.assert_frame_equal(events_of("ios_upload_bug"), events_of("for_ever"))
