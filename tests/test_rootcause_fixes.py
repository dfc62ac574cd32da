"""What a verdict on a fix has to withstand: successors, half fixes, seasons, customers, time."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchmarks.fix_measures import finding_of, known_until, true_effects, verdict_at
from benchmarks.fix_worlds import DEFINITION, OUTCOME, FixPlan, FixWorld, Kind, date, fix_world
from rootcause.difference import Change, share_left
from rootcause.exposure import exposures_of
from rootcause.findings import Finding
from rootcause.gap import Ground, gap_in
from rootcause.lineage import lineage_of, version_key
from rootcause.verify import Verdict, was_it_fixed
from rootcause.waiting import exposures_needed
from tests.rootcause_contrast import made_up

PLAN = FixPlan("release", a_day=110, harm=0.3, onset=42, fixed=66, days=96, left=0.0, seed=5)


@cache
def world(kind: Kind = "release", left: float = 0.0) -> FixWorld:
    return fix_world(replace(PLAN, kind=kind, left=left))


@cache
def verdict(kind: Kind = "release", left: float = 0.0) -> Verdict:
    return verdict_at(world(kind, left), PLAN.days)


@pytest.mark.parametrize("kind", ["release", "partner"])
def test_what_is_left_is_measured_and_judged(kind: Kind) -> None:
    for left, expected in ((0.0, "fixed"), (1.0, "not fixed")):
        found = verdict(kind, left)
        before, after = true_effects(world(kind, left))
        assert found.verdict == expected
        assert found.effect_before is not None
        assert found.effect_after is not None
        assert abs(found.effect_before - before) < 0.09
        assert abs(found.effect_after - after) < 0.09
        assert found.days_missing is None


def test_half_a_fix_is_no_fix() -> None:
    found = verdict("release", 0.5)
    assert found.verdict != "fixed"
    assert found.share_left_interval is not None
    assert found.share_left_interval[0] < 0.5 < found.share_left_interval[1]


def test_a_fault_that_leaves_with_a_release_is_asked_of_the_release_after_it() -> None:
    for left, expected in ((0.0, "fixed"), (1.0, "not fixed")):
        found = verdict("superseded", left)
        assert found.verdict == expected
        assert [one["app_version"] for one in found.asked_of] == ["8.2.1"]
        assert "app version 8.2.1 instead" in found.sentence


def test_those_who_stayed_on_the_old_release_do_not_spoil_the_verdict() -> None:
    """Where 8.2.1 carries the fix, the stragglers on 8.2.0 suffer on; once they were all asked."""
    log, journeys = known_until(world("superseded"), PLAN.days)
    exposures = exposures_of(log, journeys, DEFINITION, OUTCOME)
    stragglers = exposures.meets(PLAN.conditions) & (exposures.time >= date(PLAN.fixed).value / 1e3)
    assert stragglers.sum() > 50
    lineage = lineage_of(exposures, PLAN.conditions)
    assert not (lineage.met & lineage.newer).any()
    assert verdict("superseded").exposed_after <= lineage.newer.sum()


def test_what_happens_to_everybody_on_the_day_of_the_fix_fixes_nothing() -> None:
    """A strike of the telephone lines: nobody gets through any more, exposed or not."""
    events = world("release", 1.0).events
    quiet = np.random.default_rng(0).random(len(events)) < 0.6
    dropped = (events["activity"] == "call") & (events["time"] >= date(PLAN.fixed)) & quiet
    silenced = replace(world("release", 1.0), events=events[~dropped].reset_index(drop=True))
    found = verdict_at(silenced, PLAN.days)
    assert found.verdict != "fixed"
    assert found.effect_after is not None
    assert found.effect_after > 0.04


def test_outcomes_that_are_not_in_are_waited_for_and_then_it_is_decided() -> None:
    early = verdict_at(world(), PLAN.fixed + 4.0)
    assert early.verdict == "cannot tell yet"
    assert early.exposed_after == 0
    assert early.days_missing is not None
    assert 3 <= early.days_missing <= 26
    then = verdict_at(world(), PLAN.fixed + 4.0 + early.days_missing)
    assert then.verdict == "fixed"


def test_the_same_customers_twice_make_nothing_surer() -> None:
    """Every exposure once more: news only where it is another customer's."""
    once, same, others = (gap_in(ground, ground.contrast.later) for ground in _grounds())
    assert once is not None
    assert same is not None
    assert others is not None
    assert same.value == pytest.approx(once.value) == pytest.approx(others.value)
    assert same.variance == pytest.approx(once.variance, rel=0.02)
    assert others.variance == pytest.approx(once.variance / 2, rel=0.02)


def _grounds() -> list[Ground]:
    """Return a made-up contrast: as it is, doubled by the same customers, and by others."""
    once = made_up(3, n=4000)
    twice = np.tile(np.arange(len(once.exposures)), 2)
    shift = np.repeat([0, int(once.exposures.customer.max()) + 1], len(once.exposures))
    doubled = replace(
        once,
        exposures=once.exposures.only(twice),  # type: ignore[arg-type]
        here=once.here[twice],
        met=once.met[twice],
        expected=once.expected[twice],
    )
    exposures = replace(doubled.exposures, customer=doubled.exposures.customer + shift)
    return [
        Ground(one, one.here.astype(np.float64), one.exposures.day // 7)
        for one in (once, doubled, replace(doubled, exposures=exposures))
    ]


def test_weeks_are_counted_from_the_fix() -> None:
    weeks = verdict("release", 0.0).by_week
    assert date(PLAN.fixed).strftime("%Y-%m-%d") in [week["from"] for week in weeks]
    before = [float(str(week["effect"])) for week in weeks if str(week["from"]) < "2026-03-12"]
    after = [float(str(week["effect"])) for week in weeks if str(week["from"]) >= "2026-03-12"]
    assert np.mean(before) > np.mean(after) + 0.1


@pytest.mark.parametrize(
    "nobody",
    [
        {"activity": "upload", "os": "OS/2"},
        {"activity": "nowhere", "os": "iOS"},
        {"activity": "upload", "printer": "none"},
    ],
)
def test_a_finding_that_nobody_met_cannot_be_told(nobody: dict[str, str]) -> None:
    log, journeys = known_until(world(), PLAN.days)
    finding = replace(_finding(), conditions=nobody)
    found = was_it_fixed(
        log, journeys, DEFINITION, finding, outcome=OUTCOME, fixed_at=date(PLAN.fixed)
    )
    assert found.verdict == "cannot tell yet"
    assert found.days_missing is None
    assert "too few customers meet the conditions" in found.sentence


def _finding() -> Finding:
    return finding_of(PLAN, 0.25, (0.2, 0.3))


numbers = st.lists(st.integers(0, 99), min_size=2, max_size=4)


@given(numbers, numbers)
def test_versions_are_ordered_by_their_numbers(one: list[int], other: list[int]) -> None:
    keys = [version_key("v", ".".join(map(str, parts))) for parts in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)  # type: ignore[operator]


@pytest.mark.parametrize("value", ["iOS", "north", "fixed_10", "2", "(missing)", "> 25,000", ""])
def test_what_is_no_version_has_no_successor(value: str) -> None:
    assert version_key("region", value) is None


effects = st.floats(-0.5, 0.9)
variances = st.floats(1e-6, 1e-2)


@given(effects, st.floats(0.01, 0.9), variances, variances, st.floats(0.0, 1e-3))
def test_the_share_that_is_left_lies_in_its_interval(
    after: float, before: float, one: float, other: float, shared: float
) -> None:
    ratio, between = share_left(
        Change(after, one, shared, 100, 100), Change(before, other, shared, 100, 100)
    )
    assume(between is not None)
    assert between is not None
    assert between[0] <= ratio <= between[1]


@given(st.floats(0.01, 0.5), st.floats(0.05, 1.0), st.floats(0.0, 1e-4), st.floats(1.01, 3.0))
def test_a_smaller_difference_needs_more_journeys(
    margin: float, one: float, fixed: float, times: float
) -> None:
    assert exposures_needed(margin / times, one, fixed) >= exposures_needed(margin, one, fixed)
