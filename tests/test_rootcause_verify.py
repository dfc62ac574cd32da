"""Three verdicts, each only where the data bear it."""

import pandas as pd
import pytest

from journeys.errors import FindingsError
from journeys.find import find_journeys
from journeys.log import EventLog
from rootcause.verify import Verdict, was_it_fixed
from tests.rootcause_world import DEFINITION, ONSET, START, SmallWorld, small_world

FIX_DAY = 75


def day(number: float) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


def verdict_of(world: SmallWorld, at: pd.Timestamp) -> Verdict:
    return was_it_fixed(
        world.log, world.journeys, DEFINITION, world.finding, outcome="leakage", fixed_at=at
    )


def seen_until(world: SmallWorld, number: float) -> SmallWorld:
    """Return the world as it was known on an earlier day."""
    events = world.log.events
    events = events[events["time"] <= day(number)].reset_index(drop=True)
    log = EventLog(events, ends=events["time"].max(), begins=events["time"].min())
    return SmallWorld(log, find_journeys(log, DEFINITION), world.finding)


@pytest.fixture(scope="module")
def fixed() -> SmallWorld:
    return small_world(fixed_day=FIX_DAY)


@pytest.fixture(scope="module")
def broken() -> SmallWorld:
    return small_world()


def test_a_fix_that_works_is_fixed(fixed: SmallWorld) -> None:
    found = verdict_of(fixed, day(FIX_DAY))
    assert found.verdict == "fixed"
    assert found.sentence.startswith("Fixed")
    assert found.effect_before is not None
    assert found.effect_before > 0.3
    assert found.effect_after_interval is not None
    assert found.effect_after_interval[0] < 0 < found.effect_after_interval[1]
    assert found.days_missing is None


def test_a_fix_that_changes_nothing_is_not_fixed(broken: SmallWorld) -> None:
    found = verdict_of(broken, day(FIX_DAY))
    assert found.verdict == "not fixed"
    assert found.effect_after is not None
    assert found.effect_after > 0.3


def test_too_early_cannot_be_told_and_says_how_long(broken: SmallWorld) -> None:
    found = verdict_of(broken, day(107))
    assert found.verdict == "cannot tell yet"
    assert found.days_missing is not None
    assert 1 <= found.days_missing < 30
    assert str(found.days_missing) in found.sentence


def test_a_fix_after_the_end_of_the_log_cannot_be_told(broken: SmallWorld) -> None:
    soon, later = verdict_of(broken, day(112)), verdict_of(broken, day(122))
    assert soon.verdict == later.verdict == "cannot tell yet"
    assert soon.days_missing is not None
    assert later.days_missing == soon.days_missing + 10


def test_a_fix_before_the_onset_is_a_fault(broken: SmallWorld) -> None:
    with pytest.raises(FindingsError, match="began on"):
        verdict_of(broken, pd.Timestamp(ONSET))


def test_the_days_asked_for_are_about_enough(fixed: SmallWorld) -> None:
    early = verdict_of(seen_until(fixed, FIX_DAY + 3), day(FIX_DAY))
    assert early.verdict == "cannot tell yet"
    assert early.days_missing is not None
    wait = 1.5 * early.days_missing
    assert verdict_of(seen_until(fixed, FIX_DAY + 3 + wait), day(FIX_DAY)).verdict == "fixed"


def test_a_time_without_a_zone_is_utc(fixed: SmallWorld) -> None:
    naive = pd.Timestamp(day(FIX_DAY).date())
    assert verdict_of(fixed, naive) == verdict_of(fixed, day(FIX_DAY))


def test_a_verdict_is_plain_data(broken: SmallWorld) -> None:
    import json

    written = json.loads(json.dumps(verdict_of(broken, day(FIX_DAY)).as_dict()))
    assert written["verdict"] == "not fixed"
    assert written["finding"] == broken.finding.id
