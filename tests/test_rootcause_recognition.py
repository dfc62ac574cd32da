"""The same fault, named a little otherwise tomorrow, is the same case; another one is not."""

from dataclasses import replace

import pytest

from rootcause.exposure import STEP
from rootcause.findings import Finding, finding_id
from rootcause.life import Case, closed, opened
from rootcause.recognition import recognised
from rootcause.scene import Scene
from rootcause.watch_cases import Now, followed
from tests.rootcause_world import CONDITIONS, DEFINITION, ONSET, SmallWorld, small_world
from tests.watch_world import AT


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(1500)


@pytest.fixture(scope="module")
def scene(world: SmallWorld) -> Scene:
    return Scene(world.log, world.journeys, DEFINITION)


@pytest.fixture
def known(world: SmallWorld) -> Case:
    return opened(named(world, CONDITIONS), journey="loan", outcome="leakage", day=ONSET, at=AT)


def named(world: SmallWorld, conditions: dict[str, str], onset: str = ONSET) -> Finding:
    """Return the finding as a search would name it today."""
    id_ = finding_id("loan", "leakage", conditions)
    first = min(onset, world.finding.onset_interval[0])
    return replace(
        world.finding,
        id=id_,
        conditions=conditions,
        onset=onset,
        onset_interval=(first, onset),
    )


SAME = {
    "the same conditions, a better effect": (CONDITIONS, ONSET),
    "the same conditions, months later": (CONDITIONS, "2026-04-10"),
    "one condition more": ({**CONDITIONS, "region": "north"}, ONSET),
    "one condition fewer": ({STEP: "upload", "version": "8.2"}, ONSET),
    "the onset a day later": (CONDITIONS, "2026-02-11"),
    "the step a retry later": ({**CONDITIONS, STEP: "upload_failed"}, ONSET),
}
OTHER = {
    "other customers": ({STEP: "upload", "os": "Android"}, ONSET),
    "one condition fewer, long before": ({STEP: "upload", "os": "iOS"}, "2026-01-05"),
    "everybody at another step": ({STEP: "done"}, ONSET),
}


@pytest.mark.parametrize("how", SAME)
def test_the_same_fault_is_the_same_case(
    how: str, world: SmallWorld, scene: Scene, known: Case
) -> None:
    assert recognised([named(world, *SAME[how])], [known], scene)[0][1] == known


@pytest.mark.parametrize("how", OTHER)
def test_another_fault_is_another_case(
    how: str, world: SmallWorld, scene: Scene, known: Case
) -> None:
    assert recognised([named(world, *OTHER[how])], [known], scene)[0][1] is None


def test_two_findings_are_never_one_case(world: SmallWorld, scene: Scene, known: Case) -> None:
    wider = named(world, {STEP: "upload", "version": "8.2"})
    found = recognised([wider, named(world, CONDITIONS)], [known], scene)
    assert [case for _, case in found] == [None, known]


def test_a_standing_case_is_met_before_a_closed_one(
    world: SmallWorld, scene: Scene, known: Case
) -> None:
    old = opened(
        named(world, {**CONDITIONS, "region": "north"}),
        journey="loan",
        outcome="leakage",
        day=ONSET,
        at=AT,
    )
    old = closed(old, at=AT, reason="a double")
    wider = named(world, {STEP: "upload", "version": "8.2"})
    assert recognised([wider], [old, known], scene)[0][1] == known


def test_a_case_keeps_its_id_and_its_history_tells_the_new_name(
    world: SmallWorld, scene: Scene, known: Case
) -> None:
    wider = named(world, {STEP: "upload", "version": "8.2"})
    (after,) = followed([known], [wider], None, Now("2026-04-01T00:00:00Z", scene, "leakage"))
    assert after.id == known.id
    assert after.finding.conditions == wider.conditions
    assert after.also_known_as == (wider.id,)
    assert after.history[-1].reason == "named otherwise: without os iOS"
    (later,) = followed([after], [wider], None, Now("2026-04-02T00:00:00Z", scene, "leakage"))
    assert later.history == after.history, "the second day it is no news"
